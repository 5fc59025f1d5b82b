import json

import keras
import numpy as np
import pytest
from testing import enliven, random_image, run_export_test, run_python

from kerasrestore import (
    DANetMobile,
    LiteRTRestorer,
    Restorer,
    export_tflite,
)
from kerasrestore.export import tflite as tflite_module
from kerasrestore.inference.tile_choice import context
from kerasrestore.litert.sidecar import check_sidecar, read_sidecar


def build(**options):
    return enliven(
        DANetMobile(**{"widths": (8, 16), "middle_blocks": 1, **options})
    )


@pytest.mark.parametrize("sigma_input", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_export(tmp_path, channels, sigma_input):
    model = build(channels=channels, sigma_input=sigma_input)
    sidecar = run_export_test(model, tmp_path / "a.tflite", tile=96)
    check_sidecar(sidecar)
    assert sidecar["macs"] == model.count_macs(96, 96)
    # Convolutions, additions and foldings: what every phone runs.
    simple = {"ADD", "CONV_2D", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH"}
    if sigma_input:
        simple |= {"MUL", "RESHAPE"}
    assert set(sidecar["op_counts"]) == simple


@pytest.mark.parametrize("side", [64, 128, 384])
def test_context_where_none_is_exact(tmp_path, side):
    """All runtimes cut such a file's tiles by the halo in its sidecar."""
    model = build()
    model.receptive_field = None
    sidecar = export_tflite(model, tmp_path / "a.tflite", tile=side)
    assert sidecar["receptive_field"] == 0
    exported = LiteRTRestorer(tmp_path / "a.tflite", trial=False)
    assert sidecar["halo"] == context(exported, "auto", side)[0]


def test_tiles_that_are_not_square(tmp_path):
    sidecar = export_tflite(build(), tmp_path / "a.tflite", tile=(96, 128))
    assert sidecar["tile"] == [96, 128]


@pytest.mark.parametrize(
    ("name", "tile", "words"),
    [
        ("a.tflite", 90, "multiples of 4"),
        ("a.tflite", 40, "more than"),
        ("a.tflite", 0, "tile must"),
        ("a.tflite", "big", "tile must"),
        ("a.tflite", (96,), "tile must"),
        ("a.tflite", 96.5, "tile must"),
        ("a.onnx", 96, r"\.tflite"),
        ("nowhere/a.tflite", 96, "not a folder"),
    ],
)
def test_bad_arguments(tmp_path, name, tile, words):
    with pytest.raises(ValueError, match=words):
        export_tflite(build(), tmp_path / name, tile=tile)
    assert not list(tmp_path.iterdir())


def test_half_precision_gets_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="bfloat16, but export needs float32"):
        export_tflite(
            build(dtype="mixed_bfloat16"), tmp_path / "a.tflite", tile=96
        )
    assert not list(tmp_path.iterdir())


def test_a_tile_of_any_size(tmp_path):
    model = build(sigma_input=True)
    path = tmp_path / "a.tflite"
    sidecar = export_tflite(model, path, tile="dynamic")
    assert sidecar["dynamic"] is True
    image = random_image((70, 90, 3))
    for tile in (64, (96, 72)):
        exported = LiteRTRestorer(path, tile=tile, trial=False)
        np.testing.assert_allclose(
            exported.restore(image, sigma=30),
            model.restore(image, sigma=30),
            atol=1e-4,
        )


def test_the_self_test_is_in_the_sidecar(tmp_path):
    sidecar = export_tflite(build(), tmp_path / "a.tflite", tile=96)
    assert len(sidecar["self_test"]["pixels"]) > 4
    # Tried in a process of its own.
    LiteRTRestorer(tmp_path / "a.tflite")


def test_figures_that_are_no_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        export_tflite(
            build(),
            tmp_path / "a.tflite",
            tile=96,
            quality={"psnr": float("inf")},
        )
    assert not list(tmp_path.iterdir())


def test_a_model_that_differs_is_not_kept(tmp_path, monkeypatch):
    model = build()
    path = tmp_path / "a.tflite"
    export_tflite(model, path, tile=96)
    before = path.read_bytes()
    convert = tflite_module._convert

    def spoiled(model, *args):
        data = convert(model, *args)
        for variable in model.trainable_variables:
            variable.assign(variable.value * 1.5)
        return data

    monkeypatch.setattr(tflite_module, "_convert", spoiled)
    with pytest.raises(ValueError, match="differs from Keras"):
        export_tflite(model, path, tile=96)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2
    read_sidecar(path)


def test_operations_that_are_not_built_in(tmp_path):
    class Odd(Restorer):
        receptive_field = 1

        def __init__(self):
            image = keras.Input((None, None, 3))
            super().__init__(image, keras.ops.erfinv(image), name="odd")

        def memory_forecast(self, height, width):
            return 0

    with pytest.raises(ValueError, match="odd needs Erfinv"):
        export_tflite(Odd(), tmp_path / "a.tflite", tile=8)
    assert not list(tmp_path.iterdir())


def test_other_backends_get_a_sentence(tmp_path):
    code = """
import sys, kerasrestore
try:
    kerasrestore.export_tflite(
        kerasrestore.DANetMobile(widths=(8, 16)), sys.argv[1], tile=96
    )
except ValueError as error:
    print(error)
"""
    text = run_python(code, tmp_path / "a.tflite", KERAS_BACKEND="jax")
    assert "KERAS_BACKEND=tensorflow" in text


def test_quality_and_licence_are_in_the_sidecar(tmp_path):
    path = tmp_path / "a.tflite"
    quality = {"CBSD68": {"25": {"psnr_rgb": 31.0}}}
    export_tflite(build(), path, tile=96, license="CC0-1.0", quality=quality)
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["quality"] == quality
    assert sidecar["license"] == "CC0-1.0"
    assert np.dtype(sidecar["io"]["image"]) == np.float32
