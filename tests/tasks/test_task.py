import keras
import numpy as np
import pytest
from PIL import Image
from testing import random_image, run_python, smooth_image

from kerasrestore.metrics import (
    psnr_gray,
    psnr_rgb,
    psnr_y,
    ssim_gray,
    ssim_rgb,
    ssim_y,
)
from kerasrestore.tasks import (
    TASKS,
    Demosaic,
    Denoise,
    Jpeg,
    RealPairs,
    SuperResolution,
)

MADE = [
    Denoise(25),
    Denoise(10, quantize=True),
    Demosaic(),
    Jpeg(10),
    SuperResolution(2),
    SuperResolution(3, quantize=False),
    SuperResolution(4, pre_upsampled=True),
]
IDS = [f"{task.name}-{index}" for index, task in enumerate(MADE)]


def test_names():
    assert {name: task().name for name, task in TASKS.items()} == {
        name: name for name in TASKS
    }


@pytest.mark.parametrize("task", MADE, ids=IDS)
def test_benchmark_images(task):
    clean = task.ground_truth(smooth_image(38, 51))
    degraded = task.degrade_benchmark(clean, 4)
    assert degraded.dtype == np.float32
    height, width = clean.shape[:2]
    assert degraded.shape == (height // task.scale, width // task.scale, 3)
    np.testing.assert_array_equal(degraded, task.degrade_benchmark(clean, 4))
    again = type(task)(**task.get_config())
    assert again.get_config() == task.get_config()
    np.testing.assert_array_equal(degraded, again.degrade_benchmark(clean, 4))
    assert not np.shares_memory(clean, degraded)
    if task.name != "demosaic":
        gray = task.degrade_benchmark(clean[..., 0], 4)
        assert gray.shape == degraded.shape[:2]
        np.testing.assert_array_equal(
            task.degrade_benchmark(clean[..., :1], 4)[..., 0], gray
        )


@pytest.mark.parametrize("task", MADE, ids=IDS)
def test_batches_of_patches(task):
    clean = smooth_image(24, 36)[None].repeat(3, 0).astype("float32") / 255
    degraded, strength = task.degrade(clean, np.random.default_rng(0))
    assert degraded.dtype == strength.dtype == np.float32
    assert strength.shape == (3,)
    rng = np.random.default_rng(0)
    for one, wanted in zip(clean, degraded, strict=True):
        found, value = task.degrade(one, rng)
        np.testing.assert_array_equal(found, wanted)
        assert value == strength[0]
    if task.name == "denoise":
        assert not np.array_equal(degraded[0], degraded[1])
    else:
        # What is not drawn is made alike for patches and benchmarks.
        image = np.rint(clean[0] * 255).astype("uint8")
        np.testing.assert_allclose(
            degraded[0], task.degrade_benchmark(image, 0), atol=1e-5
        )


@pytest.mark.parametrize("task", MADE, ids=IDS)
def test_tensor_operations(task):
    clean = np.stack([smooth_image(24, 36, seed=s) for s in range(4)])
    clean = clean.astype("float32") / 255
    seed = keras.random.SeedGenerator(0)
    found, strength = map(np.asarray, task.degrade_tensors(clean, seed))
    wanted, strengths = task.degrade(clean, np.random.default_rng(0))
    assert found.shape == wanted.shape and found.dtype == np.float32
    np.testing.assert_allclose(strength, strengths)
    if task.name == "denoise":
        noise, other = ((x - clean) * 255 for x in (found, wanted))
        assert np.std(noise) == pytest.approx(np.std(other), rel=0.03)
        assert np.mean(noise) == pytest.approx(np.mean(other), abs=1)
        assert not np.array_equal(noise[0], noise[1])
    elif task.name == "jpeg" or getattr(task, "quantize", False):
        # Where float32 comes to the other side of a half.
        assert np.abs(found - wanted).max() < 1.01 / 255
        assert np.mean(np.abs(found - wanted) > 1e-4) < 0.01
    else:
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_each_patch_has_its_own_quality_on_accelerators():
    task = Jpeg((20, 40))
    clean = np.stack([smooth_image(16, 32, seed=s) for s in range(32)])
    degraded, quality = map(
        np.asarray, task.degrade_tensors(clean.astype("float32") / 255, seed=3)
    )
    assert 20 <= quality.min() < 24 and 36 < quality.max() <= 40
    for patch, found, one in zip(clean, degraded, quality, strict=True):
        wanted = Jpeg(int(one)).degrade_benchmark(patch, 0)
        assert np.mean(np.abs(found - wanted) > 1e-4) < 0.01


def test_ranges_of_strength_on_accelerators():
    task = Denoise((5, 50))
    clean = np.full((64, 16, 16, 3), 0.5, "float32")
    noisy, sigma = map(np.asarray, task.degrade_tensors(clean, seed=3))
    assert 5 <= sigma.min() < 12 and 43 < sigma.max() <= 50
    for one, level in zip(noisy - 0.5, sigma, strict=True):
        assert np.std(one) * 255 == pytest.approx(level, rel=0.15)
    same, _ = map(np.asarray, task.degrade_tensors(clean, seed=3))
    np.testing.assert_array_equal(same, noisy)


@pytest.mark.parametrize(
    ("task", "channels", "name", "psnr", "ssim"),
    [
        (Denoise(25), 3, "rgb", psnr_rgb, ssim_rgb),
        (Denoise(25), 1, "gray", psnr_gray, ssim_gray),
        (Demosaic(), 3, "rgb", psnr_rgb, ssim_rgb),
        (Jpeg(10), 1, "gray", psnr_gray, ssim_gray),
        (SuperResolution(3), 3, "y_shave3", psnr_y, ssim_y),
        (SuperResolution(3), 1, "gray_shave3", psnr_gray, ssim_gray),
        (RealPairs(), 3, "rgb", psnr_rgb, ssim_rgb),
        (RealPairs("super_resolution", 4), 3, "y_shave4", psnr_y, ssim_y),
    ],
)
def test_scores(task, channels, name, psnr, ssim):
    clean = random_image((30, 33, channels), "uint8")
    noise = np.random.default_rng(0).normal(0, 0.1, clean.shape)
    restored = (clean / 255 + noise).astype("float32")
    levels = np.rint(restored.clip(0, 1) * np.float32(255)).astype("uint8")
    shave = int(name[-1]) if "shave" in name else 0
    assert task.protocol(channels) == name
    wanted = {
        "psnr": psnr(levels, clean, shave),
        "ssim": ssim(levels, clean, shave),
    }
    assert task.score(restored, clean) == wanted
    assert task.score(levels, clean) == wanted
    raw = task.score(restored, clean, quantize=False)
    assert raw["psnr"] == psnr(restored * np.float32(255), clean, shave)
    assert raw["psnr"] != wanted["psnr"]


def test_scores_want_images():
    clean = np.zeros((12, 12), "uint8")
    with pytest.raises(ValueError, match="ground truth must be uint8"):
        Denoise(5).score(clean, clean / 255)
    with pytest.raises(ValueError, match="restored image must be uint8"):
        Denoise(5).score(clean.astype("int32"), clean)
    with pytest.raises(ValueError, match="the same shape"):
        Denoise(5).score(clean[:11], clean)


def test_ground_truth(tmp_path):
    colour = random_image((13, 14, 3), "uint8")
    Image.fromarray(colour).save(tmp_path / "colour.png")
    Image.fromarray(colour[..., 0]).save(tmp_path / "gray.png")
    y = np.floor(16.5 + colour @ np.array([65.481, 128.553, 24.966]) / 255)
    for task in (Jpeg(10), SuperResolution(3)):
        height, width = (12, 12) if task.scale == 3 else (13, 14)
        found = task.load_clean(tmp_path / "colour.png", 1)
        np.testing.assert_array_equal(found[..., 0], y[:height, :width])
        found = task.load_clean(tmp_path / "gray.png", 1)
        np.testing.assert_array_equal(found[..., 0], colour[:height, :width, 0])
        found = task.load_clean(tmp_path / "colour.png")
        np.testing.assert_array_equal(found, colour[:height, :width])
    gray = Denoise(25).load_clean(tmp_path / "colour.png", 1)
    assert not np.array_equal(gray[..., 0], y)
    with pytest.raises(ValueError, match="smaller than the scale"):
        SuperResolution(4).ground_truth(colour[:3])


@pytest.mark.parametrize("task", MADE, ids=IDS)
def test_bad_images(task):
    with pytest.raises(ValueError, match="Benchmark images must be uint8"):
        task.degrade_benchmark(np.zeros((24, 24, 3)), 0)
    with pytest.raises(ValueError, match="Benchmark images must be uint8"):
        task.degrade_benchmark(np.zeros((1, 24, 24, 3), "uint8"), 0)
    with pytest.raises(ValueError, match="Patches must have shape"):
        task.degrade(np.zeros((24, 24), "float32"), np.random.default_rng(0))


def test_keras_is_loaded_for_tensors_alone():
    run_python(
        """
import sys
sys.modules["keras"] = sys.modules["tensorflow"] = None
import numpy as np
from kerasrestore.tasks import TASKS, Jpeg, SuperResolution
clean = np.zeros((24, 24, 3), "uint8")
SuperResolution(2).degrade_benchmark(clean, 0)
figures = Jpeg(10).score(Jpeg(10).degrade_benchmark(clean, 0), clean)
assert figures["ssim"] == 1
"""
    )


@pytest.mark.parametrize(
    "task",
    [Denoise((5, 50)), Demosaic(), SuperResolution(2, True), Jpeg((10, 90))],
)
def test_tensor_operations_are_compiled(task):
    clean = np.stack([smooth_image(24, 36, seed=s) for s in range(2)])
    clean = clean.astype("float32") / 255

    def degrade(images):
        return task.degrade_tensors(images, seed=1)

    if keras.backend.backend() == "jax":
        import jax

        compiled = jax.jit(degrade)
    else:
        import tensorflow as tf

        known = task.name in ("jpeg", "super_resolution")
        sides = (24, 36) if known else (None, None)
        spec = tf.TensorSpec((None, *sides, 3))
        compiled = tf.function(degrade, input_signature=[spec])
    for found, wanted in zip(compiled(clean), degrade(clean), strict=True):
        difference = np.abs(np.asarray(found) - np.asarray(wanted))
        assert difference.max() < 1.01 / 255
        assert np.mean(difference > 1e-4) < 0.01
