from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from PIL import Image
from testing import image_folder, random_image

from kerasrestore.data import PatchSampler
from kerasrestore.data.sampler import CacheWarning, turned, turned_corner
from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution


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


def test_lists_of_files(folder):
    files = sorted(folder.iterdir())
    assert equal(sampler(files).batch(0), sampler(str(folder)).batch(0))
    with pytest.raises(ValueError, match="No images to sample"):
        sampler([])


def test_the_cache_changes_nothing(folder):
    with pytest.warns(CacheWarning):
        uncached = sampler(folder, cache_bytes=0).batch(3)
    assert equal(sampler(folder).batch(3), uncached)
    small = sampler(folder, cache_bytes=40 * 50 * 3)
    with pytest.warns(CacheWarning, match="holds 1 of 4 images") as told:
        for step in range(5):
            small.batch(step)
    assert len(told) == 1
    assert small._cached_bytes <= 40 * 50 * 3


def test_the_shape_of_an_image_is_known_before_it_is_decoded(folder):
    x4 = sampler(folder, task=SuperResolution(4))
    assert x4.shape(0) == x4.image(0).shape == (40, 48, 3)
    assert x4._cached_bytes == 0
    np.testing.assert_array_equal(
        x4.window(0, slice(4, 9), slice(0, 48)), x4.image(0)[4:9]
    )
    (folder / "image1.png").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"image1\.png cannot be read"):
        sampler(folder).shape(1)


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


def test_crops_with_the_most_texture(tmp_path):
    # Half of the image is flat.
    image = random_image((64, 128, 3), "uint8")
    image[:, 64:] = 90
    tmp_path.joinpath("in").mkdir()
    Image.fromarray(image).save(tmp_path / "in" / "0.png")

    def contrast(crops):
        sampled = sampler(tmp_path / "in", crops=crops, task=Denoise(0))
        batches = [sampled.batch(step) for step in range(25)]
        assert equal(batches[3], sampled.batch(3))
        return np.mean([clean.std(axis=(1, 2)) for _, clean, _ in batches])

    once, best = contrast(1), contrast(3)
    # Of three crops one in eight has nothing but the flat half.
    assert best > 1.4 * once > 0
    with pytest.raises(ValueError, match="crops must be at least 1"):
        sampler(tmp_path / "in", crops=0)


def test_gray(folder):
    noisy, clean, sigma = sampler(folder, channels=1).batch(0)
    assert noisy.shape == clean.shape == (4, 16, 16, 1)
    assert noisy.dtype == clean.dtype == sigma.dtype == np.float32


def test_bad_folders_and_sizes(folder):
    with pytest.raises(ValueError, match="smaller than the patch size"):
        sampler(folder, patch_size=41).batch(0)
    with pytest.raises(ValueError, match="at least 1"):
        sampler(folder, batch_size=0)
    with pytest.raises(ValueError, match="multiple of the scale 3"):
        sampler(folder, task=SuperResolution(3), patch_size=16)
    (folder / "image1.png").write_bytes(b"broken")
    broken = sampler(folder)
    with pytest.raises(ValueError, match=r"image1\.png"):
        for step in range(20):
            broken.batch(step)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("pre_upsampled", [False, True])
@pytest.mark.parametrize("quantize", [False, True])
def test_patches_of_super_resolution_are_crops_of_the_whole(
    tmp_path, scale, pre_upsampled, quantize
):
    task = SuperResolution(scale, pre_upsampled, quantize)
    image = random_image((75, 98, 3), "uint8")
    (tmp_path / "in").mkdir()
    Image.fromarray(image).save(tmp_path / "in" / "a.png")
    source = sampler(
        tmp_path / "in",
        task=task,
        patch_size=15 if pre_upsampled else 12,
        batch_size=20,
    )
    small = source.patch_size // task.scale
    image = source.image(0)
    whole = task.degrade_benchmark(image, 0)
    degraded, clean, strength = source.batch(0)
    assert degraded.shape == (20, small, small, 3)
    assert (strength == scale).all()
    views = list(product(range(4), (False, True)))
    for low, high in zip(degraded, clean, strict=True):
        found = [
            (view, _find(turned(image, *view), np.rint(high * 255)))
            for view in views
        ]
        ((view, (y, x)),) = [item for item in found if item[1]]
        y, x = y // task.scale, x // task.scale
        crop = turned(whole, *view)[y : y + small, x : x + small]
        # The passes change places in a turned image, and what is rounded
        # between them may come to lie a level or two off.
        tolerance = 2.5 / 255 if quantize else 1e-5
        np.testing.assert_allclose(low, crop, atol=tolerance)


def _find(image, patch):
    height, width = patch.shape[:2]
    for y, x in np.argwhere((image == patch[0, 0]).all(-1)):
        if np.array_equal(image[y : y + height, x : x + width], patch):
            return y, x
    return None


@pytest.mark.parametrize("channels", [1, 3])
def test_patches_of_jpeg_have_its_grid_anywhere(tmp_path, channels):
    # Blocks of one level each: inside them JPEG changes next to nothing,
    # and where patches begin must not matter to that.
    rng = np.random.default_rng(0)
    levels = rng.integers(60, 200, (6, 8))
    image = levels.repeat(16, 0).repeat(16, 1).astype("uint8")
    (tmp_path / "in").mkdir()
    Image.fromarray(image).save(tmp_path / "in" / "a.png")
    source = sampler(
        tmp_path / "in",
        task=Jpeg(90),
        patch_size=20,
        batch_size=30,
        channels=channels,
    )
    degraded, clean, quality = source.batch(0)
    assert (quality == 90).all()
    assert np.abs(degraded - clean).max() * 255 < 2.5
    shifted = Jpeg(90).degrade(clean, rng)[0]
    assert np.abs(shifted - clean).max() * 255 > 4


def test_mosaics_begin_with_green(folder):
    degraded, clean, _ = sampler(folder, task=Demosaic()).batch(0)
    cell = np.zeros((16, 16, 3))
    cell[::2, ::2, 1] = cell[1::2, 1::2, 1] = 1
    cell[::2, 1::2, 0] = cell[1::2, ::2, 2] = 1
    np.testing.assert_array_equal(degraded, clean * cell)


def test_corners_of_turned_images():
    image = np.arange(7 * 9).reshape(7, 9)
    for turn, mirror in product(range(4), (False, True)):
        for top, left in product(range(5), range(7)):
            patch = image[top : top + 3, left : left + 3]
            view = turned(image, turn, mirror)
            y, x = turned_corner(top, left, 3, image.shape, turn, mirror)
            np.testing.assert_array_equal(
                view[y : y + 3, x : x + 3], turned(patch, turn, mirror)
            )
