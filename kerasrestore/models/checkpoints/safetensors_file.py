"""Reads safetensors files."""

import json
import math
from pathlib import Path

from kerasrestore.models.checkpoints.torch_pickle import from_bytes, item_size

DTYPES = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "BF16": "bfloat16",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U64": "u8",
    "U32": "u4",
    "U16": "u2",
    "U8": "u1",
    "BOOL": "?",
}
# The format's own limit.
LARGEST_HEADER = 100_000_000


def read_safetensors(path):
    """Reads a safetensors file.

    Args:
        path: the file.

    Returns:
        Dictionary from names to read-only NumPy arrays; bfloat16 becomes
        float32.

    Raises:
        ValueError: if the file is damaged or has an unsupported dtype.

    References:
        - The format: eight bytes with the length of a JSON header, the
          header, and the tensor data, all little-endian.
    """
    data = memoryview(Path(path).read_bytes())
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(LARGEST_HEADER, len(data) - 8):
        raise ValueError("its header extends beyond the end of the file")
    try:
        header = json.loads(
            bytes(data[8 : 8 + length]), object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise ValueError("its header is damaged") from error
    if type(header) is not dict:
        raise ValueError("its header is not a dictionary of tensors")
    numbers = data[8 + length :]
    header.pop("__metadata__", None)
    return {
        name: _tensor(name, entry, numbers) for name, entry in header.items()
    }


def _tensor(name, entry, numbers):
    entry = entry if type(entry) is dict else {}
    dtype = DTYPES.get(str(entry.get("dtype")))
    if dtype is None:
        raise ValueError(
            f"the dtype of {name}, {entry.get('dtype')!r}, is unknown"
        )
    shape, offsets = (
        _counts(entry.get("shape")),
        _counts(entry.get("data_offsets")),
    )
    begin, end = offsets if len(offsets) == 2 else (1, 0)
    if not begin <= end <= len(numbers) or (
        end - begin != math.prod(shape) * item_size(dtype)
    ):
        raise ValueError(f"the shape or offsets of {name} do not fit the file")
    return from_bytes(numbers[begin:end], dtype).reshape(shape)


def _counts(values):
    if type(values) is not list or any(
        type(value) is not int or value < 0 for value in values
    ):
        raise ValueError("a shape or offset in it is not a list of numbers")
    return values


def _once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("its header has duplicate names")
    return found
