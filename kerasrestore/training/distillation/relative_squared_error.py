"""Squared error relative to the target."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrestore")
class RelativeSquaredError(keras.losses.Loss):
    """Mean squared error of a feature map over its mean square.

    The scale of a network's features is arbitrary: a layer may double them
    and the next one halve them. Relative errors do not depend on it, so that
    those of several maps can be added and weighted against other losses.

    Args:
        **kwargs: as in `keras.losses.Loss`.

    Call arguments:
        y_true: target maps `(batch, height, width, channels)`.
        y_pred: maps of the same shape.

    Returns:
        The mean over the batch of the relative error: 0 for equal maps, 1
        for maps of zeros.

    Example:
    >>> import numpy as np
    >>> maps = np.ones((2, 4, 4, 8), "float32")
    >>> loss = RelativeSquaredError()
    >>> [round(float(loss(maps, factor * maps)), 2) for factor in (0, 0.5, 1)]
    [1.0, 0.25, 0.0]
    """

    def __init__(self, name="relative_squared_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        error = ops.mean(ops.square(y_true - y_pred), axis=(1, 2, 3))
        # A target of zeros is possible.
        size = ops.mean(ops.square(y_true), axis=(1, 2, 3))
        return error / (size + keras.config.epsilon())
