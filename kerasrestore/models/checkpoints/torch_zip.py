"""PyTorch's checkpoints, the zip archives of version 1.6 and later."""

import io
import os
import zipfile

from kerasrestore.models.checkpoints.torch_pickle import read_pickle, resolve

# What a list of tensors, without their numbers, may take.
LARGEST_PICKLE = 2**26


def read_torch_zip(path):
    """Reads what `torch.save` wrote, without PyTorch.

    Args:
        path: the file.

    Returns:
        What was saved, with read-only NumPy arrays for its tensors.

    Raises:
        ValueError: if the file is damaged or holds anything but tensors,
            numbers, strings, tuples, lists and dictionaries.

    References:
        - PyTorch: `torch/serialization.py`.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        names = {entry.filename: entry for entry in entries}
        # PyTorch stores without compression, so nothing can be larger than
        # the file, and the entries together not either unless they overlap.
        if (
            len(names) != len(entries)
            or any(entry.compress_type for entry in entries)
            or sum(entry.file_size for entry in entries) > os.stat(path).st_size
        ):
            raise ValueError(
                "its entries are compressed, doubled or overlap, which those "
                "of torch.save never are; save the state_dict with it"
            )
        pickles = [name for name in names if name.endswith("/data.pkl")]
        if len(pickles) != 1 or names[pickles[0]].file_size > LARGEST_PICKLE:
            raise ValueError("it has no list of tensors of a sensible size")
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
