import numpy as np
import pytest
from testing import ROOT, image_folder, run_python
from training.patches.same_patches import CASES, compare

from kerasrestore.data import PairSampler, PatchSampler, folder_pairs
from kerasrestore.tasks import Denoise, Jpeg, SuperResolution, Task
from kerasrestore.training.patches import image_bank
from kerasrestore.training.patches.device_patches import DevicePatches


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images of several sizes, upright and lying."""
    folder = tmp_path_factory.mktemp("images")
    image_folder(folder / "a", 2, (75, 96))
    image_folder(folder / "b", 2, (101, 66), seed=5)
    for path in (*folder.glob("a/*"), *folder.glob("b/*")):
        path.rename(folder / f"{path.parent.name}_{path.name}")
    return folder


def sampler(folder, task=None, **options):
    options = {"patch_size": 16, "batch_size": 4, **options}
    return PatchSampler(folder, task or Denoise((0, 55)), **options)


@pytest.mark.parametrize("name", CASES)
def test_the_same_numbers_give_the_patches_of_numpy(folder, name):
    compare(name, folder)


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.path.insert(0, sys.argv[2])
from training.patches.same_patches import CASES, compare
for name in CASES:
    compare(name, sys.argv[1], steps=2)
"""


def test_the_same_with_jax(folder):
    run_python(JAX, folder, ROOT / "tests", KERAS_BACKEND="jax")


def test_batches_depend_on_seed_and_step_alone(folder):
    one, two = (DevicePatches(sampler(folder)) for _ in range(2))
    two.batch(3)
    for step in (0, 5):
        for found, wanted in zip(one.batch(step), two.batch(step), strict=True):
            np.testing.assert_array_equal(found, wanted)
    other = DevicePatches(sampler(folder, seed=1))
    for patches, step in ((one, 1), (other, 0)):
        for found, wanted in zip(
            patches.batch(step), one.batch(0), strict=True
        ):
            assert not np.array_equal(found, wanted)


def test_every_place_and_view_is_drawn(tmp_path):
    image_folder(tmp_path, 3, (18, 21))
    patches = DevicePatches(sampler(tmp_path, batch_size=4000))
    drawn = patches.draw(patches.resident(0), 0)
    for name, count in (
        ("image", 3),
        ("top", 3),
        ("left", 6),
        ("turn", 4),
        ("mirror", 2),
    ):
        values = np.bincount(np.asarray(drawn[name]))
        assert len(values) == count
        # Five standard deviations.
        spread = 5 * np.sqrt(4000 / count)
        assert np.abs(values - 4000 / count).max() < spread
    sigma = np.asarray(drawn["task"]["sigma"])
    assert sigma.min() < 1 and sigma.max() > 54
    noise = np.asarray(drawn["task"]["noise"])
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 1) < 0.01
    # The draws of a patch tell nothing about each other.
    every = np.stack(
        [np.asarray(drawn[n], "f8") for n in ("image", "top", "left", "turn")]
    )
    correlation = np.corrcoef(np.concatenate([every, sigma[None]]))
    assert np.abs(correlation - np.eye(5)).max() < 0.08


def test_of_several_crops_the_most_textured(folder):
    def texture(crops):
        patches = DevicePatches(sampler(folder, crops=crops, batch_size=40))
        clean = patches.batch(0)[1]
        return sum(np.abs(np.diff(clean, axis=axis)).mean() for axis in (1, 2))

    assert texture(6) > 1.2 * texture(1)


def test_what_is_cut_on_the_host(folder, tmp_path, monkeypatch):
    class Own(Task):
        name = degradation = "own"

    with pytest.raises(ValueError, match="own has no degradation in tensor"):
        DevicePatches(sampler(folder, Own()))
    pairs = PairSampler(folder_pairs(folder, folder), patch_size=16)
    with pytest.raises(ValueError, match="not from a PairSampler"):
        DevicePatches(pairs)
    image_folder(tmp_path, 1, (40, 30))
    with pytest.raises(ValueError, match=r"0.png is 30x40; .* 48 pixels"):
        DevicePatches(sampler(tmp_path, Jpeg(10)))
    # Twenty-four pixels do for it, and so does their surrounding for x2.
    assert (
        DevicePatches(sampler(tmp_path, SuperResolution(2))).places.side == 24
    )
    monkeypatch.setattr(image_bank, "free_bytes", lambda: 20_000)
    with pytest.raises(ValueError, match="more than half of the free memory"):
        DevicePatches(sampler(folder))
