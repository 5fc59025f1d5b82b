import io
import pickle
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from checkpoint_files import (
    Raw,
    call,
    described,
    name,
    pack,
    storage,
    tensor,
    write_header,
    write_legacy,
    write_safetensors,
    write_zip,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasrestore.models.checkpoints.import_checkpoint as module
from kerasrestore import RNAN
from kerasrestore.models.checkpoints.import_checkpoint import read_checkpoint


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
        (call(name("torch", "FloatStorage"), 3), "does not build a tensor"),
        (call(Raw(pack("text")), 3), "not a function"),
        (Raw(name("torch", "Size") + pack("text") + b"R"), "not a function"),
        (call(name("torch", "Size"), "text"), "a str instead of a tuple"),
        (
            call(name("collections", "OrderedDict"), [("a", 1)]),
            "constructs a dictionary",
        ),
        (
            call(name("torch._utils", "_rebuild_parameter"), 1),
            "instead of a Tensor",
        ),
        (call(name("torch._utils", "_rebuild_tensor_v2"), 1), "damaged"),
        (Raw(name("os", "path") + pack({"a": 1}) + b"b"), r"os\.path"),
        (
            Raw(name("collections", "OrderedDict") + pack({"a": 1}) + b"b"),
            "a Global instead of a dict",
        ),
        (Raw(pack([1]) + pack({"a": 1}) + b"b"), "a list instead of a dict"),
        (Raw(pack((1,)) + pack(2) + b"a"), "a tuple instead of a list"),
        (Raw(pack("storage") + b"Q"), "not a storage"),
        (
            Raw(pack(("storage", "torch", "0", "cpu", 1)) + b"Q"),
            "not a storage",
        ),
        (storage("0", 3, "Size"), "uses torch.Size as a storage"),
        (storage("0", -1), "whole number"),
        (storage("0", 3, view=(("0", 0, 1),)), "not a storage"),
        # What could bring the reader down rather than take it over.
        (Raw(b"\x80\x02h\x07"), "damaged"),
        (Raw(b"}" + nested(200_000) + b"Ns"), "a tuple as a key"),
        (nested(200_000), "contains no state_dict"),
        ({"x": nested(200_000)}, "not tensors, such as x"),
        (Raw(b"N" + b"r\xff\xff\xff\xff"), "contains no state_dict"),
        (
            Raw(b"}q\x00X\x05\x00\x00\x00modelh\x00s"),
            "not tensors, such as model",
        ),
        (Raw(b"RRRR"), "damaged"),
        (Raw(b"tttt"), "damaged"),
        (Raw(b"}(Nu"), "damaged"),
        (Raw(b"X\xff\xff\xff\xff"), "damaged"),
        (Raw(b"\x8d" + b"\xff" * 7 + b"\x7f"), "damaged|uses"),
        (Raw(b"\xff"), "damaged"),
        (None, "contains no state_dict"),
        ({}, "contains no state_dict"),
        ({"epoch": 3}, "not tensors, such as epoch"),
    ],
)
def test_hostile_pickles_are_data(tmp_path, monkeypatch, value, words):
    monkeypatch.chdir(tmp_path)
    path = write_zip(tmp_path / "a.pt", value)
    with pytest.raises(ValueError, match=words) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(f"{path} cannot be imported: ")
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
        ((2,), (1, 1), 0, "no valid shape"),
        ([2], (1,), 0, "no valid shape"),
        ("2", (1,), 0, "no valid shape"),
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
        with pytest.raises(ValueError, match="cannot be imported"):
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
    with pytest.raises(ValueError, match="is missing, ambiguous"):
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
        ({"x": {}}, b"", 10**6, "header extends"),
        ({"x": {}}, b"", 2**63, "header extends"),
        (b'{"x": ', b"", None, "header is damaged"),
        (b"{" * 100, b"", None, "header is damaged"),
        (b'{"x":' + b"[" * 100_000, b"", None, "header is damaged"),
        (b'{"x": \xff}', b"", None, "header is damaged"),
        (b'{"x": 1, "x": 1}', b"", None, "header is damaged"),
        ({"x": 3}, b"", None, "dtype of x"),
        ({"x": {"dtype": "F8", "shape": []}}, b"", None, "dtype of x"),
        ({"x": {"dtype": "F32"}}, b"", None, "not a list"),
        ({"x": {"dtype": "F32", "shape": [2]}}, b"", None, "not a list"),
        (([2], [0, 8]), b"1234567", None, "offsets of x"),
        (([2], [0, 4]), b"12345678", None, "offsets of x"),
        (([2], [8, 0]), b"12345678", None, "offsets of x"),
        (([2], [0, 8, 9]), b"12345678", None, "offsets of x"),
        (([2], [0.0, 8.0]), b"12345678", None, "not a list"),
        (([-2], [0, 8]), b"12345678", None, "not a list"),
        (([True], [0, 4]), b"1234", None, "not a list"),
        (([2**70, 2**70], [0, 8]), b"12345678", None, "offsets of x"),
        ({}, b"", None, "contains no state_dict"),
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
        (npy((2,), bytes(4)), "not a numeric array"),
        (npy((10**12,), bytes(4)), "not a numeric array"),
        (npy((1,), pickle.dumps([1]), "|O"), "not a numeric array"),
        (npy((1,), bytes(12), "<U3"), "not a numeric array"),
        (b"\x93NUMPY\x01\x00\xff\xffx", "cannot be imported"),
        (b"text", "cannot be imported"),
        (b"", "cannot be imported"),
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
    with pytest.raises(ValueError, match="decompressed size"):
        read_checkpoint(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.zeros(10**6, "float32"))
    with pytest.raises(ValueError, match="GB, more than the limit"):
        read_checkpoint(tmp_path / "b.npz")


def test_other_files(tmp_path):
    with pytest.raises(ValueError, match="is not a file"):
        read_checkpoint(tmp_path / "none.pt")
    for content in (b"", b"text", b"\x89HDF\r\n", b"PK\x03\x04", b"PK"):
        path = tmp_path / "a.pt"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"is not a PyTorch|is damaged"):
            read_checkpoint(path)
    model = RNAN(local_blocks=0, nonlocal_blocks=0, features=4)
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"model\.load_weights"):
        read_checkpoint(tmp_path / "model.keras")
