"""JPEG on tensors against Pillow's files."""

import functools

import keras
import numpy as np
import pytest
from numeric import gradients
from PIL import Image
from testing import ROOT, random_image, smooth_image

from kerasrestore.imaging.jpeg_file import jpeg_levels
from kerasrestore.ops.jpeg import SUBSAMPLINGS, jpeg

QUALITIES = (1, 10, 30, 50, 75, 90, 95, 100)


@functools.cache
def compiled(subsampling=None):
    """`jpeg` compiled with XLA, for one subsampling or with tensors of it."""

    def function(images, quality, kinds=None):
        return jpeg(images, quality, subsampling or kinds)

    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=True)


def through_tensors(levels, quality, subsampling="4:2:0"):
    images = levels.astype("float32") / np.float32(255)
    quality = np.array(quality)
    if keras.backend.backend() != "jax":
        found = jpeg(images, quality, subsampling)
    elif isinstance(subsampling, str):
        # JAX would compile every operation for itself.
        found = compiled(subsampling)(images, quality)
    else:
        found = compiled()(images, quality, subsampling)
    return np.rint(np.asarray(found) * 255).astype(int)


def check_same(found, wanted):
    """A rounding may go the other way; what follows is a level or two."""
    difference = np.abs(found - wanted)
    assert difference.max() <= 2
    assert np.mean(difference > 0) < 1e-3


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("quality", QUALITIES)
def test_photographs(quality, subsampling):
    names = ("astronaut", "chelsea", "coffee")
    photos = np.stack(
        [Image.open(ROOT / f"tests/samples/{name}.png") for name in names]
    )
    wanted = [jpeg_levels(x, quality, subsampling=subsampling) for x in photos]
    check_same(through_tensors(photos, quality, subsampling), wanted)


@pytest.mark.parametrize("quality", QUALITIES)
def test_gray_photographs(quality):
    photo = np.asarray(Image.open(ROOT / "tests/samples/coffee.png"))[..., 1:2]
    found = through_tensors(photo[None], quality)[0]
    check_same(found, jpeg_levels(photo, quality))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize(
    "size",
    [(1, 1), (2, 4), (5, 3), (8, 16), (9, 17), (23, 31)],
)
def test_any_size(size, subsampling):
    images = np.stack([smooth_image(*size), random_image((*size, 3), "uint8")])
    wanted = [jpeg_levels(x, 80, subsampling=subsampling) for x in images]
    check_same(through_tensors(images, 80, subsampling), wanted)


def test_flat_images():
    """Means often lie halfway between two multiples of the step."""
    images = np.arange(256, dtype="uint8")[:, None, None, None]
    images = np.tile(images, (1, 8, 8, 1))
    for quality in QUALITIES:
        wanted = [jpeg_levels(x, quality) for x in images]
        np.testing.assert_array_equal(through_tensors(images, quality), wanted)


def test_each_image_has_its_own_settings():
    images = np.stack([smooth_image(20, 35, seed=s) for s in range(4)])
    qualities, kinds = np.array([5, 40, 70, 92]), np.array([2, 0, 1, 2])
    wanted = [
        jpeg_levels(x, int(quality), subsampling=int(kind))
        for x, quality, kind in zip(images, qualities, kinds, strict=True)
    ]
    check_same(through_tensors(images, qualities, kinds), wanted)


def test_compiled():
    images = np.stack([smooth_image(24, 40, seed=s) for s in range(2)])
    images = images.astype("float32") / 255
    settings = np.array([30, 80]), np.array([0, 2])
    found, wanted = compiled()(images, *settings), jpeg(images, *settings)
    check_same(*(np.rint(np.asarray(x) * 255) for x in (found, wanted)))


def test_values_out_of_range_are_clipped():
    x = np.linspace(-0.5, 1.5, 128, dtype="float32").reshape(1, 8, 16, 1)
    np.testing.assert_array_equal(
        np.asarray(jpeg(x, 50)), np.asarray(jpeg(x.clip(0, 1), 50))
    )


def test_dtype():
    x = keras.ops.full((1, 8, 8, 3), 0.25, dtype="bfloat16")
    found = jpeg(x, 50)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"


@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_without_subsampling_are_the_identity(channels):
    x = 0.3 + 0.4 * random_image((2, 9, 14, channels)).astype("float64")
    weight = np.sin(1.0 + np.arange(x.size)).reshape(x.shape)
    (slope,) = gradients(lambda x: jpeg(x, 95, "4:4:4"), x)
    inside = np.s_[:, :8, :8]  # The last pixels stand for the padding too.
    np.testing.assert_allclose(slope[inside], weight[inside], atol=1e-3)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_gradients_keep_gray(subsampling):
    """Chroma is averaged, what is equal in all channels is not."""
    x = 0.3 + 0.4 * random_image((1, 16, 32, 3)).astype("float64")
    (slope,) = gradients(
        lambda x: keras.ops.sum(jpeg(x, 95, subsampling), axis=-1), x
    )
    weight = np.sin(1.0 + np.arange(16 * 32)).reshape(1, 16, 32)
    assert np.isfinite(slope).all() and (slope != 0).any(axis=(1, 2)).all()
    np.testing.assert_allclose(slope.sum(-1), 3 * weight, atol=5e-3)


@pytest.mark.parametrize(
    ("shape", "options", "told"),
    [
        ((8, 8, 3), {}, "batch, height, width"),
        ((1, 8, 8, 2), {}, "1 or 3"),
        ((1, 8, 8, 3), {"quality": 0}, "from 1 to 100"),
        ((1, 8, 8, 3), {"quality": 10.5}, "from 1 to 100"),
        ((1, 8, 8, 3), {"subsampling": "4:1:1"}, "4:1:1"),
        ((1, 8, 8, 1), {"subsampling": "4:1:1"}, "4:1:1"),
    ],
)
def test_bad_arguments(shape, options, told):
    with pytest.raises(ValueError, match=told):
        jpeg(np.zeros(shape, "float32"), **{"quality": 50, **options})


def test_unknown_sizes_are_refused():
    with pytest.raises(ValueError, match="known height and width"):
        jpeg(keras.KerasTensor((1, None, 8, 3)), 50)
