import numpy as np
import pytest
from testing import smooth_image

from kerasrestore.imaging.jpeg_file import jpeg_levels
from kerasrestore.tasks import RecompressedJpeg

IMAGE = smooth_image(64, 80)
# One compression and nothing else.
PLAIN = {
    "twice": 0.0,
    "resized": 0.0,
    "monochrome": 0.0,
    "clean": 0.0,
    "grain": 0.0,
}


def degraded(task, image=IMAGE, index=0):
    return task.benchmark_pair(image, index)


def test_one_compression_is_that_of_the_file():
    pixels, target = degraded(RecompressedJpeg(30, **PLAIN))
    np.testing.assert_array_equal(target, IMAGE)
    levels = np.rint(pixels * 255).astype(np.uint8)
    found = [
        np.array_equal(levels, jpeg_levels(IMAGE, 30, subsampling=kind))
        for kind in range(3)
    ]
    assert sum(found) == 1


def test_a_lower_quality_is_farther_from_the_target():
    errors = []
    for quality in (10, 30, 75, 95):
        pixels, target = degraded(RecompressedJpeg(quality, **PLAIN))
        errors.append(np.square(pixels - target / 255).mean())
    assert errors == sorted(errors, reverse=True)


def test_a_second_compression_has_another_grid():
    task = RecompressedJpeg(10, **{**PLAIN, "twice": 1.0})
    columns = set()
    for index in range(12):
        pixels, _ = degraded(task, index=index)
        steps = np.abs(np.diff(pixels.mean(-1), axis=1)).mean(0)
        columns.add(int(np.argmax(steps[:72].reshape(9, 8).sum(0))))
    assert len(columns) > 2


def test_resized_files_keep_their_size_and_have_no_grid_of_eight():
    task = RecompressedJpeg(10, **{**PLAIN, "resized": 1.0})
    pixels, target = degraded(task)
    assert pixels.shape == target.shape
    np.testing.assert_array_equal(target, IMAGE)
    levels = np.rint(pixels * 255).astype(np.uint8)
    assert not any(
        np.array_equal(levels, jpeg_levels(IMAGE, 10, subsampling=kind))
        for kind in range(3)
    )


def test_monochrome_files_have_equal_channels_and_such_a_target():
    task = RecompressedJpeg(20, **{**PLAIN, "monochrome": 1.0})
    pixels, target = degraded(task)
    assert np.ptp(target.astype(int), axis=-1).max() == 0
    assert np.ptp(np.rint(pixels * 255), axis=-1).max() <= 2
    luma = IMAGE @ [0.299, 0.587, 0.114]
    assert np.abs(target[..., 0] - luma).max() <= 1


def test_some_images_are_left_as_they_are():
    task = RecompressedJpeg(20, **{**PLAIN, "clean": 1.0})
    pixels, target = degraded(task)
    np.testing.assert_array_equal(np.rint(pixels * 255), target)


def test_grain_belongs_to_the_target():
    task = RecompressedJpeg(95, **{**PLAIN, "grain": 1.0})
    deviations = []
    for index in range(10):
        pixels, target = degraded(task, index=index)
        grain = target.astype(int) - IMAGE
        deviations.append(np.std(grain[(IMAGE > 20) & (IMAGE < 235)]))
        assert np.abs(pixels * 255 - target).mean() < 6
    assert min(deviations) < 2 < max(deviations) < 7


def test_gray_images_and_the_same_draws():
    task = RecompressedJpeg((10, 95))
    gray = IMAGE[..., 0]
    pixels, target = degraded(task, gray)
    assert pixels.shape == target.shape == gray.shape
    np.testing.assert_array_equal(pixels, degraded(task, gray)[0])
    again = RecompressedJpeg(**task.get_config())
    np.testing.assert_array_equal(pixels, degraded(again, gray)[0])
    assert not np.array_equal(pixels, degraded(task, gray, index=1)[0])


def test_validation_leaves_no_image_as_it_is():
    tasks = RecompressedJpeg((10, 95), clean=1.0).validation_tasks()
    assert [task.setting for task in tasks] == [10, 30, 75]
    assert {task.clean for task in tasks} == {0.0}
    with pytest.raises(ValueError, match=r"got the range 10\.\.95"):
        _ = RecompressedJpeg((10, 95)).setting


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quality": 0}, "got 0"),
        ({"quality": (90, 10)}, r"got \(90, 10\)"),
        ({"quality": 10.5}, "must be an integer"),
        ({"quality": "high"}, "must be an integer"),
        ({"twice": 1.5}, "twice must be a fraction"),
        ({"clean": -0.1}, "clean must be a fraction"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        RecompressedJpeg(**options)
