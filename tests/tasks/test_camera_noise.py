"""Noise of cameras, film and photo files."""

import numpy as np
import pytest
from PIL import Image
from testing import smooth_image

from kerasrestore.data import PatchSampler
from kerasrestore.tasks import CameraNoise, Denoise
from kerasrestore.tasks.camera.bayer import (
    PHASES,
    demosaic_bilinear,
    demosaic_malvar,
    mosaic,
)
from kerasrestore.tasks.camera.raw_pipeline import RawPipeline
from kerasrestore.tasks.camera.sensor import sensor_noise
from kerasrestore.training import Validation


def photo(side=64, seed=0):
    return smooth_image(side, side, seed=seed).astype(np.float32) / 255


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("demosaic", [demosaic_bilinear, demosaic_malvar])
def test_demosaic_of_ramps(phase, demosaic):
    """Linear images are filled in exactly, away from the border."""
    rows, columns = np.mgrid[:16, :12].astype(np.float32)
    image = np.stack([rows + columns, 2 * rows, 30 - columns], -1)
    filled = demosaic(mosaic(image, phase), phase)
    # Malvar-He-Cutler takes the channels' slopes to be equal.
    if demosaic is demosaic_malvar:
        image = np.stack([rows + columns] * 3, -1)
        filled = demosaic(mosaic(image, phase), phase)
    np.testing.assert_allclose(filled[3:-3, 3:-3], image[3:-3, 3:-3], atol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_development_is_undone(seed):
    pipeline = RawPipeline(np.random.default_rng(seed))
    image = photo(seed=seed) * np.float32(0.8)
    again = pipeline.develop(pipeline.unprocess(image))
    assert np.abs(again - image).max() < 1.5 / 255


def test_variance_of_the_sensor():
    """Grows with brightness as the formula says."""
    shot = 1e-3
    level, read = 0.4, np.exp(2.18 * np.log(shot) + 1.2)
    samples = np.full((300, 300), level, np.float32)
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found.append(sensor_noise(samples, rng, (shot, shot)).var())
    wanted = level * shot + read
    assert abs(np.median(found) / wanted - 1) < 0.1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["camera", "gaussian", "film", "clean"])
def test_kinds(kind, channels):
    task = CameraNoise(shares={kind: 1.0})
    clean = photo()[..., :channels]
    for seed in range(6):
        rng = np.random.default_rng(seed)
        noisy, target, level = task.training_pair(clean, rng)
        assert noisy.shape == target.shape == clean.shape
        assert noisy.dtype == target.dtype == np.float32
        assert target.min() >= 0 and target.max() <= 1
        if kind == "clean":
            assert level == 0
            np.testing.assert_array_equal(noisy, clean)
            continue
        difference = 255 * np.sqrt(np.mean(np.square(noisy - target)))
        assert level == pytest.approx(difference, rel=1e-4)


@pytest.mark.parametrize("level", [0.03, 0.3, 0.8])
def test_the_target_is_as_bright_as_the_photograph(level):
    """Like the mean of many shots, in shadows and highlights too."""
    task = CameraNoise(shot=1e-2, shares={"camera": 1.0}, jpeg=0)
    clean = np.full((96, 96, 3), level, np.float32)
    shifts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noisy, target, _ = task.training_pair(clean, rng)
        shifts.append(255 * np.abs((noisy - target).mean((0, 1))))
        # Little of the noise itself is left in it.
        assert target.std((0, 1)).max() < 0.15 * (noisy - target).std()
    assert np.mean(shifts) < 0.8


def test_repeats():
    """All is drawn from the generator."""
    pairs = [
        CameraNoise().training_pair(photo(), np.random.default_rng(3))
        for _ in range(2)
    ]
    for one, two in zip(*pairs, strict=True):
        np.testing.assert_array_equal(one, two)


def test_benchmark():
    """Photographs of 8 bits, the same each time, others for each index."""
    task = CameraNoise(shares={"camera": 1.0}, jpeg=1.0, quality=92)
    clean = np.rint(photo() * 255).astype(np.uint8)
    noisy, target = task.benchmark_pair(clean, 4)
    assert target.dtype == np.uint8 and target.shape == clean.shape
    levels = noisy * np.float32(255)
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    np.testing.assert_array_equal(noisy, task.degrade_benchmark(clean, 4))
    assert (noisy != task.degrade_benchmark(clean, 5)).any()
    assert task.strength(noisy, target) == pytest.approx(
        np.sqrt(np.mean((levels - target.astype(float)) ** 2)), rel=1e-4
    )
    assert task.benchmark_pair(clean[..., 0], 4)[0].shape == (64, 64)


def test_config():
    task = CameraNoise(shot=(1e-3, 1e-2), denoised=0.2, quality=(60, 90))
    assert CameraNoise(**task.get_config()).get_config() == task.get_config()
    assert [kind.label for kind in task.validation_tasks()] == [
        "camera",
        "gaussian",
        "film",
        "clean",
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"shares": {"camera": 0.5}}, "add up to 1"),
        ({"shares": {"fog": 1.0}}, "fog"),
        ({"shares": {"camera": 1.5, "clean": -0.5}}, "at least 0"),
        ({"quality": ()}, "quality"),
        ({"shot": (1e-2, 1e-3)}, "shot"),
        ({"quality": 0}, "quality"),
        ({"jpeg": 1.5}, "jpeg"),
        ({"sigma": "loud"}, "sigma"),
    ],
)
def test_arguments(options, told):
    with pytest.raises(ValueError, match=told):
        CameraNoise(**options)


def test_patches_come_with_their_target(tmp_path):
    """The clean patch of a batch is the target, not the image."""
    image = Image.fromarray(np.rint(photo(96) * 255).astype(np.uint8))
    image.save(tmp_path / "a.png")
    sampler = PatchSampler(
        tmp_path,
        CameraNoise(shares={"camera": 1.0}),
        patch_size=32,
        batch_size=4,
        scales=(0.5, 1.0),
    )
    noisy, target, level = sampler.batch(0)
    assert noisy.shape == target.shape == (4, 32, 32, 3)
    assert (level > 0).all()
    for one, two in zip(sampler.batch(0), (noisy, target, level), strict=True):
        np.testing.assert_array_equal(one, two)


def test_validation(tmp_path):
    """A figure for each kind; crops of a grid; the worst crop."""

    class Same:
        size_multiple = 4
        sigma_input = False

        def restore_tile(self, tile, sigma):
            return tile

    image = Image.fromarray(np.rint(photo(96) * 255).astype(np.uint8))
    image.save(tmp_path / "a.png")
    validate = Validation(
        tmp_path, CameraNoise().validation_tasks(), crop=32, crops=2
    )
    figures = validate(Same())
    kinds = [f"psnr_{kind}" for kind in ("camera", "gaussian", "film")]
    assert figures["psnr"] == pytest.approx(
        np.mean([figures[kind] for kind in kinds])
    )
    # Only rounding to 8 bits comes between input and output.
    assert -0.5 < figures["worst_gain"] < 6
    assert len(list(validate._windows(4))) == 4


def test_worst_gain_leaves_nearly_clean_crops_out(tmp_path):
    class Offset:
        size_multiple = 4
        sigma_input = False

        def restore_tile(self, tile, sigma):
            return tile + np.float32(2 / 255)

    image = Image.fromarray(np.rint(photo(96) * 200).astype(np.uint8))
    image.save(tmp_path / "a.png")
    for sigma, counted in ((0.3, False), (5.0, True)):
        figures = Validation(tmp_path, [Denoise(sigma)], crop=64)(Offset())
        assert ("worst_gain" in figures) == counted
    assert -1.0 < figures["worst_gain"] < 0.0
