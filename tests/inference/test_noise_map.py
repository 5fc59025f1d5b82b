import numpy as np
import pytest
from blur_restorer import Blur
from testing import random_image, smooth_image

from kerasrestore import LiteRTRestorer

PRESET = "danet_mobile_denoise_color_sigma_bsd400"


class Level(Blur):
    """Answers the noise level that it is told."""

    sigma_input = True
    receptive_field = 9

    def restore_tile(self, tile, sigma):
        self.tiles.append(float(sigma))
        size = (len(tile), *(side * self.scale for side in tile.shape[1:3]))
        return np.full((*size, self.channels), sigma, np.float32)


def test_regions_are_followed_to_the_letter():
    sigma = np.full((30, 40), 10)
    sigma[:, 25:] = 50
    model = Level()
    found = model.restore(random_image((30, 40, 3)), sigma=sigma)
    np.testing.assert_array_equal(found[..., 0], sigma)
    assert set(model.tiles) == {10, 50}


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("tile", [None, 20])
def test_a_slope(scale, tile):
    sigma = np.linspace(5, 60, 40)[None].repeat(30, 0)
    found = Level(scale=scale).restore(
        random_image((30, 40, 3)), sigma=sigma, tile=tile
    )
    wanted = sigma.repeat(scale, 0).repeat(scale, 1)
    np.testing.assert_allclose(found[..., 1], wanted, atol=1e-4)


def test_strength_and_batches():
    maps = np.stack([np.full((6, 8), 10.0), np.full((6, 8), 20.0)])
    found = Level().restore(
        random_image((2, 6, 8, 3)), sigma=maps, strength=1.5
    )
    np.testing.assert_allclose(found[..., 0], 1.5 * maps)


def test_a_tile_takes_only_the_levels_in_it():
    sigma = np.linspace(5, 60, 200)[None].repeat(8, 0)
    model = Level()
    model.restore(random_image((8, 200, 3)), sigma=sigma, tile=24)
    tiles = -(-200 // 16)
    assert len(model.tiles) < 4 * tiles


def test_another_size():
    with pytest.raises(ValueError, match=r"height and width \(6, 8\)"):
        Level().restore(random_image((6, 8, 3)), sigma=np.ones((8, 6)))


def test_a_preset():
    """Each pixel is what the model makes of it at its own level."""
    restorer = LiteRTRestorer.from_preset(PRESET, threads=1)
    clean = smooth_image(60, 80).astype(float)
    sigma = np.linspace(5, 50, 80)[None].repeat(60, 0)
    noise = np.random.default_rng(0).normal(0, 1, clean.shape)
    noisy = ((clean + noise * sigma[..., None]) / 255).astype("float32")
    found = restorer.restore(noisy, sigma=sigma)
    for column in (3, 40, 77):
        level = sigma[0, column]
        wanted = restorer.restore(noisy, sigma=level)[:, column]
        # Between levels it is interpolated: half a step of a byte.
        assert np.abs(found[:, column] - wanted).mean() < 0.5 / 255
    constant = restorer.restore(noisy, sigma=np.full((60, 80), 25))
    np.testing.assert_allclose(
        constant, restorer.restore(noisy, sigma=25), atol=1e-6
    )

    def error(image):
        return np.abs(image * 255 - clean).mean()

    assert error(found) < error(restorer.restore(noisy, sigma=27.5))
