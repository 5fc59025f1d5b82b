from itertools import product

import numpy as np
import pytest
from PIL import Image
from testing import random_image

from kerasrestore.data import PairSampler, folder_pairs
from kerasrestore.data.sampler import turned


def folders(path, scale=1, count=3):
    """Pairs whose small pixel says where it is, and the large ones too."""
    for index in range(count):
        low = random_image((20, 26, 3), "uint8", seed=index)
        high = low.repeat(scale, 0).repeat(scale, 1)
        for name, image in (("low", low), ("high", 255 - high)):
            (path / name).mkdir(exist_ok=True)
            Image.fromarray(image).save(path / name / f"{index}.png")
    return folder_pairs(path / "low", path / "high")


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_both_patches_show_one_place(tmp_path, scale, channels):
    sampler = PairSampler(
        folders(tmp_path, scale),
        scale=scale,
        channels=channels,
        patch_size=12,
        batch_size=5,
    )
    low, high, strength = sampler.batch(3)
    assert low.shape == (5, 12 // scale, 12 // scale, channels)
    assert high.shape == (5, 12, 12, channels)
    assert low.dtype == high.dtype == np.float32
    assert not strength.any()
    large = low.repeat(scale, 1).repeat(scale, 2)
    tolerance = 1.01 / 255 if channels == 1 else 1e-6
    np.testing.assert_allclose(1 - high, large, atol=tolerance)


def test_batches_are_a_function_of_seed_and_step(tmp_path):
    pairs = folders(tmp_path)
    one, two, other = (
        PairSampler(pairs, patch_size=8, batch_size=2, seed=seed)
        for seed in (0, 0, 1)
    )
    one.batch(7)
    np.testing.assert_array_equal(one.batch(2)[0], two.batch(2)[0])
    assert not np.array_equal(one.batch(2)[0], other.batch(2)[0])


def test_all_views_are_drawn(tmp_path):
    pairs = folders(tmp_path, count=1)
    image = pairs[0].load_degraded()[:20, :20] / np.float32(255)
    Image.fromarray(pairs[0].load_degraded()[:20, :20]).save(pairs[0].degraded)
    Image.fromarray(pairs[0].load_clean()[:20, :20]).save(pairs[0].clean)
    sampler = PairSampler(pairs, patch_size=20, batch_size=80)
    views = {
        turned(image, turn, mirror).tobytes()
        for turn, mirror in product(range(4), (False, True))
    }
    assert {patch.tobytes() for patch in sampler.batch(0)[0]} == views


def test_pairs_that_do_not_fit(tmp_path):
    pairs = folders(tmp_path, scale=2)
    with pytest.raises(ValueError, match="not 3 times as large"):
        PairSampler(pairs, scale=3, patch_size=12).batch(0)
    with pytest.raises(ValueError, match="multiple of the scale 2"):
        PairSampler(pairs, scale=2, patch_size=13)
    with pytest.raises(ValueError, match="smaller than the patch size"):
        PairSampler(pairs, scale=2, patch_size=48).batch(0)
    with pytest.raises(ValueError, match="No images to sample"):
        PairSampler([])
