"""Squared error as a share of what is wanted."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrestore")
class RelativeSquaredError(keras.losses.Loss):
    """Mean squared error of a feature map over its mean square.

    The size of a network's features says nothing: a layer may double them
    and the next one halve them. Relative errors of several maps can be added
    and weighed against other losses without knowing it.

    Args:
        **kwargs: as in `keras.losses.Loss`.

    Call arguments:
        y_true: wanted maps `(batch, height, width, channels)`.
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
        # A map of zeros is reached by zeros.
        size = ops.mean(ops.square(y_true), axis=(1, 2, 3))
        return error / (size + keras.config.epsilon())
