import keras
import numpy as np
import pytest

from kerasrestore.layers.torch_uniform import TorchUniform, torch_conv


def test_range_and_spread():
    drawn = np.asarray(TorchUniform(9 * 64, seed=1)((3, 3, 64, 64)))
    bound = 1 / np.sqrt(9 * 64)
    assert np.abs(drawn).max() <= bound
    assert np.abs(drawn).max() > 0.999 * bound
    np.testing.assert_allclose(drawn.std(), bound / np.sqrt(3), rtol=0.01)
    np.testing.assert_allclose(drawn.mean(), 0, atol=0.01 * bound)


def test_kernel_and_bias_of_a_layer():
    keras.utils.set_random_seed(1)
    one, other = (torch_conv(64, 3, 32) for _ in range(2))
    for layer in (one, other):
        layer.build((None, None, None, 32))
        for variable in (layer.kernel, layer.bias):
            size = np.abs(np.asarray(variable)).max()
            assert 0.9 / np.sqrt(9 * 32) < size <= 1 / np.sqrt(9 * 32)
    # No two layers start alike, and a seed repeats both.
    assert np.any(np.asarray(one.kernel) != np.asarray(other.kernel))
    keras.utils.set_random_seed(1)
    again = torch_conv(64, 3, 32)
    again.build((None, None, None, 32))
    np.testing.assert_array_equal(again.kernel, one.kernel)


def test_config():
    layer = torch_conv(2, 3, 2)
    again = keras.layers.Conv2D.from_config(layer.get_config())
    assert isinstance(again.bias_initializer, TorchUniform)
    assert again.bias_initializer.fan_in == 18
    with pytest.raises(ValueError, match="fan_in"):
        TorchUniform(0)
