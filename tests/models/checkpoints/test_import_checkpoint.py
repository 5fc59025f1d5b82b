import numpy as np
import pytest
from checkpoint_files import (
    Raw,
    assert_same,
    call,
    described,
    name,
    pack,
    some_arrays,
    storage,
    tensor,
    write_header,
    write_legacy,
    write_safetensors,
    write_zip,
)
from testing import enliven, random_image

from kerasrestore import RNAN, import_checkpoint
from kerasrestore.models.checkpoints.import_checkpoint import read_checkpoint


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
    with pytest.raises(ValueError, match="1 elements has 3 bytes"):
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
