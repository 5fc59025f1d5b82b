import numpy as np
import pytest
from testing import smooth_image

from kerasrestore.imaging.resizing import resized
from kerasrestore.tasks import CameraSuperResolution, SuperResolution

IMAGE = smooth_image(96, 120)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_sizes_and_the_same_draws(scale):
    task = CameraSuperResolution(scale)
    small, target = task.benchmark_pair(IMAGE, 3)
    assert small.shape == (96 // scale, 120 // scale, 3)
    np.testing.assert_array_equal(target, IMAGE)
    np.testing.assert_array_equal(small * 255, np.rint(small * 255))
    again = CameraSuperResolution(**task.get_config())
    np.testing.assert_array_equal(small, again.benchmark_pair(IMAGE, 3)[0])
    assert not np.array_equal(small, task.benchmark_pair(IMAGE, 4)[0])
    gray = task.degrade_benchmark(IMAGE[..., 0], 3)
    assert gray.shape == small.shape[:2]


def test_without_noise_it_is_the_shrunk_image_sharp_or_blurred():
    task = CameraSuperResolution(2, shares={"clean": 1.0})
    shrunk = np.clip(resized(IMAGE / np.float32(255), 48, 60), 0, 1)
    errors = [
        np.abs(task.degrade_benchmark(IMAGE, index) - shrunk).max()
        for index in range(10)
    ]
    assert min(errors) <= 0.51 / 255 < max(errors)


def test_noise_is_added_and_not_the_look_of_a_camera():
    quiet = {"shot": 1e-8, "shares": {"camera": 1.0}, "quality": 100}
    task = CameraSuperResolution(2, **quiet)
    for index in range(8):
        small = task.degrade_benchmark(IMAGE, index)
        # A camera's colours and tone curve differ by far more.
        shrunk = resized(IMAGE / np.float32(255), 48, 60)
        assert np.abs(small - shrunk).mean() < 0.02
    noisy = CameraSuperResolution(2, shot=2e-2, shares={"camera": 1.0})
    error = np.std(noisy.degrade_benchmark(IMAGE, 0) - shrunk)
    assert error > 0.02


def test_scores_are_those_of_the_published_tables():
    other = np.clip(IMAGE.astype(int) + 5, 0, 255).astype(np.uint8)
    assert CameraSuperResolution(3).score(other, IMAGE) == SuperResolution(
        3
    ).score(other, IMAGE)
    assert CameraSuperResolution(3).protocol(3) == "y_shave3"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": 5}, "scale must be 2, 3 or 4, got 5"),
        ({"shares": {"rain": 1.0}}, "shares of camera"),
        ({"sigma": -1}, "sigma must be within"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        CameraSuperResolution(**options)


def test_other_sides_are_refused():
    with pytest.raises(ValueError, match="multiples of 2"):
        CameraSuperResolution(2).training_pair(
            np.zeros((31, 32, 3), "f4"), np.random.default_rng(0)
        )
