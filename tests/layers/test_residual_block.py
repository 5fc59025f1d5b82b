import keras
import numpy as np
import pytest
from layer_testing import run_layer_test
from numpy_layers import conv2d

from kerasrestore.layers.residual_block import ResidualBlock


def shared_slope(**options):
    return keras.layers.PReLU(
        **options,
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2, 3],
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"res_scale": 0.1, "kernel_size": 5},
        {"activation": "leaky_relu"},
        {"activation": None},
    ],
)
def test_layer(tmp_path, arguments):
    shape = (2, 5, 7, 6)
    layer = run_layer_test(
        lambda **options: ResidualBlock(**arguments, **options), tmp_path, 6
    )
    taps = arguments.get("kernel_size", 3) ** 2
    assert layer.count_params() == 2 * (taps * 6 * 6 + 6)
    assert layer.count_macs(shape) == 2 * 2 * 5 * 7 * taps * 6 * 6
    assert layer.workspace_bytes(shape) == 2 * 4 * 2 * 5 * 7 * 6


def test_layer_with_slope(tmp_path):
    run_layer_test(
        lambda **options: ResidualBlock(
            activation=shared_slope(**options), **options
        ),
        tmp_path,
        6,
    )


@pytest.mark.parametrize("res_scale", [1.0, 0.1])
def test_against_numpy(res_scale):
    rng = np.random.default_rng(0)
    layer = ResidualBlock(res_scale=res_scale)
    x = rng.standard_normal((2, 5, 7, 6))
    given = layer(x.astype("float32"))
    weights = [np.asarray(v, float) for v in layer.weights]
    hidden = np.maximum(conv2d(x, *weights[:2]), 0)
    wanted = x + res_scale * conv2d(hidden, *weights[2:])
    np.testing.assert_allclose(given, wanted, atol=1e-5)


def test_blocks_share_a_layer_given_to_both(tmp_path):
    slope = shared_slope()
    image = keras.Input((None, None, 6))
    x = image
    for _ in range(2):
        x = ResidualBlock(activation=slope)(x)
    model = keras.Model(image, x)
    convs = 4 * (9 * 6 * 6 + 6)
    assert model.count_params() == convs + 1
    assert len(model.trainable_variables) == 9
    x = np.random.default_rng(0).standard_normal((1, 4, 4, 6), "float32")
    before = np.asarray(model(x))
    model.save_weights(tmp_path / "a.weights.h5")
    slope.alpha.assign([[[0.9]]])
    assert np.abs(np.asarray(model(x)) - before).max() > 1e-3
    model.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(model(x), before)
