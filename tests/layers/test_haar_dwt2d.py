import numpy as np
import pytest
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.layers.haar_dwt2d import HaarDWT2D
from kerasrestore.ops.wavelet import haar_dwt2d


def test_layer(tmp_path):
    layer = run_layer_test(HaarDWT2D, tmp_path, 3)
    x = random_image((2, 4, 6, 3))
    np.testing.assert_array_equal(np.asarray(layer(x)), haar_dwt2d(x))
    assert layer.count_macs((2, 4, 6, 3)) == 0


def test_odd_sizes_are_refused():
    with pytest.raises(ValueError, match="5x4"):
        HaarDWT2D()(np.zeros((1, 5, 4, 1), "float32"))
