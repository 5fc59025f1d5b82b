"""Gradients of functions of tensors, by the backend and by differences."""

import keras
import numpy as np
from keras import ops


def loss(function, arrays):
    """A sum in which every element of every output counts differently."""
    total = 0.0
    for output in keras.tree.flatten(function(*arrays)):
        weight = np.sin(1.0 + np.arange(np.prod(output.shape)))
        weight = weight.reshape(output.shape).astype(
            keras.backend.standardize_dtype(output.dtype)
        )
        total = total + ops.sum(output * weight)
    return total


def gradients(function, *arrays):
    """Gradients of `loss` by the backend.

    Args:
        function: takes tensors, gives tensors.
        *arrays: where to take the gradients; float64 for the differences.

    Returns:
        List of arrays.
    """
    if keras.backend.backend() == "jax":
        import jax

        with jax.enable_x64(True):
            arrays = [jax.numpy.asarray(x) for x in arrays]
            slopes = jax.grad(
                lambda *arrays: loss(function, arrays),
                argnums=tuple(range(len(arrays))),
            )(*arrays)
    else:
        import tensorflow as tf

        arrays = [tf.constant(x) for x in arrays]
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            value = loss(function, arrays)
        slopes = map(tf.convert_to_tensor, tape.gradient(value, arrays))
    return [np.asarray(x) for x in slopes]


def check_gradients(function, *arrays, step=1e-6, rtol=1e-6, samples=8):
    """Compares the backend's gradients with central differences in float64.

    Args:
        function: takes tensors, gives tensors.
        *arrays: float64 arrays.
        step: step of the differences.
        rtol: difference allowed, relative to the largest slope.
        samples: elements of each array that are tried.
    """
    rng = np.random.default_rng(1)
    for slot, slope in enumerate(gradients(function, *arrays)):
        scale = np.abs(slope).max()
        assert np.isfinite(slope).all() and scale > 0, slot
        chosen = rng.choice(slope.size, min(samples, slope.size), replace=False)
        for index in chosen:
            values = []
            for sign in (1, -1):
                moved = [np.array(x) for x in arrays]
                moved[slot].reshape(-1)[index] += sign * step
                values.append(_value(function, moved))
            difference = (values[0] - values[1]) / (2 * step)
            error = abs(difference - slope.reshape(-1)[index])
            assert error <= rtol * scale, (slot, index, error / scale)


def _value(function, arrays):
    if keras.backend.backend() == "jax":
        import jax

        with jax.enable_x64(True):
            arrays = [jax.numpy.asarray(x) for x in arrays]
            return float(loss(function, arrays))
    return float(loss(function, arrays))
