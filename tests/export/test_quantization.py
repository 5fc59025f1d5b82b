"""Exported models in other numbers than float32, and all systems."""

import json

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from testing import enliven, image_folder, random_image, smooth_image
from tflite_files import graph_operations

from kerasrestore import (
    NLRN,
    RNAN,
    DANet,
    DANetMobile,
    LiteRTRestorer,
    PANet,
    export_tflite,
)
from kerasrestore.export.calibration import CalibrationSet
from kerasrestore.metrics import psnr_rgb
from kerasrestore.tasks import Denoise, Jpeg

SYSTEMS = {
    "RNAN": lambda: RNAN(local_blocks=1, nonlocal_blocks=1, features=8),
    "RNAN released": lambda: RNAN(
        local_blocks=1, nonlocal_blocks=1, features=8, released=True
    ),
    "PANet": lambda: PANet(num_blocks=2, features=8, levels=2),
    "NLRN": lambda: NLRN(num_steps=2, window=5, filters=8, key_filters=4),
    "DANet": lambda: DANet(widths=(8, 16), blocks=(0, 1), offset_width=4),
}
# What has to stay in float32 where a system has it.
FLOAT = {"BATCH_MATMUL", "EXP", "FLOOR", "FULLY_CONNECTED", "GATHER", "SOFTMAX"}
# NLRN's attention is a loop at any size.
LOOPED = pytest.mark.filterwarnings("ignore:.*of unknown size")
NAMES = [
    pytest.param(name, marks=LOOPED) if name == "NLRN" else name
    for name in SYSTEMS
]


def near_one(model, seed=0):
    """Weights of trained size: `enliven`'s would let features grow from
    block to block, and errors with them."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        shape = tuple(variable.shape)
        fan_in = max(1, int(np.prod(shape[:-1])))
        scale = 0.5 if len(shape) > 1 else 0.05
        value = rng.normal(0, scale * fan_in**-0.5, shape)
        variable.assign(value.astype("float32"))
    return model


def small(**options):
    return enliven(DANetMobile(widths=(8, 16), middle_blocks=1, **options))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("photos"), 6, (80, 100))


@pytest.fixture
def calibration(photos):
    return CalibrationSet(photos, count=8)


def operations(path):
    """(name, dtype of the result, scales of the weights) of each."""
    return [
        (
            name,
            made[0]["dtype"].__name__,
            [len(x["quantization_parameters"]["scales"]) for x in read],
        )
        for name, read, made in graph_operations(path)
        if made
    ]


@pytest.mark.parametrize(
    ("to", "least", "io", "sigma_input"),
    [
        ("float32", 30, "uint8", False),
        ("float16", 60, "float32", True),
        ("dynamic", 30, "float32", False),
        ("dynamic", 30, "uint8", True),
        ("int8", 30, "float32", True),
        ("int8", 30, "uint8", True),
        ("int16x8", 45, "float32", False),
        ("int16x8", 30, "uint8", True),
    ],
)
def test_kinds(tmp_path, calibration, to, least, io, sigma_input):
    model = near_one(
        DANetMobile(widths=(8, 16), middle_blocks=1, sigma_input=sigma_input)
    )
    path = tmp_path / "a.tflite"
    options = {"calibration": calibration} if to.startswith("int") else {}
    sidecar = export_tflite(model, path, to=to, io=io, tile=96, **options)
    assert sidecar["quantization"] == to
    method = "none" if to.startswith("float") else "post_training"
    assert sidecar["quantization_method"] == method
    wanted = {"image": io, "restored": io}
    if sigma_input:
        wanted["sigma"] = "float32"
    assert sidecar["io"] == wanted
    exported = LiteRTRestorer(path, trial=False)
    options = {"sigma": 20} if sigma_input else {}
    noisy = Denoise(20).degrade_benchmark(smooth_image(120, 130), 0)
    if io == "uint8":
        noisy = np.rint(noisy.clip(0, 1) * 255) / np.float32(255)
    image = model.restore(noisy, **options).clip(0, 1) * 255
    found = exported.restore(noisy, **options).clip(0, 1) * 255
    assert psnr_rgb(found, image) > least


@pytest.mark.parametrize("io", ["float32", "uint8"])
def test_int8_is_int8(tmp_path, calibration, io):
    path = tmp_path / "a.tflite"
    export_tflite(
        small(), path, to="int8", io=io, tile=96, calibration=calibration
    )
    found = operations(path)
    convolutions = [op for op in found if op[0] == "CONV_2D"]
    assert convolutions and all(op[1] == "int8" for op in convolutions)
    # One range for each output channel.
    assert all(op[2][1] > 1 for op in convolutions)
    floats = [op[0] for op in found if op[1] == "float32"]
    # The image itself is not rounded for the last sum, but where it is bytes.
    assert floats == (["DEQUANTIZE", "ADD"] if io == "float32" else [])
    assert sum(op[0] == "QUANTIZE" for op in found) <= 2


def test_bytes_are_those_of_image_files(tmp_path, calibration):
    path = tmp_path / "a.tflite"
    model = small(sigma_input=True)
    export_tflite(
        model, path, to="int8", io="uint8", tile=96, calibration=calibration
    )
    runner = Interpreter(model_path=str(path)).get_signature_runner()
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    for detail in (inputs["image"], outputs["restored"]):
        assert detail["dtype"] == np.uint8
        scale, zero = detail["quantization"]
        assert scale == pytest.approx(1 / 255) and zero == 0
    assert inputs["sigma"]["dtype"] == np.float32


@pytest.mark.parametrize("name", NAMES)
def test_systems_in_float32(tmp_path, name):
    model = near_one(SYSTEMS[name]())
    path = tmp_path / "a.tflite"
    export_tflite(model, path, tile=16)
    exported = LiteRTRestorer(path, trial=False)
    image = random_image((1, 16, 16, model.channels))
    np.testing.assert_allclose(
        exported.restore_tile(image, None),
        model.restore_tile(image, None),
        atol=1e-3,
    )


@pytest.mark.parametrize("name", NAMES)
def test_systems_in_int8(tmp_path, calibration, name):
    model = near_one(SYSTEMS[name]())
    path = tmp_path / "a.tflite"
    export_tflite(model, path, to="int8", tile=16, calibration=calibration)
    found = operations(path)
    integer = [op for op in found if op[0] == "CONV_2D" and op[1] == "int8"]
    floats = [op for op in found if op[0] == "CONV_2D" and op[1] != "int8"]
    assert len(integer) >= len(floats)
    assert not [op for op in found if op[0] in FLOAT and op[1] == "int8"]
    exported = LiteRTRestorer(path, trial=False)
    (image, _) = next(calibration.tiles(model, (16, 16), start=100))
    wanted = model.restore_tile(image, None)
    error = np.mean((exported.restore_tile(image, None) - wanted) ** 2)
    assert error < 1e-3 * max(1.0, np.ptp(wanted)) ** 2


def test_same_data_same_file(tmp_path, photos):
    model = small()
    found = []
    for name in "ab":
        path = tmp_path / f"{name}.tflite"
        export_tflite(model, path, to="int8", tile=96, calibration=str(photos))
        found.append(path.read_bytes())
    assert found[0] == found[1]


def test_ranges_cover_what_noise_adds(photos):
    model = small()
    calibration = CalibrationSet(photos, count=8)
    tiles = [image for image, _ in calibration.tiles(model, (96, 96))]
    assert min(x.min() for x in tiles) < -0.1
    assert max(x.max() for x in tiles) > 1.1
    levels = [float(s[0]) for _, s in calibration.tiles(model, (96, 96))]
    assert levels == list(np.linspace(0, 55, 8, dtype="float32"))


def test_settings_of_the_calibration(photos):
    model = small()
    settings = [Jpeg(10), Jpeg(90)]
    calibration = CalibrationSet(photos, settings, count=4)
    found = [s[0] for _, s in calibration.tiles(model, (32, 32))]
    assert found == [10, 90, 10, 90]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"to": "int4"}, "to must be one of"),
        ({"to": None}, "to must be one of"),
        ({"io": "int8"}, "io must"),
        ({"to": "int8"}, "training images"),
        ({"to": "int16x8"}, "training images"),
        ({"to": "int8", "calibration": 3}, "folder of training images"),
        ({"to": "int8", "calibration": "nowhere"}, "nowhere"),
        ({"to": "int16x8", "tile": "dynamic"}, "dynamic tile"),
        ({"tile": "static"}, "tile must"),
    ],
)
def test_bad_arguments(tmp_path, options, words):
    with pytest.raises(ValueError, match=words) as error:
        export_tflite(small(), tmp_path / "a.tflite", **{"tile": 96, **options})
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_systems_that_have_to_know_their_size(tmp_path):
    with pytest.raises(ValueError, match="dynamic"):
        export_tflite(SYSTEMS["PANet"](), tmp_path / "a.tflite", tile="dynamic")
    assert not list(tmp_path.iterdir())


def test_a_broken_conversion_is_told_in_decibels(
    tmp_path, calibration, monkeypatch
):
    from kerasrestore.export import tflite

    def wrong(*args):
        return np.tile([-1e-3, 1e-3], (len(args[2]), 1))

    monkeypatch.setattr(tflite, "feature_ranges", wrong)
    with pytest.raises(ValueError, match=r"PSNR of \d+\.\d dB") as error:
        export_tflite(
            small(),
            tmp_path / "a.tflite",
            to="int8",
            tile=96,
            calibration=calibration,
        )
    assert "int8" in str(error.value)
    assert not list(tmp_path.iterdir())


def test_models_trained_for_int8_keep_their_ranges(tmp_path):
    from kerasrestore.training.quantization.quantize_aware import quantize_aware

    patches = random_image((2, 4, 48, 48, 3))
    model = quantize_aware(small(), patches)
    path = tmp_path / "a.tflite"
    with pytest.raises(ValueError, match="trained for int8"):
        export_tflite(model, path, tile=96)
    sidecar = export_tflite(model, path, to="int8", tile=96)
    assert sidecar["quantization_method"] == "quantization_aware"
    kinds = [op[1] for op in operations(path) if op[0] == "CONV_2D"]
    # The first and the last.
    assert kinds.count("float32") == 2 and kinds.count("int8") == 10
    exported = LiteRTRestorer(path, trial=False)
    image = random_image((1, 96, 96, 3))
    wanted = model.restore_tile(image, None)
    difference = np.abs(exported.restore_tile(image, None) - wanted)
    # A value on the edge of two steps may fall to the other side.
    assert difference.mean() < 0.01 * np.ptp(wanted)
    json.loads(path.with_suffix(".json").read_text())
