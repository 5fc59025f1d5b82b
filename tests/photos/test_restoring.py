"""A photo through a restorer: floats, opacity, sizes."""

import numpy as np
import pytest
from testing import random_image

from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.photos import Photo, restore_photo
from kerasrestore.photos.jpeg import JpegSettings


class Twice(ImageRestorer):
    """Enlarges by repetition."""

    name = "twice"
    task = "super_resolution"
    scale = 2
    receptive_field = 1

    def restore_tile(self, tile, sigma):
        return tile.repeat(2, axis=1).repeat(2, axis=2)

    def memory_forecast(self, height, width):
        return 1


class Same(Twice):
    """Changes nothing and remembers the last tile."""

    scale = 1

    def restore_tile(self, tile, sigma):
        self.seen = tile[0]
        return tile


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
def test_opacity_is_enlarged_too(tmp_path, dtype, shape):
    white = np.iinfo(dtype).max
    alpha = np.zeros((6, 8), dtype)
    alpha[:, 4:] = white
    Photo(random_image(shape, dtype), alpha).save(tmp_path / "a.png")
    restored = Twice().restore(tmp_path / "a.png")
    assert restored.size == (16, 12)
    assert restored.alpha.shape == (12, 16) and restored.alpha.dtype == dtype
    assert (restored.alpha[:, :6] < white / 20).all()
    assert (restored.alpha[:, -6:] > white * 0.95).all()


def test_further_bands_are_enlarged_too():
    photo = Photo(random_image((6, 8, 3)), extra=random_image((6, 8, 2)))
    assert Twice().restore(photo).extra.shape == (12, 16, 2)


def test_floats_beyond_white_stay():
    light = np.array([[-0.5, 0.0, 0.18, 0.5, 1.0, 7.0]], "float32")
    seen = []

    def halve(pixels):
        seen.append(pixels)
        return pixels / 2

    photo = Photo(light, linear=True)
    same = restore_photo(photo, lambda pixels: pixels)
    np.testing.assert_allclose(same.pixels, light, atol=1e-6)
    found = restore_photo(photo, halve).pixels[0]
    # sRGB: light of 0.18 is 0.461, and half of white is light of 0.214.
    np.testing.assert_allclose(seen[0][0, [2, 5]], [0.461, 1], atol=1e-3)
    np.testing.assert_allclose(found[4:], [0.214, 6.214], atol=1e-3)
    assert found[0] == -0.5
    encoded = restore_photo(Photo(light), halve).pixels[0]
    np.testing.assert_allclose(encoded[3:], [0.25, 0.5, 6.5])


def test_floats_with_another_white():
    light = np.array([[-100, 0, 0.18, 4095, 9000]], "float32")
    light[0, 2] *= 4095
    restorer = Same()
    found = restorer.restore(Photo(light, linear=True), white_level=4095)
    np.testing.assert_allclose(found.pixels, light, rtol=1e-4, atol=0.01)
    # sRGB: light of 0.18 is 0.461.
    np.testing.assert_allclose(
        restorer.seen[0, :5, 0], [0, 0, 0.461, 1, 1], atol=1e-3
    )


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
def test_white_level_with_alpha(tmp_path, shape):
    """12 bits, with alpha of 16."""
    pixels = random_image(shape, "uint16") >> 4
    alpha = random_image((6, 8), "uint16", seed=1)
    Photo(pixels, alpha).save(tmp_path / "a.png")
    restorer = Same()
    found = restorer.restore(tmp_path / "a.png", white_level=4095)
    np.testing.assert_array_equal(found.pixels, pixels)
    np.testing.assert_array_equal(found.alpha, alpha)
    assert restorer.seen.max() > 0.9


def test_floats_of_another_range_are_refused():
    with pytest.raises(ValueError, match="beyond white at 1"):
        restore_photo(Photo(np.full((4, 4), 200, "float32")), lambda p: p)
    with pytest.raises(ValueError, match="contains NaN"):
        restore_photo(Photo(np.array([[np.nan]], "float32")), lambda p: p)
    bright = Photo(np.array([[0.5, 0.5, np.inf]], "float32"), linear=True)
    assert restore_photo(bright, lambda p: p).pixels[0, 2] == np.inf


def test_removing_artifacts_drops_the_tables_that_made_them():
    photo = Photo(random_image((6, 8, 3), "uint8"))
    photo.jpeg = JpegSettings({0: [16] * 64, 1: [16] * 64})
    restorer = Twice()
    assert restorer.restore(photo).jpeg is not None
    restorer.task = "jpeg"
    assert restorer.restore(photo).jpeg is None
