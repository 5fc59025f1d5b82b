"""Losses for restoration."""

import keras
from keras import ops

LOSSES = ("log_mse", "l2", "l1")
FLOOR = 1e-5


@keras.saving.register_keras_serializable(package="kerasrestore")
class LogMeanSquaredError(keras.losses.Loss):
    """Logarithm of each image's mean squared error: PSNR as a loss.

    The gradient is relative to each image's error, so that in training over
    a range of noise levels strong noise does not dominate. A constant floor
    bounds the reward for images that are nearly clean.

    Args:
        floor: mean squared error, on the [0, 1] scale, below which an image
            hardly contributes.
        **kwargs: as in `keras.losses.Loss`.

    Call arguments:
        y_true: clean images `(batch, height, width, channels)`.
        y_pred: restored images of the same shape.

    Returns:
        The mean over the batch of `log(mse + floor)`.

    Example:
    >>> import numpy as np
    >>> loss = LogMeanSquaredError(floor=0.0)
    >>> image = np.zeros((1, 4, 4, 3), "float32")
    >>> round(float(loss(image, image + 0.1)), 3)
    -4.605

    References:
        The PSNR loss of Chen et al., "HINet: Half Instance Normalization
        Network for Image Restoration", 2021, with a floor.
    """

    def __init__(self, floor=FLOOR, name="log_mse", **kwargs):
        super().__init__(name=name, **kwargs)
        self.floor = floor

    def call(self, y_true, y_pred):
        error = ops.square(ops.subtract(y_true, y_pred))
        return ops.log(ops.mean(error, axis=(1, 2, 3)) + self.floor)

    def get_config(self):
        return {**super().get_config(), "floor": self.floor}


def make_loss(loss, floor=FLOOR):
    """Loss by name.

    Args:
        loss: `"log_mse"` for `LogMeanSquaredError`, `"l2"` for the mean
            squared error, `"l1"` for the mean absolute error, or a
            `keras.losses.Loss`, which is returned as it is.
        floor: as in `LogMeanSquaredError`; other losses have none.

    Raises:
        ValueError: if it is something else.
    """
    if isinstance(loss, keras.losses.Loss):
        return loss
    if loss == "log_mse":
        return LogMeanSquaredError(floor)
    if loss == "l2":
        return keras.losses.MeanSquaredError()
    if loss == "l1":
        return keras.losses.MeanAbsoluteError()
    raise ValueError(
        f"The loss must be {', '.join(LOSSES)} or a keras.losses.Loss, got "
        f"{loss!r}."
    )
