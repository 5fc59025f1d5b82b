import keras
import numpy as np
import pytest
from goldens import golden, needs_goldens

from kerasrestore.ops.pixel_shuffle import pixel_shuffle, pixel_unshuffle


def literal(x, scale, order):
    """Written pixel by pixel."""
    batch, height, width, depth = x.shape
    channels = depth // scale**2
    y = np.zeros((batch, height * scale, width * scale, channels), x.dtype)
    for c, dy, dx in np.ndindex(channels, scale, scale):
        place = dy * scale + dx
        source = (
            c * scale**2 + place if order == "pytorch" else place * channels + c
        )
        y[:, dy::scale, dx::scale, c] = x[..., source]
    return y


@pytest.mark.parametrize("order", ["pytorch", "tensorflow"])
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_both_orders_and_their_inverse(order, scale, channels):
    x = np.random.default_rng(0).random((2, 3, 5, channels * scale**2))
    x = x.astype("float32")
    y = np.asarray(pixel_shuffle(x, scale, order))
    np.testing.assert_array_equal(y, literal(x, scale, order))
    np.testing.assert_array_equal(pixel_unshuffle(y, scale, order), x)


@needs_goldens
@pytest.mark.parametrize(
    ("given", "scale", "wanted"),
    [("ps_in", 2, "ps2_out"), ("ps3_in", 3, "ps3_out")],
)
def test_released_order(given, scale, wanted):
    arrays, _ = golden("primitives")
    np.testing.assert_array_equal(
        pixel_shuffle(arrays[given], scale), arrays[wanted]
    )


def test_sizes_may_be_unknown():
    x = keras.Input((None, None, 12))
    assert pixel_shuffle(x, 2).shape == (None, None, None, 3)
    assert pixel_unshuffle(x, 2).shape == (None, None, None, 48)
    model = keras.Model(x, pixel_unshuffle(pixel_shuffle(x, 2), 2))
    for size in (3, 4):
        image = np.random.default_rng(0).random((1, size, 5, 12), "float32")
        np.testing.assert_array_equal(model(image), image)


@pytest.mark.parametrize(
    ("function", "shape", "options", "words"),
    [
        (pixel_shuffle, (1, 2, 2, 6), {}, "multiple of 4 channels, got 6"),
        (pixel_shuffle, (2, 2, 4), {}, r"got the shape \(2, 2, 4\)"),
        (pixel_shuffle, (1, 2, 2, 4), {"scale": 1}, "scale"),
        (pixel_shuffle, (1, 2, 2, 4), {"order": "caffe"}, "'caffe'"),
        (pixel_unshuffle, (1, 3, 2, 1), {}, "multiples of 2, got 3x2"),
    ],
)
def test_bad_arguments(function, shape, options, words):
    with pytest.raises(ValueError, match=words):
        function(np.zeros(shape, "float32"), **{"scale": 2, **options})
