"""The inverse Haar wavelet transform as a layer."""

import keras

from kerasrestore.ops.wavelet import haar_iwt2d


@keras.saving.register_keras_serializable(package="kerasrestore")
class HaarIWT2D(keras.layers.Layer):
    """Inverse of `HaarDWT2D`: merges four sub-bands at twice the size.

    The arguments are those of `keras.layers.Layer`: `name`, `dtype` and so on.

    Input shape:
        `(batch, height, width, 4 * channels)`.

    Output shape:
        `(batch, 2 * height, 2 * width, channels)`.

    Raises:
        ValueError: if the number of channels is not a multiple of 4.

    Example:
    >>> import numpy as np
    >>> HaarIWT2D()(np.ones((1, 2, 3, 12), "float32")).shape
    TensorShape([1, 4, 6, 3])
    """

    def call(self, inputs):
        return haar_iwt2d(inputs)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, height and 2 * height, width and 2 * width, channels // 4

    def count_macs(self, input_shape):
        """Zero: the transform only adds and subtracts."""
        return 0
