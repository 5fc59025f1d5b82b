import numpy as np
import pytest
from testing import random_image, smooth_image

from kerasrestore.tasks import SuperResolution


def cubic(x):
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def literal_imresize(line, size):
    """MATLAB's imresize of one line, sample by sample."""
    scale = size / len(line)
    shrink = min(scale, 1.0)
    samples = []
    for out in range(1, size + 1):
        centre = out / scale + 0.5 * (1 - 1 / scale)
        first = int(np.floor(centre - 2 / shrink))
        weights, values = [], []
        for place in range(first, first + int(np.ceil(4 / shrink)) + 2):
            weights.append(shrink * cubic(shrink * (centre - place)))
            # Mirrored, the end sample twice: 1 2 3 3 2 1 1 2 ...
            at = (place - 1) % (2 * len(line))
            values.append(line[min(at, 2 * len(line) - 1 - at)])
        samples.append(np.dot(weights, values) / np.sum(weights))
    return np.array(samples)


def literal_levels(image):
    return np.floor(np.clip(image, 0, 255) + 0.5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_shrunk_as_by_matlab(scale):
    clean = random_image((24, 36), "uint8")
    size = 24 // scale, 36 // scale
    rows = np.apply_along_axis(literal_imresize, 0, clean, size[0])
    exact = np.apply_along_axis(literal_imresize, 1, rows, size[1])
    found = SuperResolution(scale, quantize=False).degrade_benchmark(clean, 0)
    np.testing.assert_allclose(found * 255, exact, atol=1e-3)
    rounded = np.apply_along_axis(
        literal_imresize, 1, literal_levels(rows), size[1]
    )
    task = SuperResolution(scale)
    found = task.degrade_benchmark(clean, 0)
    np.testing.assert_allclose(found * 255, literal_levels(rounded), atol=1e-4)
    assert task.scale == task.setting == task.shave == scale


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarged_again(scale):
    clean = random_image((24, 36, 3), "uint8")
    small = SuperResolution(scale).degrade_benchmark(clean, 0)
    task = SuperResolution(scale, pre_upsampled=True)
    found = task.degrade_benchmark(clean, 0)
    rows = np.apply_along_axis(literal_imresize, 0, small, 24)
    wanted = np.apply_along_axis(literal_imresize, 1, rows, 36)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert task.scale == 1 and task.setting == scale


@pytest.mark.parametrize("pre_upsampled", [False, True])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_crops_on_the_grid_are_shrunk_like_the_whole(scale, pre_upsampled):
    task = SuperResolution(scale, pre_upsampled)
    clean = smooth_image(96, 120)
    whole = task.degrade_benchmark(clean, 0)
    halo = task.halo // task.scale
    assert halo * task.scale == task.halo
    for top, left, bottom, right in ((0, 24, 60, 120), (12, 0, 72, 84)):
        crop = task.degrade_benchmark(clean[top:bottom, left:right], 0)
        place = whole[
            top // task.scale : bottom // task.scale,
            left // task.scale : right // task.scale,
        ]
        height, width = crop.shape[:2]
        inner = np.s_[
            halo if top else 0 : height - halo if bottom < 96 else height,
            halo if left else 0 : width - halo if right < 120 else width,
        ]
        np.testing.assert_allclose(crop[inner], place[inner], atol=1e-6)


def test_several_scales_in_one_training():
    task = SuperResolution((2, 3, 4), pre_upsampled=True)
    assert task.modulus == 12 and task.shave == 4
    clean = smooth_image(36, 48).astype("float32") / 255
    rng = np.random.default_rng(0)
    drawn = {}
    for _ in range(30):
        degraded, scale = task.degrade(clean, rng)
        drawn[int(scale)] = degraded
    assert sorted(drawn) == [2, 3, 4]
    for scale, degraded in drawn.items():
        single = SuperResolution(scale, pre_upsampled=True)
        wanted, _ = single.degrade(clean, rng)
        np.testing.assert_array_equal(degraded, wanted)
    with pytest.raises(ValueError, match="one scale"):
        task.degrade_benchmark(smooth_image(36, 48), 0)
    again = SuperResolution(**task.get_config())
    assert again.get_config() == task.get_config()


def test_bad_arguments():
    for scale in (1, 5, 2.5, (), "2"):
        with pytest.raises(ValueError, match="scale must be 2, 3 or 4"):
            SuperResolution(scale)
    with pytest.raises(ValueError, match="pre_upsampled=True"):
        SuperResolution((2, 3))
    with pytest.raises(ValueError, match="multiples of 3"):
        SuperResolution(3).degrade_benchmark(random_image((8, 9), "uint8"), 0)
    with pytest.raises(ValueError, match="multiples of 2"):
        SuperResolution(2).degrade_tensors(random_image((1, 9, 8, 3)))
