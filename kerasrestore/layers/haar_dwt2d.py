"""The Haar wavelet transform as a layer."""

import keras

from kerasrestore.ops.wavelet import haar_dwt2d


@keras.saving.register_keras_serializable(package="kerasrestore")
class HaarDWT2D(keras.layers.Layer):
    """One level of the Haar transform: four sub-bands at half the size.

    The arguments are those of `keras.layers.Layer`: `name`, `dtype` and so on.

    Input shape:
        `(batch, height, width, channels)`, height and width must be even.

    Output shape:
        `(batch, height / 2, width / 2, 4 * channels)`, ordered as in
        `kerasrestore.ops.wavelet.haar_dwt2d`.

    Raises:
        ValueError: if a known height or width is odd.

    Example:
    >>> import numpy as np
    >>> HaarDWT2D()(np.ones((1, 4, 6, 3), "float32")).shape
    TensorShape([1, 2, 3, 12])
    """

    def call(self, inputs):
        return haar_dwt2d(inputs)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (
            batch,
            height and height // 2,
            width and width // 2,
            4 * channels,
        )

    def count_macs(self, input_shape):
        """Zero: the transform only adds and subtracts."""
        return 0
