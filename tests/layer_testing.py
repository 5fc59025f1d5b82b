"""Whole checks of a layer."""

import json

import keras
import numpy as np
from keras import ops
from testing import enliven, random_image


def run_layer_test(build, path, *channels, size=(6, 8), idle=()):
    """Config, file, unknown sizes, shapes, mixed precision and gradients.

    Args:
        build: function that makes the layer, taking `dtype`.
        path: folder for a file.
        *channels: channels of each input.
        size: height and width.
        idle: ends of the paths of variables that have no influence.

    Returns:
        The layer, with weights that matter.
    """
    layer = build()
    arrays = [
        random_image((2, *size, count), seed=index) * 2 - 1
        for index, count in enumerate(channels)
    ]
    inputs = [keras.Input((None, None, count)) for count in channels]
    model = enliven(keras.Model(inputs, layer(*inputs)))
    wanted = flat(model(arrays))
    for one, symbolic in zip(
        wanted, keras.tree.flatten(model.output), strict=True
    ):
        assert one.shape[0::3] == (2, symbolic.shape[-1])
    spec = layer.compute_output_spec(
        *[keras.KerasTensor(x.shape, "float32") for x in arrays]
    )
    assert [s.shape for s in keras.tree.flatten(spec)] == [
        x.shape for x in wanted
    ]
    config = json.loads(json.dumps(keras.layers.serialize(layer)))
    again = keras.layers.deserialize(config)
    assert type(again) is type(layer)
    # As JSON, in which tuples are lists.
    assert json.dumps(again.get_config()) == json.dumps(layer.get_config())

    model.save(path / "layer.keras")
    loaded = keras.saving.load_model(path / "layer.keras")
    for one, other in zip(flat(loaded(arrays)), wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)

    mixed = build(dtype="mixed_bfloat16")
    for one in flat(mixed(*arrays), None):
        assert keras.backend.standardize_dtype(one.dtype) == "bfloat16"
        assert np.isfinite(np.asarray(ops.cast(one, "float32"))).all()
    assert {v.dtype for v in mixed.trainable_variables} <= {"float32"}

    if model.trainable_variables:
        before = [np.array(v) for v in model.trainable_variables]
        # Steps so long that the smallest gradient shows.
        model.compile(keras.optimizers.SGD(1e3), "mse")
        model.train_on_batch(arrays, [1 - x for x in wanted])
        for old, variable in zip(
            before, model.trainable_variables, strict=True
        ):
            new = np.array(variable)
            assert np.isfinite(new).all(), variable.path
            if not variable.path.endswith(tuple(idle)):
                assert np.any(new != old), variable.path
            variable.assign(old)
    return layer


def flat(outputs, to=np.asarray):
    """Outputs as a list of arrays."""
    outputs = keras.tree.flatten(outputs)
    return [to(x) for x in outputs] if to else outputs
