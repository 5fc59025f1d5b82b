import numpy as np
import pytest
from testing import random_image

from kerasrestore.imaging.mosaic import PATTERNS, mosaic_input
from kerasrestore.tasks import Demosaic


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_samples_and_planes_become_the_same_mosaic(pattern, dtype):
    image = random_image((9, 12, 3), dtype)
    cell = np.tile(Demosaic(pattern).cell, (5, 6, 1))[:9, :12]
    planes = image * cell.astype(dtype)
    samples = planes.max(axis=-1)
    mosaic, (top, left) = mosaic_input(planes, pattern)
    assert mosaic.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(mosaic[top:, left:], planes)
    # Whatever the pattern was, it is GRBG now.
    wanted = np.tile(Demosaic("GRBG").cell, (6, 7, 1))
    assert not np.any(mosaic[~wanted[: 9 + top, : 12 + left]])
    for given in (samples, samples[..., None]):
        np.testing.assert_array_equal(mosaic_input(given, pattern)[0], mosaic)


def test_colours_that_were_not_sampled_are_an_error():
    with pytest.raises(ValueError, match="no sample; give its samples"):
        mosaic_input(np.ones((4, 4, 3), "f4"), "GRBG")
    planes = Demosaic("RGGB").degrade_benchmark(
        np.full((4, 4, 3), 9, "uint8"), 0
    )
    with pytest.raises(ValueError, match="pattern GRBG"):
        mosaic_input(planes, "GRBG")


def test_bad_arguments():
    with pytest.raises(ValueError, match="got 'XYZ'"):
        mosaic_input(np.ones((4, 4), "f4"), "XYZ")
    with pytest.raises(ValueError, match="1x4 pixels is smaller"):
        mosaic_input(np.ones((4, 1), "f4"), "RGGB")
