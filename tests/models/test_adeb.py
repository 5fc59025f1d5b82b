import numpy as np
import pytest
from keras import ops
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.models.danet.adeb import ADEB


def conv(layer, x):
    return np.asarray(ops.conv(x, layer.kernel, padding="same")) + np.asarray(
        layer.bias
    )


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, "adeb"),
        ({"attention": False}, "deformable"),
        ({"attention": False, "deformable": False}, "plain"),
    ],
)
def test_block(tmp_path, options, kinds):
    block = run_layer_test(
        lambda **more: ADEB(reduction=2, **options, **more), tmp_path, 8
    )
    x = random_image((2, 6, 8, 8)) * 2 - 1
    first = np.maximum(conv(block.first, x), 0)
    if kinds == "plain":
        middle = conv(block.middle, first)
    else:
        middle = np.asarray(block.middle(first))
    wanted = x + conv(block.last, np.maximum(middle, 0))
    if kinds == "adeb":
        wanted = x + np.asarray(block.attention(wanted))
    np.testing.assert_allclose(np.asarray(block(x)), wanted, atol=2e-5)
    macs = 3 * 9 * 64
    macs += 9 * 8 * 27 if kinds != "plain" else 0
    pixels = 2 * 5 * 7
    wanted = pixels * macs
    if kinds == "adeb":
        wanted += pixels * (2 * (9 + 49) + 128) + 2 * 2 * 8 * 4
    assert block.count_macs((2, 5, 7, 8)) == wanted
    assert block.workspace_bytes((2, 5, 7, 8)) >= 4 * pixels * 8


def test_offsets_from_another_map(tmp_path):
    block = run_layer_test(
        lambda **more: ADEB(reduction=2, **more), tmp_path, 8, 3
    )
    x = random_image((1, 6, 8, 8))
    one, other = (random_image((1, 6, 8, 3), seed=seed) for seed in (0, 1))
    difference = np.asarray(block(x, one)) - np.asarray(block(x, other))
    assert np.abs(difference).max() > 1e-3


def test_an_ordinary_convolution_has_no_offsets():
    x = random_image((1, 6, 8, 8))
    with pytest.raises(ValueError, match="omit offset_features"):
        ADEB(deformable=False)(x, x)


def test_bad_arguments():
    with pytest.raises(ValueError, match="reduction expects whole numbers"):
        ADEB(reduction=0)
    with pytest.raises(ValueError, match="known number of channels"):
        ADEB().build((None, 5, 8))
