import numpy as np
import pytest
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.layers.spatial_attention import SpatialAttention


def test_layer(tmp_path):
    layer = run_layer_test(SpatialAttention, tmp_path, 8)
    assert layer.count_params() == 9 * 2 + 2 + 49 * 2 + 1
    assert layer.count_macs((3, 5, 7, 8)) == 3 * 35 * 2 * (9 + 49)


def correlate(x, kernel):
    """Zero-padded correlation of one map, written out."""
    radius = kernel.shape[0] // 2
    padded = np.pad(x, radius)
    output = np.zeros_like(x)
    for i, j in np.ndindex(*kernel.shape):
        output += kernel[i, j] * padded[i : i + x.shape[0], j : j + x.shape[1]]
    return output


def test_against_the_definition(tmp_path):
    layer = run_layer_test(
        lambda **options: SpatialAttention(5, **options), tmp_path, 6
    )
    x = random_image((1, 6, 7, 6)).astype("float64")
    own, own_bias, join, join_bias = (np.asarray(w) for w in layer.weights)
    logit = join_bias[0]
    for index, one in enumerate((x[0].max(-1), x[0].mean(-1))):
        seen = correlate(one, own[:, :, index, 0]) + own_bias[index]
        logit = logit + correlate(np.maximum(seen, 0), join[:, :, index, 0])
    factor = 1 / (1 + np.exp(-logit))
    np.testing.assert_allclose(
        np.asarray(layer(x))[0], x[0] * factor[..., None], atol=1e-6
    )


@pytest.mark.parametrize("size", [0, 2, 2.5])
def test_bad_kernel_size(size):
    with pytest.raises(ValueError, match="kernel_size"):
        SpatialAttention(size)


def test_bad_input():
    with pytest.raises(ValueError, match="known number of channels"):
        SpatialAttention().build((None, 5, 5))
