import numpy as np
import pytest
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.layers.dual_attention import DualAttention


def build(**options):
    return DualAttention(
        reduction=2, kernel_size=3, kernel_initializer="zeros", **options
    )


def test_layer(tmp_path):
    layer = run_layer_test(build, tmp_path, 8)
    channel, spatial = 2 * 8 * 4 + 4 + 8, 9 * 2 + 2 + 9 * 2 + 1
    assert layer.count_params() == channel + spatial + 16 * 8 + 8
    assert layer.count_macs((2, 5, 7, 8)) == (
        2 * 64 + 70 * 2 * (9 + 9) + 70 * 16 * 8
    )
    # Two outputs and both joined, float32 and half.
    assert layer.workspace_bytes((2, 5, 7, 8)) == 4 * 560 * 4
    assert build(dtype="bfloat16").workspace_bytes((2, 5, 7, 8)) == 4 * 560 * 2


def test_units_stand_side_by_side(tmp_path):
    layer = run_layer_test(build, tmp_path, 8)
    x = random_image((2, 5, 7, 8))
    kernel, bias = (np.asarray(w) for w in layer.fuse.weights)
    units = (layer.channel_attention, layer.spatial_attention)
    joined = np.concatenate([np.asarray(unit(x)) for unit in units], axis=-1)
    np.testing.assert_allclose(
        np.asarray(layer(x)), joined @ kernel[0, 0] + bias, atol=1e-5
    )


def test_bad_arguments():
    with pytest.raises(ValueError, match="reduction"):
        DualAttention(0)
    with pytest.raises(ValueError, match="kernel_size"):
        DualAttention(kernel_size=4)
    with pytest.raises(ValueError, match="known number of channels"):
        DualAttention().build((None, None, None, None))
