import keras
import numpy as np
import pytest

from kerasrestore.imaging.resampling import bicubic_matrix
from kerasrestore.ops.enlarge import enlarge_bicubic


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(2, 2), (5, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_matlabs_rule(scale, size, channels):
    x = np.random.default_rng(0).random((2, *size, channels))
    rows, columns = (bicubic_matrix(n, n * scale, "matlab") for n in size)
    wanted = np.einsum("yh,bhwc,xw->byxc", rows, x, columns)
    given = enlarge_bicubic(x.astype("float32"), scale)
    np.testing.assert_allclose(given, wanted, atol=1e-6)


def test_sizes_may_be_unknown():
    x = keras.Input((None, None, 3))
    model = keras.Model(x, enlarge_bicubic(x, 3))
    assert model.output_shape == (None, None, None, 3)
    for size in (2, 7):
        image = np.ones((1, size, 4, 3), "float32")
        np.testing.assert_allclose(
            model(image), np.ones((1, 3 * size, 12, 3)), atol=1e-6
        )


@pytest.mark.parametrize("scale", [1, 1.5])
def test_bad_scale(scale):
    with pytest.raises(ValueError, match="scale expects whole numbers"):
        enlarge_bicubic(np.zeros((1, 4, 4, 1), "float32"), scale)
