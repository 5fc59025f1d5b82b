"""What every layer has to stand."""

import json

import keras
import numpy as np


def run_layer_test(build, shape, idle=()):
    """Config, unknown sizes, compiled training and mixed precision.

    Args:
        build: function that makes the layer, taking the constructor's
            keyword arguments.
        shape: shape of an input, batch included.
        idle: ends of the paths of variables that have no influence.

    Returns:
        A layer with weights of a size that shows mistakes.
    """
    rng = np.random.default_rng(0)
    x = rng.random(shape, "float32")
    layer = build()
    layer.build(shape)
    for variable in layer.trainable_variables:
        size = tuple(variable.shape)
        fan_in = max(1, int(np.prod(size[:-1])))
        variable.assign(rng.normal(0, fan_in**-0.5, size).astype("float32"))
    wanted = np.asarray(layer(x))
    assert tuple(layer.compute_output_shape(shape)) == wanted.shape

    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    again.build(shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), wanted)

    image = keras.Input((None, None, shape[-1]))
    model = keras.Model(image, again(image))
    assert model.output_shape == (None, None, None, wanted.shape[-1])
    np.testing.assert_allclose(
        model.predict_on_batch(x), wanted, atol=1e-5, rtol=1e-5
    )
    before = [np.array(v) for v in model.trainable_variables]
    # Steps so long that the smallest gradient shows.
    model.compile(keras.optimizers.SGD(1e3), "mse")
    model.train_on_batch(x, wanted + rng.random(wanted.shape, "float32"))
    for value, variable in zip(before, model.trainable_variables, strict=True):
        if not variable.path.endswith(tuple(idle)):
            assert np.any(value != np.array(variable)), variable.path

    mixed = build(dtype="mixed_bfloat16")
    y = mixed(x)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert {v.dtype for v in mixed.variables} == {"float32"}
    mixed.set_weights(layer.get_weights())
    size = np.abs(wanted).max()
    np.testing.assert_allclose(
        np.asarray(mixed(x)).astype("float32"), wanted, atol=0.1 * size
    )
    return layer
