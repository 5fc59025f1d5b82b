import keras
import numpy as np
import pytest
from tasks.camera_tensors import compare
from testing import ROOT, run_python, smooth_image

from kerasrestore.data import PatchSampler
from kerasrestore.tasks import CameraNoise
from kerasrestore.tasks.camera.tensors.draws import Draws, draw
from kerasrestore.training import DevicePatches

CASES = [
    ("camera", 3, 0.0),
    ("camera", 3, 1.0),
    ("camera", 1, 0.8),
    ("gaussian", 3, 0.8),
    ("film", 3, 0.8),
    ("film", 1, 0.0),
    ("clean", 3, 0.8),
]


@pytest.mark.parametrize(("kind", "channels", "jpeg"), CASES)
def test_the_same_numbers_give_the_noise_of_numpy(kind, channels, jpeg):
    compare(kind, channels, jpeg)


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.path.insert(0, sys.argv[1])
from tasks.camera_tensors import compare
compare("camera", 3, 0.8)
compare("film", 3, 0.0)
"""


def test_the_same_with_jax():
    run_python(JAX, ROOT / "tests", KERAS_BACKEND="jax")


def test_shares_of_the_mixture():
    task = CameraNoise(
        shares={"gaussian": 0.5, "film": 0.25, "clean": 0.25}, jpeg=0.0
    )
    clean = np.full((400, 20, 20, 3), 0.5, "float32")
    drawn = task.draw_tensors(clean.shape, keras.random.SeedGenerator(1))
    noisy, target, strength = map(np.asarray, task.pair_tensors(clean, drawn))
    assert 0.18 < np.mean(strength == 0) < 0.32
    untouched = noisy[strength == 0]
    np.testing.assert_array_equal(untouched, clean[: len(untouched)])
    found = 255 * np.sqrt(np.mean((noisy - target) ** 2, axis=(1, 2, 3)))
    np.testing.assert_allclose(strength, found, rtol=1e-4)


def test_distributions_of_what_is_drawn():
    drawn = draw((4000, 20, 20, 1), keras.random.SeedGenerator(0))
    draws = Draws(drawn)
    kinds = np.asarray(draws.choice("demosaic", (0.5, 0.25, 0.25))).ravel()
    shares = np.bincount(kinds, minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=0.04)
    whole = np.asarray(draws.integers("quality0", 5.0, 8.0)).ravel()
    assert sorted(set(whole)) == [5, 6, 7]
    level = np.asarray(draws.normal("read", 2.0, 0.5))
    assert level.mean() == pytest.approx(2, abs=0.05)
    assert level.std() == pytest.approx(0.5, abs=0.03)


def test_patches_of_the_device(tmp_path):
    from PIL import Image

    Image.fromarray(smooth_image(60, 70)).save(tmp_path / "a.png")
    sampler = PatchSampler(tmp_path, CameraNoise(), patch_size=24, batch_size=6)
    noisy, target, strength = DevicePatches(sampler).batch(0)
    assert noisy.shape == target.shape == (6, 24, 24, 3)
    assert np.isfinite(noisy).all() and (strength >= 0).all()
    assert target.min() >= 0 and target.max() <= 1


def test_images_that_are_too_small():
    task = CameraNoise()
    for shape in ((1, 16, 16, 3), (1, 24, 32, 3)):
        drawn = task.draw_tensors(shape, 0)
        with pytest.raises(ValueError, match="at least 20 pixels, got"):
            task.pair_tensors(np.zeros(shape, "float32"), drawn)
