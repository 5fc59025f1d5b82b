"""PyTorch checkpoints from before version 1.6, the format of most released
networks."""

import io
from pathlib import Path

from kerasrestore.models.checkpoints.torch_pickle import (
    item_size,
    read_pickle,
    resolve,
)

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# A file begins with the pickled magic number.
HEAD = b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little")


def read_torch_legacy(path):
    """Reads a file written by `torch.save` before 1.6, without PyTorch.

    The file is a sequence of five pickles (magic number, version, byte order,
    the saved object, and the keys of its storages), followed by the storages,
    each preceded by its number of elements.

    Args:
        path: the file.

    Returns:
        As `read_torch_zip`.

    Raises:
        ValueError: as `read_torch_zip`.

    References:
        - PyTorch: `_legacy_save` in `torch/serialization.py`.
    """
    stream = io.BytesIO(Path(path).read_bytes())
    magic, version, system = (read_pickle(stream) for _ in range(3))
    if magic != MAGIC or version != PROTOCOL or type(system) is not dict:
        raise ValueError("it is not a checkpoint of a known PyTorch version")
    little = system.get("little_endian") is True
    storages = {}
    value = read_pickle(stream, storages)
    keys = read_pickle(stream)
    if type(keys) is not list or any(key not in storages for key in keys):
        raise ValueError("its storages do not match their list")
    records = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), "little" if little else "big")
        if count != storages[key].count:
            raise ValueError("it has two different sizes for one storage")
        records[key] = stream.read(count * item_size(storages[key].dtype))

    def record(key):
        if key not in records:
            raise ValueError(f"the storage {key} is missing")
        return records[key]

    return resolve(value, record, "<" if little else ">")
