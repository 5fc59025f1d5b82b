import numpy as np
import pytest
from blur_restorer import Blur
from PIL import Image
from testing import random_image, smooth_image

from kerasrestore import LiteRTRestorer
from kerasrestore.inference.transparency import fill_hidden


class Twice(Blur):
    scale = 2

    def restore_tile(self, tile, sigma):
        return tile.repeat(2, 1).repeat(2, 2)


@pytest.fixture(scope="module")
def disc():
    y, x = np.mgrid[:80, :80]
    distance = np.hypot(y - 40, x - 40)
    return np.where(distance < 30, 255, 0).astype("uint8"), distance


@pytest.mark.parametrize("hidden", [0, 255])
def test_hidden_colours_do_not_bleed(disc, hidden):
    alpha, distance = disc
    clean = smooth_image(80, 80).astype(int)
    noise = np.random.default_rng(0).normal(0, 25, clean.shape)
    image = np.rint((clean + noise).clip(0, 255)).astype("uint8")
    restorer = LiteRTRestorer.from_preset(threads=1)
    rim = (distance < 30) & (distance > 27)
    opaque = np.abs(restorer.restore(image) - clean)[rim].mean()
    image[alpha == 0] = hidden
    found = restorer.restore(np.dstack([image, alpha]))
    assert np.abs(found[..., :3] - clean)[rim].mean() < 1.7 * opaque
    # Nothing is lost of what nobody sees.
    np.testing.assert_array_equal(found[alpha == 0, :3], image[alpha == 0])
    np.testing.assert_array_equal(found[..., 3], alpha)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_what_is_seen_does_not_depend_on_what_is_hidden(disc, dtype):
    top = 1 if dtype.startswith("f") else np.iinfo(dtype).max
    alpha = (disc[0] // 255).astype(dtype) * np.array(top, dtype)
    image = random_image((80, 80, 3), dtype)
    other = image.copy()
    other[alpha == 0] = 0
    one, two = (Blur().restore(np.dstack([x, alpha])) for x in (image, other))
    assert one.dtype == dtype
    np.testing.assert_array_equal(one[alpha > 0], two[alpha > 0])
    assert (one[alpha > 0, :3] != image[alpha > 0]).any()


def test_layouts_with_alpha():
    gray = random_image((9, 12, 2), "uint8")
    found = Blur(channels=1).restore(gray)
    assert found.shape == gray.shape
    batch = random_image((2, 9, 12, 4), "uint8")
    found = Blur().restore(batch)
    np.testing.assert_array_equal(found[1], Blur().restore(batch[1]))


def test_nothing_or_everything_hidden():
    image = random_image((9, 12, 3), "uint8")
    for level in (0, 255):
        alpha = np.full((9, 12), level, "uint8")
        assert fill_hidden(image, alpha) is image


@pytest.mark.parametrize("size", [(1, 1000), (1000, 1), (523, 7)])
def test_any_size_is_filled_from_one_pixel(size):
    alpha = np.zeros(size, "uint8")
    alpha[-1, -1] = 3
    image = np.full((*size, 3), 7, "uint8")
    image[-1, -1] = (10, 200, 30)
    filled = fill_hidden(image, alpha)
    assert (filled == (10, 200, 30)).all()
    assert image[0, 0, 0] == 7


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_hidden_pixels_are_as_noisy_as_visible_ones(dtype):
    alpha = np.full((300, 401), 9, "uint8")
    alpha[40:290, 20:380] = 0
    top = 1.0 if dtype == "float32" else np.iinfo(dtype).max
    clean = np.full((300, 401, 3), 0.5)
    noise = np.random.default_rng(0).normal(0, [0.02, 0.04, 0], clean.shape)
    image = ((clean + noise) * top).astype(dtype)
    filled = fill_hidden(image, alpha)
    hidden = filled[alpha == 0].astype(float) / top - 0.5
    spread = hidden.std(axis=0)
    np.testing.assert_allclose(spread, [0.02, 0.04, 0], rtol=0.06, atol=1e-4)
    # White, like that of the visible pixels.
    square = filled[60:260, 40:360, :2].astype(float) / top - 0.5
    for axis in (0, 1):
        one, two = (np.roll(square, shift, axis) for shift in (0, 1))
        assert abs((one * two).mean() / (one * one).mean()) < 0.02
    np.testing.assert_array_equal(fill_hidden(image, alpha), filled)


def test_noise_stays_within_the_range():
    alpha = np.full((40, 60), 255, "uint8")
    alpha[8:32, 8:52] = 0
    noise = np.random.default_rng(0).normal(0, 60, (40, 60, 3))
    image = np.clip(np.rint(255 * (noise > 0) + noise), 0, 255).astype("uint8")
    hidden = fill_hidden(image, alpha)[alpha == 0]
    assert hidden.min() == 0 and hidden.max() == 255
    assert 80 < hidden.mean() < 175


def test_noise_does_not_exceed_white():
    noise = np.random.default_rng(0).normal(0, 90, (80, 80, 3))
    image = np.dstack([4000 + noise, np.full((80, 80), 4095)])
    image = image.clip(0, 4095).astype("uint16")
    image[20:60, 20:60, 3] = 0
    filled = fill_hidden(image[..., :3], image[..., 3], 4095)
    assert filled[20:60, 20:60].max() == 4095
    restored = Blur().restore(image, white_level=4095)
    assert restored.max() <= 4095
    floats = (image / 4095).astype("float32")
    assert fill_hidden(floats[..., :3], floats[..., 3]).max() == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_enlarging_a_transparent_image(mode):
    image = Image.fromarray(random_image((11, 13, 4), "uint8")).convert(mode)
    model = Twice(channels=len(mode) - 1)
    found = model.restore(image)
    assert found.mode == mode and found.size == (26, 22)
    wanted = image.getchannel("A").resize((26, 22), Image.Resampling.BICUBIC)
    alpha = np.asarray(found)[..., -1].astype(int)
    # Pillow's own bytes are rounded and clipped after each axis.
    assert np.abs(alpha - np.asarray(wanted)).mean() < 1
