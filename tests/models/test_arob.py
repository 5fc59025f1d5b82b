import numpy as np
import pytest
from keras import ops
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.models.danet.arob import AROB


def test_block(tmp_path):
    block = run_layer_test(
        lambda **options: AROB(reduction=2, **options), tmp_path, 8, 6
    )
    x = random_image((2, 6, 8, 8)) * 2 - 1
    memory = random_image((2, 6, 8, 6), seed=1) * 2 - 1
    joined = ops.conv(
        np.concatenate([x, memory], axis=-1), block.join.kernel, padding="same"
    )
    joined = np.maximum(np.asarray(joined) + np.asarray(block.join.bias), 0)
    wanted = memory + np.asarray(block.attention(joined))
    output, kept = block(x, memory)
    np.testing.assert_allclose(np.asarray(kept), wanted, atol=2e-5)
    np.testing.assert_allclose(
        np.asarray(output), np.asarray(block.block(x, wanted)), atol=1e-4
    )

    shape, pixels = (2, 5, 7, 8), 2 * 5 * 7
    assert block.count_macs(shape) == (
        pixels * 9 * 14 * 6
        + pixels * (2 * (9 + 49) + 12 * 6)
        + 2 * 2 * 6 * 3
        + pixels * (3 * 9 * 64 + 9 * 6 * 27)
        + pixels * (2 * (9 + 49) + 128)
        + 2 * 2 * 8 * 4
    )
    assert block.workspace_bytes(shape) >= block.block.workspace_bytes(shape)


def test_bad_arguments():
    with pytest.raises(ValueError, match="reduction expects whole numbers"):
        AROB(reduction=0)
    with pytest.raises(ValueError, match="known number of channels"):
        AROB().build((None, 5, 5, 8), (None, 5, 8))
