import numpy as np
import pytest
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.layers.haar_dwt2d import HaarDWT2D
from kerasrestore.layers.haar_iwt2d import HaarIWT2D


def test_layer(tmp_path):
    layer = run_layer_test(HaarIWT2D, tmp_path, 8)
    x = random_image((2, 4, 6, 3))
    np.testing.assert_allclose(np.asarray(layer(HaarDWT2D()(x))), x, atol=1e-6)
    assert layer.count_macs((2, 4, 6, 8)) == 0


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="6 channels"):
        HaarIWT2D()(np.zeros((1, 4, 4, 6), "float32"))
