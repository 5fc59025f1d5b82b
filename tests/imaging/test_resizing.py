import numpy as np
import pytest
from PIL import Image
from testing import random_image

from kerasrestore.imaging.resizing import resized


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
def test_within_the_values_of_the_array(dtype):
    top = 1 if dtype.startswith("f") else np.iinfo(dtype).max
    alpha = np.zeros((6, 8), dtype)
    alpha[2:5, 3:6] = top
    large = resized(alpha, 18, 24, clip=True)
    assert large.dtype == dtype and large.shape == (18, 24)
    assert large.min() == 0 and large.max() == top


def test_floats_as_pillow_resizes_them():
    """Overshoot is kept unless it is to be clipped; channels are alike."""
    image = random_image((9, 7, 3))
    found = resized(image, 4, 15)
    assert found.dtype == np.float32 and found.shape == (4, 15, 3)
    plane = Image.fromarray(np.ascontiguousarray(image[..., 1]))
    wanted = plane.resize((15, 4), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(found[..., 1], np.asarray(wanted))
