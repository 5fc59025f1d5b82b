import keras
import numpy as np
import pytest
from numeric import check_gradients

from kerasrestore.imaging.resampling import bicubic_matrix
from kerasrestore.ops.resampling import resize_bicubic


@pytest.mark.parametrize("rule", ["matlab", "size", "scale"])
def test_against_matrices(rule):
    x = np.random.default_rng(0).random((2, 11, 8, 3))
    rows, columns = (
        bicubic_matrix(n, m, rule, 0.7) for n, m in ((11, 7), (8, 5))
    )
    found = resize_bicubic(x.astype("float32"), (7, 5), rule, 0.7)
    wanted = np.einsum("ij,bjkc,lk->bilc", rows, x, columns)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_gradient():
    x = np.random.default_rng(0).random((1, 6, 5, 2))
    check_gradients(lambda x: resize_bicubic(x, (5, 3)), x)


def test_unknown_sizes_are_refused():
    with pytest.raises(ValueError, match="known height and width"):
        resize_bicubic(keras.KerasTensor((1, None, 8, 3)), (4, 4))
