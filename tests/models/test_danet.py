import contextlib
import json

import keras
import numpy as np
import pytest
from testing import enliven, random_image, run_model_test, run_python

from kerasrestore import DANet, export_tflite
from kerasrestore.layers.haar_dwt2d import HaarDWT2D
from kerasrestore.models.danet.adeb import ADEB
from kerasrestore.models.danet.arob import AROB
from kerasrestore.ops import deform_sampler

SMALL = {"widths": (8, 16), "blocks": (0, 1), "offset_width": 4}
ABLATIONS = [
    {"block": "conv", "recurrent": False, "wavelet": False},
    {"block": "deformable", "recurrent": False, "wavelet": False},
    {"recurrent": False, "wavelet": False},
    {"wavelet": False},
]


def build(**options):
    return DANet(**{**SMALL, **options})


def shrink(model):
    """Branches of random weights, one after the other, would multiply what
    they are given; float noise would grow with it."""
    for variable in enliven(model).trainable_variables:
        variable.assign(0.5 * variable)
    return model


@pytest.mark.parametrize(("channels", "sigma_input"), [(1, False), (3, True)])
def test_model(tmp_path, channels, sigma_input):
    def make(**options):
        return build(channels=channels, sigma_input=sigma_input, **options)

    run_model_test(make, tmp_path)


@pytest.mark.parametrize(
    ("options", "size_multiple"),
    [
        *[(options, 2) for options in ABLATIONS],
        ({"widths": (8, 8, 24), "blocks": (0, 0, 0), "offset_width": 8}, 4),
        ({"widths": (8,), "blocks": (1,)}, 1),
    ],
)
def test_other_shapes(options, size_multiple):
    model = shrink(build(**options))
    assert model.size_multiple == size_multiple
    again = DANet.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    image = random_image((1, 12, 16, 3))
    restored = np.asarray(model(image))
    assert restored.shape == image.shape
    assert np.isfinite(restored).all()
    np.testing.assert_allclose(np.asarray(again(image)), restored, atol=1e-6)


def test_what_the_ablations_are_made_of():
    def parts(model, kind, **having):
        return [
            layer.name
            for layer in model.layers
            if type(layer) is kind
            and all(getattr(layer, k) == v for k, v in having.items())
        ]

    plain, deformable, adeb, arob = (build(**one) for one in ABLATIONS)
    ends = ["encoder0_last", "middle_last", "decoder0_last"]
    both = [ends[0], "middle_block0", *ends[1:]]
    assert parts(plain, ADEB, deformable=False, attention=None) == both
    # As in the network that the paper compares with: not in the encoder.
    assert parts(deformable, ADEB, deformable=True, attention=None) == both[1:]
    assert parts(adeb, ADEB, deformable=True) == both
    assert parts(arob, ADEB) == ["middle_block0"]
    assert parts(arob, AROB) == ends
    assert not parts(arob, HaarDWT2D)
    assert len(parts(build(), HaarDWT2D)) == 2
    counts = [m.count_parameters() for m in (plain, deformable, adeb)]
    assert counts == sorted(counts)


# Table 7 of the paper, an image of 480x320.
@pytest.mark.parametrize(
    ("size", "parameters", "macs"),
    [("full", 23_481e3, 1040.9e9), ("slim", 15_940e3, 571.1e9)],
)
def test_cost_is_the_papers(size, parameters, macs):
    model = DANet(channels=1, size=size)
    assert model.count_parameters() == count_by_hand(size)[0]
    assert model.count_macs(320, 480) == count_by_hand(size, 320, 480)[1]
    assert abs(model.count_parameters() / parameters - 1) < 0.01
    assert abs(model.count_macs(320, 480) / macs - 1) < 0.03
    assert model.size_multiple == 8


def count_by_hand(size, height=320, width=480):
    """Parameters and multiply-accumulates from the description alone."""
    total = np.zeros(2, int)

    def conv(side, inside, outside, level, groups=1):
        weights = side**2 * inside * outside // groups
        pixels = height * width // 4**level
        total[:] += weights + outside, weights * pixels

    def attention(channels, level):
        less = channels // 16
        # Once an image, not once a pixel.
        weights = 2 * channels * less
        total[:] += weights + less + channels, weights
        conv(3, 2, 2, level, groups=2)
        conv(7, 2, 1, level)
        conv(1, 2 * channels, channels, level)

    def adeb(channels, level, seen):
        for _ in range(3):
            conv(3, channels, channels, level)
        conv(3, seen, 27, level)
        attention(channels, level)

    widths, memory = (128, 176, 176, 192), 48
    blocks = {"full": (3, 3, 2, 1), "slim": (1, 1, 1, 1)}[size]
    conv(3, 1, 128, 0)
    conv(1, 128, memory, 0)
    conv(3, 128, 1, 0)
    for level, channels in enumerate(widths):
        for _ in range(1 if level == 3 else 2):
            for _ in range(blocks[level]):
                adeb(channels, level, channels)
            conv(3, channels + memory, memory, level)
            attention(memory, level)
            adeb(channels, level, memory)
        if level < 3:
            below = widths[level + 1]
            conv(3, 4 * channels, below, level + 1)
            conv(1, below, 4 * channels, level + 1)
            conv(1, 4 * memory, memory, level + 1)
            conv(1, memory, 4 * memory, level + 1)
    return tuple(int(x) for x in total)


def test_untrained_it_is_close_to_the_identity():
    image = random_image((1, 16, 16, 3))
    assert np.abs(np.asarray(build()(image)) - image).max() < 1


def test_one_training_step_reaches_every_weight():
    model = shrink(build(sigma_input=True))
    for variable in model.trainable_variables:
        # The few rectifiers of the attentions may be off.
        if variable.path.endswith(("reduce/bias", "branches/bias")):
            variable.assign(variable + 3)
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = [np.array(v) for v in model.trainable_variables]
    image = random_image((2, 16, 16, 3))
    inputs = {"image": image, "sigma": np.full((2, 1), 20, "float32")}
    loss = model.train_on_batch(inputs, 1 - image)
    assert np.isfinite(loss)
    for value, variable in zip(before, model.trainable_variables, strict=True):
        new = np.array(variable)
        assert np.isfinite(new).all(), variable.path
        assert np.any(value != new), variable.path


def test_mixed_precision_trains():
    model = build(dtype="mixed_bfloat16")
    model.compile("sgd", "mse")
    image = random_image((2, 16, 16, 3))
    assert np.isfinite(model.train_on_batch(image, image))
    assert np.isfinite(np.asarray(model(image))).all()


def test_offsets_are_remembered_from_block_to_block():
    model = shrink(build())
    image = random_image((1, 16, 16, 3))
    before = np.asarray(model(image))
    stem = model.get_layer("memory_stem")
    stem.kernel.assign(stem.kernel + 1)
    seen = model.features()(image)["decoder0"]
    assert np.isfinite(np.asarray(seen)).all()
    assert np.abs(np.asarray(model(image)) - before).max() > 1e-4


def test_features_are_those_of_the_model():
    model = shrink(build())
    image = random_image((2, 16, 24, 3))
    maps = model.features()(image)
    assert {name: tuple(x.shape) for name, x in maps.items()} == {
        "restored": (2, 16, 24, 3),
        "encoder0": (2, 16, 24, 8),
        "middle": (2, 8, 12, 16),
        "decoder0": (2, 16, 24, 8),
    }
    np.testing.assert_allclose(
        np.asarray(maps["restored"]), np.asarray(model(image)), atol=1e-5
    )


@pytest.mark.parametrize("task", ["denoise", "jpeg", "super_resolution"])
def test_tasks(task):
    model = build(task=task, channels=1)
    assert model.task == task
    assert model.scale == 1
    assert model.receptive_field is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "fly"}, "got 'fly'"),
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"size": "tiny"}, "size='tiny'|'tiny'"),
        ({"widths": ()}, "one entry for each"),
        ({"widths": (8, 16, 24)}, "one entry for each"),
        ({"widths": 8}, "widths expects whole numbers"),
        ({"widths": (0, 8)}, "widths expects whole numbers"),
        ({"blocks": (1.5, 1)}, "blocks expects whole numbers"),
        ({"blocks": (-1, 1)}, "blocks expects whole numbers"),
        ({"offset_width": 0}, "offset_width expects whole numbers"),
        ({"block": "dense"}, "'dense'"),
        ({"block": "conv"}, "recurrent=False"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)


def test_a_misspelt_argument_is_not_passed_over():
    with pytest.raises(TypeError, match="bloks"):
        build(bloks=3)


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            build()
    finally:
        keras.config.set_image_data_format("channels_last")


OTHER_BACKEND = """
import sys
import keras, numpy as np, kerasrestore
model = kerasrestore.DANet(
    widths=(8, 16), blocks=(0, 1), offset_width=4, sigma_input=True
)
model.load_weights(sys.argv[1])
assert keras.backend.backend() == sys.argv[4]
image = np.load(sys.argv[2])
np.save(sys.argv[3], model.restore(image, sigma=20.0))
"""


def test_both_backends_give_the_same_pixels(tmp_path):
    model = shrink(build(sigma_input=True))
    image = random_image((45, 62, 3))
    model.save_weights(tmp_path / "a.weights.h5")
    np.save(tmp_path / "image.npy", image)
    other = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]
    run_python(
        OTHER_BACKEND,
        tmp_path / "a.weights.h5",
        tmp_path / "image.npy",
        tmp_path / "out.npy",
        other,
        KERAS_BACKEND=other,
    )
    restored = model.restore(image, sigma=20.0)
    assert np.abs(restored - image).max() > 0.1
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"), restored, atol=1e-4
    )


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="the converter reads TensorFlow graphs",
)
@pytest.mark.parametrize("blocks", [1, 3])
def test_a_fixed_tile_can_be_exported(tmp_path, blocks, monkeypatch):
    from ai_edge_litert.interpreter import Interpreter

    monkeypatch.setattr(deform_sampler, "block_count", lambda *_: blocks)
    model = shrink(build(channels=1))
    loops = blocks > 1
    # Compares the file's pixels with the model's.
    with (
        pytest.warns(UserWarning, match="of unknown size")
        if loops
        else contextlib.nullcontext()
    ):
        sidecar = export_tflite(model, tmp_path / "a.tflite", tile=32)
    assert "GATHER_ND" not in sidecar["op_counts"]
    interpreter = Interpreter(str(tmp_path / "a.tflite"))
    for tensor in interpreter.get_tensor_details():
        assert len(tensor["shape"]) <= 4, tensor["name"]
