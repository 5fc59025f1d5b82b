import numpy as np
import pytest
from testing import random_image

from kerasrestore.tasks import Demosaic


@pytest.mark.parametrize("pattern", ["GRBG", "RGGB", "GBRG", "BGGR"])
@pytest.mark.parametrize("size", [(6, 8), (7, 5), (1, 1)])
def test_one_sample_a_pixel(pattern, size):
    clean = random_image((*size, 3), "uint8")
    wanted = np.zeros_like(clean)
    for y in range(size[0]):
        for x in range(size[1]):
            channel = "RGB".index(pattern[2 * (y % 2) + x % 2])
            wanted[y, x, channel] = clean[y, x, channel]
    found = Demosaic(pattern).degrade_benchmark(clean, 0)
    np.testing.assert_array_equal(np.rint(found * 255), wanted)


def test_the_papers_pattern():
    clean = np.full((2, 2, 3), 255, "uint8")
    found = Demosaic().degrade_benchmark(clean, 0)
    green, red, blue = np.eye(3)[[1, 0, 2]]
    np.testing.assert_array_equal(found, [[green, red], [blue, green]])


def test_bad_arguments():
    with pytest.raises(ValueError, match="pattern must be one of"):
        Demosaic("RGBG")
    with pytest.raises(ValueError, match="three channels"):
        Demosaic().degrade_benchmark(random_image((8, 8), "uint8"), 0)
    with pytest.raises(ValueError, match="three channels"):
        Demosaic().degrade_tensors(random_image((1, 8, 8, 1)))
