"""Compilation of a function of tensors with the current backend."""

import keras


def compiled(function):
    """A function compiled by the backend of Keras, when it is first called."""
    if keras.config.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False)
