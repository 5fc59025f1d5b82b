from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from testing import image_folder, random_image

from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise


@pytest.fixture
def folder(tmp_path):
    return image_folder(tmp_path / "in", 4, (40, 50))


def sampler(folder, **options):
    options = {"patch_size": 16, "batch_size": 4, **options}
    return PatchSampler(
        folder, options.pop("task", Denoise((0, 55))), **options
    )


def equal(one, two):
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_batch_depends_on_seed_and_step_alone(folder):
    one, two = sampler(folder), sampler(folder)
    forth = [one.batch(step) for step in range(6)]
    back = [two.batch(step) for step in reversed(range(6))][::-1]
    assert all(map(equal, forth, back))
    assert not equal(forth[0], forth[1])
    assert not equal(forth[0], sampler(folder, seed=1).batch(0))
    with ThreadPoolExecutor(4) as pool:
        assert all(map(equal, forth, pool.map(two.batch, range(6))))


def test_the_cache_changes_nothing(folder):
    assert equal(
        sampler(folder).batch(3), sampler(folder, cache_bytes=0).batch(3)
    )
    small = sampler(folder, cache_bytes=40 * 50 * 3)
    for step in range(5):
        small.batch(step)
    assert small._cached_bytes <= 40 * 50 * 3


def test_patches_are_crops_in_all_eight_views(tmp_path):
    image = random_image((24, 20, 3), "uint8")
    tmp_path.joinpath("in").mkdir()
    Image.fromarray(image).save(tmp_path / "in" / "a.png")
    source = sampler(tmp_path / "in", task=Denoise(0), patch_size=12)
    views = {}
    for turn in range(4):
        for mirror in (False, True):
            for top in range(13):
                for left in range(9):
                    crop = np.rot90(
                        image[top : top + 12, left : left + 12], turn
                    )
                    crop = crop[:, ::-1] if mirror else crop
                    views[crop.tobytes()] = (turn, mirror)
    seen = set()
    for step in range(40):
        noisy, clean, sigma = source.batch(step)
        np.testing.assert_array_equal(noisy, clean)
        assert (sigma == 0).all()
        for patch in clean:
            pixels = np.rint(patch * 255).astype("uint8")
            np.testing.assert_allclose(pixels / 255, patch, atol=1e-6)
            seen.add(views[pixels.tobytes()])
    assert len(seen) == 8


def test_gray(folder):
    noisy, clean, sigma = sampler(folder, channels=1).batch(0)
    assert noisy.shape == clean.shape == (4, 16, 16, 1)
    assert noisy.dtype == clean.dtype == sigma.dtype == np.float32


def test_bad_folders_and_sizes(folder):
    with pytest.raises(ValueError, match="smaller than a patch"):
        sampler(folder, patch_size=41).batch(0)
    with pytest.raises(ValueError, match="at least 1"):
        sampler(folder, batch_size=0)
    (folder / "image1.png").write_bytes(b"broken")
    broken = sampler(folder)
    with pytest.raises(ValueError, match=r"image1\.png"):
        for step in range(20):
            broken.batch(step)
