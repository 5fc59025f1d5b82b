"""PyTorch checkpoints of version 1.6 and later, which are zip archives."""

import io
import os
import zipfile

from kerasrestore.models.checkpoints.torch_pickle import read_pickle, resolve

# Maximum size of the pickle, which lists the tensors without their data.
LARGEST_PICKLE = 2**26


def read_torch_zip(path):
    """Reads a file written by `torch.save`, without PyTorch.

    Args:
        path: the file.

    Returns:
        The saved object, with read-only NumPy arrays in place of tensors.

    Raises:
        ValueError: if the file is damaged or contains anything but tensors,
            numbers, strings, tuples, lists and dictionaries.

    References:
        - PyTorch: `torch/serialization.py`.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        names = {entry.filename: entry for entry in entries}
        # PyTorch does not compress, so the entries together are no larger
        # than the file unless they overlap.
        if (
            len(names) != len(entries)
            or any(entry.compress_type for entry in entries)
            or sum(entry.file_size for entry in entries) > os.stat(path).st_size
        ):
            raise ValueError(
                "its entries are compressed, duplicated or overlapping, "
                "unlike those of torch.save; save the state_dict with "
                "torch.save"
            )
        pickles = [name for name in names if name.endswith("/data.pkl")]
        if len(pickles) != 1 or names[pickles[0]].file_size > LARGEST_PICKLE:
            raise ValueError("its data.pkl is missing, ambiguous or too large")
        folder = pickles[0].removesuffix("data.pkl")

        def record(name):
            if folder + name not in names:
                raise ValueError(f"the entry {folder}{name} is missing")
            return archive.read(folder + name)

        order = b"little"
        if f"{folder}byteorder" in names:
            order = record("byteorder")
        if order not in (b"little", b"big"):
            raise ValueError("its byte order is unknown")
        value = read_pickle(io.BytesIO(record("data.pkl")))
        return resolve(
            value,
            lambda key: record(f"data/{key}"),
            "<" if order == b"little" else ">",
        )
