import keras
import numpy as np
import pytest
from PIL import Image
from testing import enliven, random_image, run_model_test, run_python

from kerasrestore import DANetMobile, Photo
from kerasrestore.tasks import Demosaic


def build(**options):
    return DANetMobile(**{"widths": (8, 16), **options})


@pytest.mark.parametrize("sigma_input", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_model(tmp_path, channels, sigma_input):
    def make(**options):
        return build(channels=channels, sigma_input=sigma_input, **options)

    run_model_test(make, tmp_path)


@pytest.mark.parametrize(
    "sizes",
    [
        {"widths": (16,), "encoder_blocks": (), "decoder_blocks": ()},
        {
            "widths": (8, 16, 24),
            "encoder_blocks": (1, 0),
            "decoder_blocks": (2, 1),
            "middle_blocks": 1,
        },
    ],
)
def test_other_depths(tmp_path, sizes):
    run_model_test(lambda **options: build(**sizes, **options), tmp_path)


def test_parameters_and_macs_of_the_default():
    model = DANetMobile()
    half = [12 * 48, *[48 * 48] * 6, 48 * 12]
    quarter = [128 * 128] * 4
    pointwise = [192 * 128, 128 * 192]
    weights = 9 * sum(half) + 9 * sum(quarter) + sum(pointwise)
    biases = 48 * 7 + 12 + 128 * 5 + 192
    assert model.count_parameters() == weights + biases
    macs = 9 * sum(half) / 4 + 9 * sum(quarter) / 16 + sum(pointwise) / 16
    assert model.count_macs(64, 96) == macs * 64 * 96
    # What the phone student is held to.
    assert macs <= 80_000
    # The noise level adds a weight and a bias to each channel of the stem.
    told = DANetMobile(sigma_input=True)
    assert told.count_parameters() == weights + biases + 2 * 48
    assert told.count_macs(64, 96) == macs * 64 * 96 + 48


@pytest.mark.parametrize(
    ("widths", "encoder", "middle", "decoder"),
    [
        ((8,), (), 1, ()),
        ((8, 16), (0,), 0, (0,)),
        ((8, 16), (1,), 1, (2,)),
        ((8, 8, 8), (1, 0), 1, (0, 1)),
    ],
)
def test_receptive_field_holds_and_is_tight(widths, encoder, middle, decoder):
    model = enliven(
        DANetMobile(
            channels=1,
            widths=widths,
            encoder_blocks=encoder,
            middle_blocks=middle,
            decoder_blocks=decoder,
        )
    )
    radius = model.receptive_field // 2
    multiple = model.size_multiple
    corner = multiple * (radius // multiple + 2)
    side = 2 * corner + multiple
    image = random_image((1, side, side, 1))
    before = np.asarray(model(image))
    farthest = 0
    # Where a pixel lies in its coarsest block decides how far it reaches.
    for phase in np.ndindex(multiple, multiple):
        row, column = corner + phase[0], corner + phase[1]
        changed = image.copy()
        changed[0, row, column] += 3.0
        rows, columns = np.nonzero(
            (np.asarray(model(changed)) != before)[0, ..., 0]
        )
        farthest = max(
            farthest, np.abs(rows - row).max(), np.abs(columns - column).max()
        )
    assert farthest == radius


def test_sigma_changes_the_output_and_blind_takes_none():
    model = enliven(build(sigma_input=True))
    image = random_image((16, 16, 3))
    weak, strong = (model.restore(image, sigma=s) for s in (5, 50))
    assert np.abs(weak - strong).max() > 1e-3
    with pytest.raises(ValueError, match="give sigma"):
        model.restore(image)
    with pytest.raises(ValueError, match="takes no sigma"):
        build().restore(image, sigma=5)


def test_every_weight_gets_a_gradient():
    model = enliven(build(sigma_input=True))
    model.compile("sgd", "mse")
    before = [np.array(v) for v in model.trainable_variables]
    image = random_image((2, 16, 16, 3))
    inputs = {"image": image, "sigma": np.full((2, 1), 20, "float32")}
    model.train_on_batch(inputs, 1 - image)
    for value, variable in zip(before, model.trainable_variables, strict=True):
        assert np.any(value != np.array(variable)), variable.path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "fly"}, "got 'fly'"),
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"widths": (12, 16)}, "multiples of 8"),
        ({"widths": ()}, "multiples of 8"),
        ({"widths": (8, 16, 24)}, "2 entries"),
        ({"widths": 8}, "whole numbers"),
        ({"widths": (8.5, 16)}, "whole numbers"),
        ({"encoder_blocks": (-1,)}, "encoder_blocks expects whole numbers"),
        ({"decoder_blocks": ("a",)}, "decoder_blocks expects whole numbers"),
        ({"middle_blocks": -1}, "middle_blocks expects whole numbers"),
        ({"middle_blocks": 1.5}, "middle_blocks expects whole numbers"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)


def test_a_misspelt_argument_is_not_passed_over():
    with pytest.raises(TypeError, match="middel_blocks"):
        build(middel_blocks=3)


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            build()
    finally:
        keras.config.set_image_data_format("channels_last")


WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
import keras, numpy as np, kerasrestore
model = kerasrestore.DANetMobile(widths=(8, 16), sigma_input=True)
model.load_weights(sys.argv[1])
image = np.load(sys.argv[2])
assert keras.backend.backend() == "jax"
np.save(sys.argv[3], model.restore(image, sigma=20.0))
"""


def test_jax_gives_the_same_pixels_without_tensorflow(tmp_path):
    model = enliven(build(sigma_input=True))
    image = random_image((45, 62, 3))
    model.save_weights(tmp_path / "a.weights.h5")
    np.save(tmp_path / "image.npy", image)
    run_python(
        WITHOUT_TENSORFLOW,
        tmp_path / "a.weights.h5",
        tmp_path / "image.npy",
        tmp_path / "out.npy",
        KERAS_BACKEND="jax",
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"),
        model.restore(image, sigma=20.0),
        atol=1e-4,
    )


def build_enlarger(scale, full_resolution=True, **options):
    return build(
        task="super_resolution",
        scale=scale,
        full_resolution=full_resolution,
        **options,
    )


@pytest.mark.parametrize("full_resolution", [True, False])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarging(scale, full_resolution):
    model = enliven(build_enlarger(scale, full_resolution))
    image = random_image((37, 50, 3))
    whole = model.restore(image, tile=None)
    assert whole.shape == (37 * scale, 50 * scale, 3)
    tiled = model.restore(image, tile=2 * model.halo + 4)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    again = DANetMobile.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    # What it adds is added to the bilinearly enlarged image.
    tail = model.get_layer("tail")
    tail.set_weights([np.zeros_like(x) for x in tail.get_weights()])
    ramp = np.broadcast_to(np.arange(16, dtype="f4"), (1, 16, 16))[..., None]
    plain = np.asarray(model(np.repeat(ramp, 3, axis=-1)))[0, 0, :, 0]
    np.testing.assert_allclose(
        plain[2 * scale : -2 * scale],
        (np.arange(16 * scale) + 0.5)[2 * scale : -2 * scale] / scale - 0.5,
        atol=1e-5,
    )


def test_enlarging_at_phone_cost():
    flat = {"full_resolution": True, "encoder_blocks": (), "decoder_blocks": ()}
    for scale, width, blocks in ((2, 32, 4), (3, 24, 7), (4, 24, 6)):
        model = DANetMobile(
            "super_resolution",
            scale=scale,
            widths=(width,),
            middle_blocks=blocks,
            **flat,
        )
        kernel = 9 * width
        macs = kernel * (3 + 2 * blocks * width + 3 * scale**2)
        assert model.count_macs(64, 96) == macs * 64 * 96 <= 80_000 * 64 * 96
        # The enlarged image it is added to reads one pixel around.
        assert model.receptive_field == 2 * (2 + 2 * blocks) + 1


@pytest.mark.parametrize("full_resolution", [True, False])
def test_full_resolution_skips_the_first_space_to_depth(full_resolution):
    model = build(full_resolution=full_resolution)
    assert model.size_multiple == (2 if full_resolution else 4)
    stem = model.get_layer("stem").kernel.shape
    assert tuple(stem) == (3, 3, 3 if full_resolution else 12, 8)


def mosaic_of(image, pattern="GRBG"):
    return Demosaic(pattern).degrade(image, None)[0]


def test_a_mosaic_is_interpolated_before_training():
    model = build(task="demosaic")
    model.get_layer("tail").kernel.assign(
        0 * np.array(model.get_layer("tail").kernel)
    )
    colours = np.float32([0.2, 0.5, 0.7])
    flat = np.full((1, 16, 20, 3), colours)
    restored = np.asarray(model(mosaic_of(flat[0])[None]))
    np.testing.assert_allclose(restored, flat, atol=1e-6)


@pytest.mark.parametrize("pattern", ["GRBG", "RGGB", "GBRG", "BGGR"])
def test_mosaics_of_all_patterns_tiled_or_whole(pattern):
    model = enliven(build(task="demosaic"))
    image = random_image((37, 50, 3))
    planes = mosaic_of(image, pattern)
    whole = model.restore(planes, pattern=pattern, tile=None)
    assert whole.shape == image.shape
    samples = planes.max(-1)
    np.testing.assert_array_equal(
        model.restore(samples, pattern=pattern, tile=None), whole
    )
    tiled = model.restore(planes, pattern=pattern, tile=2 * model.halo + 8)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    # The pattern decides which colour a sample has.
    other = {"GRBG": "BGGR"}.get(pattern, "GRBG")
    assert np.abs(model.restore(samples, pattern=other) - whole).max() > 0.01


def test_mosaic_files_become_colour_photos(tmp_path):
    model = enliven(build(task="demosaic"))
    samples = random_image((24, 30), "uint8")
    Image.fromarray(samples).save(tmp_path / "raw.png")
    photo = model.restore(tmp_path / "raw.png", pattern="RGGB")
    np.testing.assert_array_equal(
        photo.pixels, model.restore(samples, pattern="RGGB")
    )
    deep = samples.astype("float32") / 255
    assert model.restore(Photo(deep)).pixels.shape == (24, 30, 3)


def test_what_mosaics_do_not_take():
    model = build(task="demosaic")
    samples = random_image((24, 30))
    for options, words in (
        ({"strength": 0.5}, "has no strength"),
        ({"ensemble": True}, "rotated mosaic"),
        ({"pattern": "RGBG"}, "got 'RGBG'"),
    ):
        with pytest.raises(ValueError, match=words):
            model.restore(samples, **options)
    with pytest.raises(ValueError, match="no mosaics in bands"):
        model.restore_bands([samples], (24, 30))
    with pytest.raises(ValueError, match="no sample"):
        model.restore(random_image((24, 30, 3)))
    with pytest.raises(ValueError, match="takes no mosaic"):
        build().restore(samples, pattern="RGGB")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "demosaic", "channels": 1}, "channels must be 3"),
        ({"task": "demosaic", "full_resolution": True}, "half resolution"),
        ({"task": "denoise", "scale": 2}, "scale must be 1"),
        ({"task": "super_resolution", "scale": 5}, "scale must be 2, 3 or 4"),
    ],
)
def test_bad_arguments_of_tasks(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)
