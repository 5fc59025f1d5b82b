"""Weights files with half the bytes."""

import io

import numpy as np

from kerasrestore.files import write_atomically


def write_half(source, target):
    """Writes a copy of a Keras weights file in float16, compressed.

    Keras loads it into a float32 model. Values that float16 cannot hold stay
    as they are, with the other values of their array.

    Args:
        source: `.weights.h5` file.
        target: file to write, atomically.
    """
    import h5py

    def copy(group, into):
        into.attrs.update(group.attrs)
        for name, item in group.items():
            if isinstance(item, h5py.Group):
                copy(item, into.create_group(name))
                continue
            values = item[()]
            options = {}
            if values.ndim:  # Scalars cannot be compressed.
                options = {"compression": "gzip", "shuffle": True}
            dataset = into.create_dataset(name, data=_half(values), **options)
            dataset.attrs.update(item.attrs)

    # HDF5 reads what it writes, which an atomic write does not let it do.
    whole = io.BytesIO()
    with h5py.File(source) as one, h5py.File(whole, "w") as two:
        copy(one, two)
    write_atomically(target, lambda file: file.write(whole.getvalue()))


def _half(values):
    if values.dtype != np.float32:
        return values
    largest = np.finfo(np.float16).max
    if not (np.abs(values) <= largest).all():
        return values
    return values.astype(np.float16)
