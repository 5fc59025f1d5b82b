import io

import numpy as np
import pytest
from PIL import Image
from testing import smooth_image

from kerasrestore.tasks import Jpeg


def through_a_file(pixels, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("quality", [1, 10, 40, 100])
def test_pixels_of_a_jpeg_file(quality):
    clean = smooth_image(37, 50)
    task = Jpeg(quality)
    for image in (clean, clean[..., 0]):
        found = np.rint(task.degrade_benchmark(image, 0) * 255)
        np.testing.assert_array_equal(found, through_a_file(image, quality))
    assert task.setting == quality


def test_quantization_of_a_gray_block():
    # One block whose only coefficient beside the mean is the first along x:
    # at quality 50 it comes back as a multiple of the standard table's 11.
    x = np.cos((2 * np.arange(8) + 1) * np.pi / 16)
    clean = np.rint(128 + 40 * np.tile(x, (8, 1))).astype("uint8")
    found = Jpeg(50).degrade_benchmark(clean, 0) * 255 - 128
    coefficient = (found * x).sum() / 4 * np.sqrt(0.5)
    exact = ((clean - 128.0) * x).sum() / 4 * np.sqrt(0.5)
    assert coefficient == pytest.approx(11 * np.rint(exact / 11), abs=0.7)
    assert abs(coefficient - exact) > 1.5


def test_drawn_qualities():
    clean = smooth_image(32, 32, 1).astype("float32") / 255
    task = Jpeg((10, 40))
    rng = np.random.default_rng(0)
    drawn = {}
    for _ in range(300):
        degraded, quality = task.degrade(clean, rng)
        drawn[int(quality)] = degraded
    assert sorted(drawn) == list(range(10, 41))
    levels = np.rint(clean[..., 0] * 255).astype("uint8")
    for quality in (10, 25, 40):
        np.testing.assert_array_equal(
            np.rint(drawn[quality][..., 0] * 255),
            through_a_file(levels, quality),
        )
    with pytest.raises(ValueError, match="one quality"):
        task.degrade_benchmark(levels, 0)


@pytest.mark.parametrize("channels", [1, 3])
def test_crops_on_the_grid_are_compressed_like_the_whole(channels):
    task = Jpeg(20)
    clean = smooth_image(90, 121, channels)
    whole = task.degrade_benchmark(clean, 0)
    block, halo = task.block, task.halo
    for top, left in ((0, 0), (32, 48), (16, 80)):
        bottom, right = top + 48, min(121, left + 64)
        crop = task.degrade_benchmark(clean[top:bottom, left:right], 0)
        top_in, left_in = (halo if at else 0 for at in (top, left))
        inner = np.s_[top_in:-halo, left_in : crop.shape[1] - halo]
        np.testing.assert_array_equal(
            crop[inner], whole[top:bottom, left:right][inner]
        )
        assert top % block == left % block == 0


@pytest.mark.parametrize("quality", [0, 101, (40, 10), 10.5, "10", (1, 2, 3)])
def test_bad_quality(quality):
    with pytest.raises(ValueError, match="quality must be"):
        Jpeg(quality)
