import io
import json
import pickle
import struct
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testing import enliven, random_image

import kerasrestore.models.checkpoints.import_checkpoint as module
from kerasrestore import RNAN, import_checkpoint
from kerasrestore.models.checkpoints.import_checkpoint import read_checkpoint

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


def test_torch_zip(tmp_path):
    arrays = some_arrays()
    tensors, records = described(arrays)
    for order in (None, b"little"):
        path = write_zip(tmp_path / "a.pth", tensors, records, order)
        assert_same(read_checkpoint(path), arrays)
    swapped = {
        key: array.astype(array.dtype.newbyteorder(">"))
        for key, array in arrays.items()
    }
    records = {
        str(index): array.tobytes()
        for index, array in enumerate(swapped.values())
    }
    path = write_zip(tmp_path / "a.pth", tensors, records, b"big")
    assert_same(read_checkpoint(path), arrays)


def test_torch_legacy(tmp_path):
    arrays = some_arrays()
    tensors, records = described(arrays, view=(None,))
    counted = {
        key: (raw, array.size)
        for (key, raw), array in zip(
            records.items(), arrays.values(), strict=True
        )
    }
    path = write_legacy(tmp_path / "a.pth", tensors, counted)
    assert_same(read_checkpoint(path), arrays)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="1 numbers has 3 bytes"):
        read_checkpoint(path)


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    values = np.array([1.0, -0.15625, 3e38, 1e-40, np.inf], "float32")
    halves = (values.view("u4") >> 16).astype("u2")
    wanted = (halves.astype("u4") << 16).view("f4")
    where = storage("0", 5, "BFloat16Storage")
    path = write_zip(
        tmp_path / "a.pt",
        {"x": tensor(where, (5,), (1,))},
        {"0": halves.tobytes()},
    )
    assert_same(read_checkpoint(path), {"x": wanted})
    header = {"x": {"dtype": "BF16", "shape": [5], "data_offsets": [0, 10]}}
    path = write_header(tmp_path / "a.safetensors", header, halves.tobytes())
    assert_same(read_checkpoint(path), {"x": wanted})


def test_safetensors_and_npz(tmp_path):
    arrays = some_arrays()
    path = write_safetensors(tmp_path / "a.safetensors", arrays)
    assert_same(read_checkpoint(path), arrays)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        assert_same(read_checkpoint(tmp_path / "a.npz"), arrays)
    # Columns first, and the other byte order.
    turned = {"x": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    for order in "<>":
        np.savez(tmp_path / "a.npz", x=turned["x"].astype(f"{order}f8"))
        assert_same(read_checkpoint(tmp_path / "a.npz"), turned)


def test_views_share_storages(tmp_path):
    numbers = np.arange(12, dtype="float32")
    where = storage("0", 12)
    tensors = {
        "whole": tensor(where, (3, 4), (4, 1)),
        "turned": tensor(where, (4, 3), (1, 4)),
        "part": tensor(where, (2, 2), (4, 1), 5),
        "repeated": tensor(where, (1000, 4), (0, 1)),
    }
    state = read_checkpoint(
        write_zip(tmp_path / "a.pt", tensors, {"0": numbers.tobytes()})
    )
    whole = numbers.reshape(3, 4)
    np.testing.assert_array_equal(state["whole"], whole)
    np.testing.assert_array_equal(state["turned"], whole.T)
    np.testing.assert_array_equal(state["part"], whole[1:, 1:3])
    np.testing.assert_array_equal(state["repeated"][999], whole[0])
    assert not state["whole"].flags.writeable


def test_untyped_storage(tmp_path):
    numbers = np.arange(5, dtype="uint16")
    where = storage("0", 10, "UntypedStorage", "torch.storage")
    made = call(
        name("torch._utils", "_rebuild_tensor_v3"),
        where, 0, (5,), (1,), False,
        call(name("collections", "OrderedDict")), name("torch", "uint16"),
    )  # fmt: skip
    path = write_zip(tmp_path / "a.pt", {"x": made}, {"0": numbers.tobytes()})
    assert_same(read_checkpoint(path), {"x": numbers})


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "params", None])
@pytest.mark.parametrize("prefix", ["module.", ""])
def test_wrappers_and_prefixes(tmp_path, wrapper, prefix):
    arrays = {"a.weight": np.ones(3, "float32"), "b": np.zeros(2, "float32")}
    tensors, records = described(arrays)
    # As state_dict gives them: an OrderedDict with metadata as an attribute,
    # and parameters among the tensors.
    tensors["b"] = call(
        name("torch._utils", "_rebuild_parameter"),
        tensors["b"], True, call(name("collections", "OrderedDict")),
    )  # fmt: skip
    items = b"".join(pack(prefix + k) + pack(v) for k, v in tensors.items())
    state = Raw(
        call(name("collections", "OrderedDict"))
        + b"("
        + items
        + b"u"
        + pack({"_metadata": {"": {"version": 1}}})
        + b"b"
    )
    value = {wrapper: state, "epoch": 3} if wrapper else state
    path = write_zip(tmp_path / "a.pt", value, records)
    assert_same(read_checkpoint(path), arrays)


def nested(depth):
    return Raw(b")" + b"\x85" * depth)


SYSTEM = call(name("os", "system"), "touch gone")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (SYSTEM, r"os\.system"),
        ({"x": SYSTEM}, r"os\.system"),
        (call(name("builtins", "eval"), "1"), r"builtins\.eval"),
        (name("posix", "system"), r"posix\.system"),
        (Raw(pack("os") + pack("system") + b"\x93"), r"os\.system"),
        (name("torch._utils", "__builtins__"), "__builtins__"),
        (name("collections", "OrderedDict.__init__"), "OrderedDict.__init__"),
        (name("torch", "load"), r"torch\.load"),
        (Raw(b"(S'touch gone'\nios\nsystem\n"), "uses STRING|uses INST"),
        (Raw(b"(cos\nsystem\no"), r"os\.system"),
        (Raw(b"\x82\x01"), "uses EXT1"),
        (Raw(b"Ptouch\n"), "uses PERSID"),
        (call(name("torch", "FloatStorage"), 3), "makes no tensor"),
        (call(Raw(pack("text")), 3), "no function"),
        (Raw(name("torch", "Size") + pack("text") + b"R"), "no function"),
        (call(name("torch", "Size"), "text"), "a str for a tuple"),
        (call(name("collections", "OrderedDict"), [("a", 1)]), "fills"),
        (call(name("torch._utils", "_rebuild_parameter"), 1), "for a Tensor"),
        (call(name("torch._utils", "_rebuild_tensor_v2"), 1), "damaged"),
        (Raw(name("os", "path") + pack({"a": 1}) + b"b"), r"os\.path"),
        (
            Raw(name("collections", "OrderedDict") + pack({"a": 1}) + b"b"),
            "a Global for a dict",
        ),
        (Raw(pack([1]) + pack({"a": 1}) + b"b"), "a list for a dict"),
        (Raw(pack((1,)) + pack(2) + b"a"), "a tuple for a list"),
        (Raw(pack("storage") + b"Q"), "no storage"),
        (Raw(pack(("storage", "torch", "0", "cpu", 1)) + b"Q"), "no storage"),
        (storage("0", 3, "Size"), "takes torch.Size for a storage"),
        (storage("0", -1), "whole number"),
        (storage("0", 3, view=(("0", 0, 1),)), "no storage"),
        # What could bring the reader down rather than take it over.
        (Raw(b"\x80\x02h\x07"), "damaged"),
        (Raw(b"}" + nested(200_000) + b"Ns"), "a tuple names"),
        (nested(200_000), "holds no state"),
        ({"x": nested(200_000)}, "no tensors, x for example"),
        (Raw(b"N" + b"r\xff\xff\xff\xff"), "holds no state"),
        (Raw(b"}q\x00X\x05\x00\x00\x00modelh\x00s"), "no tensors, model"),
        (Raw(b"RRRR"), "damaged"),
        (Raw(b"tttt"), "damaged"),
        (Raw(b"}(Nu"), "damaged"),
        (Raw(b"X\xff\xff\xff\xff"), "damaged"),
        (Raw(b"\x8d" + b"\xff" * 7 + b"\x7f"), "damaged|uses"),
        (Raw(b"\xff"), "damaged"),
        (None, "holds no state"),
        ({}, "holds no state"),
        ({"epoch": 3}, "no tensors, epoch"),
    ],
)
def test_hostile_pickles_are_data(tmp_path, monkeypatch, value, words):
    monkeypatch.chdir(tmp_path)
    path = write_zip(tmp_path / "a.pt", value)
    with pytest.raises(ValueError, match=words) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(f"{path} is not imported: ")
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=words):
        read_checkpoint(write_legacy(tmp_path / "b.pth", value, {}))
    assert sorted(p.name for p in Path().iterdir()) == ["a.pt", "b.pth"]


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "words"),
    [
        ((13,), (1,), 0, "beyond its storage"),
        ((12,), (1,), 1, "beyond its storage"),
        ((4, 4), (4, 1), 0, "beyond its storage"),
        ((2,), (12,), 0, "beyond its storage"),
        ((1,), (1,), 12, "beyond its storage"),
        ((1,) * 40, (1,) * 40, 0, "beyond its storage"),
        ((2,), (-1,), 5, "whole number"),
        ((-2,), (1,), 0, "whole number"),
        ((2,), (1,), -1, "whole number"),
        ((True,), (1,), 0, "whole number"),
        ((2,), (1, 1), 0, "no shape"),
        ([2], (1,), 0, "no shape"),
        ("2", (1,), 0, "no shape"),
    ],
)
def test_tensors_stay_in_their_storage(tmp_path, shape, strides, offset, words):
    value = {"x": tensor(storage("0", 12), shape, strides, offset)}
    path = write_zip(tmp_path / "a.pt", value, {"0": bytes(48)})
    with pytest.raises(ValueError, match=words):
        read_checkpoint(path)


def test_damaged_archives(tmp_path):
    tensors, records = described({"x": np.ones((40, 30), "float32")})
    path = write_zip(tmp_path / "a.pt", tensors, records)
    whole = path.read_bytes()
    for cut in (5, 100, 1000, len(whole) - 30, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="is not imported"):
            read_checkpoint(path)
    at = whole.index(bytes(np.ones(4, "float32"))) + 10
    path.write_bytes(whole[:at] + b"\x55" + whole[at + 1 :])
    with pytest.raises(ValueError, match=r"damaged .*CRC"):
        read_checkpoint(path)
    for short in ({"0": bytes(48)}, {}):
        write_zip(path, tensors, short)
        with pytest.raises(ValueError, match=r"has 48 bytes|is missing"):
            read_checkpoint(path)
    write_zip(path, tensors, records, order=b"middle")
    with pytest.raises(ValueError, match="byte order"):
        read_checkpoint(path)
    write_zip(path, tensors, records, compress=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="compressed"):
        read_checkpoint(path)
    write_zip(path, tensors, records)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other/data.pkl", b"N.")
    with pytest.raises(ValueError, match="no list of tensors"):
        read_checkpoint(path)


def test_entries_that_overlap_are_refused(tmp_path):
    # Many entries of the directory that all point at one large entry.
    tensors, records = described({"x": np.ones(5000, "float32")})
    path = write_zip(tmp_path / "a.pt", tensors, records)
    with zipfile.ZipFile(path, "a") as archive:
        large = archive.getinfo("any/data/0")
        for index in range(1, 4):
            twin = zipfile.ZipInfo(f"any/data/{index}")
            for field in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(twin, field, getattr(large, field))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
        archive._didModify = True
    with pytest.raises(ValueError, match="overlap"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("header", "data", "length", "words"),
    [
        ({"x": {}}, b"", 10**6, "header reaches"),
        ({"x": {}}, b"", 2**63, "header reaches"),
        (b'{"x": ', b"", None, "header is damaged"),
        (b"{" * 100, b"", None, "header is damaged"),
        (b'{"x":' + b"[" * 100_000, b"", None, "header is damaged"),
        (b'{"x": \xff}', b"", None, "header is damaged"),
        (b'{"x": 1, "x": 1}', b"", None, "header is damaged"),
        ({"x": 3}, b"", None, "dtype of x"),
        ({"x": {"dtype": "F8", "shape": []}}, b"", None, "dtype of x"),
        ({"x": {"dtype": "F32"}}, b"", None, "no list"),
        ({"x": {"dtype": "F32", "shape": [2]}}, b"", None, "no list"),
        (([2], [0, 8]), b"1234567", None, "place of x"),
        (([2], [0, 4]), b"12345678", None, "place of x"),
        (([2], [8, 0]), b"12345678", None, "place of x"),
        (([2], [0, 8, 9]), b"12345678", None, "place of x"),
        (([2], [0.0, 8.0]), b"12345678", None, "no list"),
        (([-2], [0, 8]), b"12345678", None, "no list"),
        (([True], [0, 4]), b"1234", None, "no list"),
        (([2**70, 2**70], [0, 8]), b"12345678", None, "place of x"),
        ({}, b"", None, "holds no state"),
    ],
)
def test_damaged_safetensors(tmp_path, header, data, length, words):
    if isinstance(header, tuple):
        shape, offsets = header
        header = {
            "x": {"dtype": "F32", "shape": shape, "data_offsets": offsets}
        }
    path = write_header(tmp_path / "a.safetensors", header, data, length)
    with pytest.raises(ValueError, match=words):
        read_checkpoint(path)


def npy(shape, data, dtype="<f4"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    return file.getvalue() + data


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (npy((2,), bytes(4)), "no array of numbers"),
        (npy((10**12,), bytes(4)), "no array of numbers"),
        (npy((1,), pickle.dumps([1]), "|O"), "no array of numbers"),
        (npy((1,), bytes(12), "<U3"), "no array of numbers"),
        (b"\x93NUMPY\x01\x00\xff\xffx", "not imported"),
        (b"text", "not imported"),
        (b"", "not imported"),
    ],
)
def test_damaged_npz(tmp_path, raw, words):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", raw)
    with pytest.raises(ValueError, match=words):
        read_checkpoint(path)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    arrays = {"a": np.ones((2, 3), "float32"), "b": np.arange(4)}
    tensors, records = described(arrays)
    counted = {
        key: (raw, array.size)
        for (key, raw), array in zip(
            records.items(), arrays.values(), strict=True
        )
    }
    np.savez(folder / "npz", **arrays)
    write_zip(folder / "zip", {"model": tensors}, records)
    write_legacy(folder / "legacy", tensors, counted)
    write_safetensors(folder / "safetensors", arrays)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", ["npz", "zip", "legacy", "safetensors"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_damage_is_a_sentence(sound, kind, data):
    content = bytearray(sound[kind])
    places = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    whole = st.just(len(content))
    content = content[: data.draw(whole | st.integers(0, len(content)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(content)
        try:
            state = read_checkpoint(path)
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert all(isinstance(x, np.ndarray) for x in state.values())


def test_sizes_have_a_limit(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(10**6, "float32"))
    read_checkpoint(tmp_path / "a.npz")
    monkeypatch.setattr(module, "LARGEST", 10**6)
    with pytest.raises(ValueError, match="unpacks to more"):
        read_checkpoint(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.zeros(10**6, "float32"))
    with pytest.raises(ValueError, match="GB, more than any"):
        read_checkpoint(tmp_path / "b.npz")


def test_other_files(tmp_path):
    with pytest.raises(ValueError, match="There is no file"):
        read_checkpoint(tmp_path / "none.pt")
    for content in (b"", b"text", b"\x89HDF\r\n", b"PK\x03\x04", b"PK"):
        path = tmp_path / "a.pt"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"is no PyTorch|is damaged"):
            read_checkpoint(path)
    model = RNAN(local_blocks=0, nonlocal_blocks=0, features=4)
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"model\.load_weights"):
        read_checkpoint(tmp_path / "model.keras")


def build(**options):
    sizes = {"local_blocks": 1, "nonlocal_blocks": 1, "features": 4}
    return RNAN(**{"released": True, **sizes, **options})


def state_of(model):
    return {
        key: np.asarray(variable).transpose(3, 2, 0, 1)
        if len(variable.shape) == 4
        else np.asarray(variable)
        for key, variable in model.released_variables().items()
    }


def test_the_same_network_from_every_format(tmp_path):
    source = enliven(build())
    image = random_image((1, 8, 12, 3))
    state = state_of(source)
    tensors, records = described(
        {key: np.ascontiguousarray(array) for key, array in state.items()}
    )
    paths = [
        write_zip(tmp_path / "a.pth", tensors, records),
        write_safetensors(tmp_path / "a.safetensors", state),
        tmp_path / "a.npz",
    ]
    np.savez(paths[-1], **state)
    for path in paths:
        model = build()
        assert import_checkpoint(path, model) is model
        np.testing.assert_array_equal(model(image), source(image))


def test_nothing_is_loaded_by_halves(tmp_path):
    model = enliven(build())
    before = state_of(model)
    state = {key: array + 1 for key, array in before.items()}
    del state["tail.0.bias"]
    state["tail.1.bias"] = np.zeros(3, "float32")
    state["head.0.weight"] = np.zeros((4, 3, 5, 5), "float32")
    np.savez(tmp_path / "a.npz", **state)
    with pytest.raises(ValueError) as caught:
        import_checkpoint(tmp_path / "a.npz", model)
    for words in ("tail.0.bias", "tail.1.bias", "head.0.weight"):
        assert words in str(caught.value)
    after = state_of(model)
    for key, array in before.items():
        np.testing.assert_array_equal(after[key], array)
    with pytest.raises(ValueError, match="released=True"):
        import_checkpoint(tmp_path / "a.npz", build(released=False))
