"""Writes checkpoints as PyTorch and safetensors do, sound or damaged."""

import json
import pickle
import struct
import zipfile

import numpy as np

STORAGES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}


class Raw(bytes):
    """Opcodes that go into a pickle as they are."""


def name(module, attribute):
    return Raw(f"c{module}\n{attribute}\n".encode())


def call(function, *arguments):
    return Raw(function + pack(arguments) + b"R")


def pack(value):
    """Opcodes of a value, as pickle's protocol 2 writes them."""
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, str):
        text = value.encode()
        return b"X" + struct.pack("<I", len(text)) + text
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, tuple):
        return b"(" + b"".join(map(pack, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(pack, value)) + b"e"
    items = b"".join(pack(k) + pack(v) for k, v in value.items())
    return b"}(" + items + b"u"


def storage(key, count, kind="FloatStorage", home="torch", view=()):
    identity = ("storage", name(home, kind), key, "cuda:0", count, *view)
    return Raw(pack(identity) + b"Q")


def tensor(where, shape, strides, offset=0):
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        where, offset, shape, strides, True,
        call(name("collections", "OrderedDict")),
    )  # fmt: skip


def described(arrays, view=()):
    """Tensors that refer to one storage each, and the storages."""
    tensors, records = {}, {}
    for index, (key, array) in enumerate(arrays.items()):
        where = storage(
            str(index), array.size, STORAGES[array.dtype.name], view=view
        )
        strides = [step // array.itemsize for step in array.strides]
        tensors[key] = tensor(where, array.shape, tuple(strides))
        records[str(index)] = array.tobytes()
    return tensors, records


def write_zip(path, value, records=(), order=None, compress=0, folder="any"):
    entries = {"data.pkl": b"\x80\x02" + pack(value) + b".", "version": b"3\n"}
    if order is not None:
        entries["byteorder"] = order
    entries |= {f"data/{key}": raw for key, raw in dict(records).items()}
    with zipfile.ZipFile(path, "w", compress) as archive:
        for entry, raw in entries.items():
            archive.writestr(f"{folder}/{entry}", raw)
    return path


def write_legacy(path, value, records, little=True):
    parts = [
        0x1950A86A20F9469CFC6C,
        1001,
        {"protocol_version": 1001, "little_endian": little, "type_sizes": {}},
    ]
    order = "little" if little else "big"
    with path.open("wb") as file:
        for part in parts:
            pickle.dump(part, file, protocol=2)
        file.write(b"\x80\x02" + pack(value) + b".")
        pickle.dump(list(records), file, protocol=2)
        for raw, count in records.values():
            file.write(count.to_bytes(8, order) + raw)
    return path


def write_safetensors(path, arrays):
    codes = {"float": "F", "int": "I", "uint": "U"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, array in arrays.items():
        kind = array.dtype.name.rstrip("0123456789")
        code = "BOOL" if kind == "bool" else (
            f"{codes[kind]}{8 * array.itemsize}"
        )  # fmt: skip
        end = len(data) + array.nbytes
        header[key] = {
            "dtype": code,
            "shape": array.shape,
            "data_offsets": [len(data), end],
        }
        data += array.tobytes()
    return write_header(path, header, data)


def write_header(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(text) if length is None else length
    path.write_bytes(struct.pack("<Q", length) + text + data)
    return path


def some_arrays(seed=0):
    rng = np.random.default_rng(seed)
    arrays = {
        dtype: (100 * rng.random((2, 3, 2, 1))).astype(dtype)
        for dtype in STORAGES
    }
    arrays["empty"] = np.zeros((0, 3), "float32")
    arrays["scalar"] = np.array(2.5, "float32")
    return arrays


def assert_same(state, arrays):
    assert list(state) == list(arrays)
    for key, array in arrays.items():
        assert state[key].dtype == array.dtype, key
        np.testing.assert_array_equal(state[key], array)
