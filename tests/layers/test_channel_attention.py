import numpy as np
import pytest
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.layers.channel_attention import ChannelAttention


def test_layer(tmp_path):
    layer = run_layer_test(
        lambda **options: ChannelAttention(reduction=2, **options), tmp_path, 9
    )
    # Four channels in between.
    assert layer.count_params() == 9 * 4 + 4 + 4 * 9 + 9
    assert layer.count_macs((2, 5, 7, 9)) == 2 * (9 * 4 + 4 * 9)


def test_against_the_definition(tmp_path):
    layer = run_layer_test(
        lambda **options: ChannelAttention(reduction=2, **options), tmp_path, 6
    )
    x = random_image((2, 5, 4, 6)).astype("float64")
    down, down_bias, up, up_bias = (np.asarray(w) for w in layer.weights)
    seen = np.maximum(x.mean((1, 2)) @ down[0, 0] + down_bias, 0)
    factor = 1 / (1 + np.exp(-(seen @ up[0, 0] + up_bias)))
    np.testing.assert_allclose(
        np.asarray(layer(x)), x * factor[:, None, None], atol=1e-6
    )


def test_few_channels_keep_one():
    layer = ChannelAttention()
    layer.build((None, None, None, 3))
    assert layer.reduce.filters == 1


@pytest.mark.parametrize("reduction", [0, -2, 1.5, "a"])
def test_bad_reduction(reduction):
    with pytest.raises(ValueError, match="reduction expects whole numbers"):
        ChannelAttention(reduction)


@pytest.mark.parametrize("shape", [(None, 5, 8), (None, 5, 5, None)])
def test_bad_input(shape):
    with pytest.raises(ValueError, match="known number of channels"):
        ChannelAttention().build(shape)
