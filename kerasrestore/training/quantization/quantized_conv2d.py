"""Convolution with weights rounded to int8."""

import keras
from keras import ops


def quantize_kernel(kernel):
    """Rounds weights to 255 values per output channel, one of them zero.

    Args:
        kernel: weights, output channels last.

    Returns:
        The rounded weights; gradients pass through the rounding.
    """
    axes = tuple(range(len(kernel.shape) - 1))
    peak = ops.max(ops.abs(kernel), axis=axes)
    # The bias is stored in steps of the product of the scales of input and
    # weights, of which 32 bits would not hold enough for a channel that is
    # nearly zero.
    peak = ops.maximum(peak, ops.max(peak) / 1024) + 1e-7
    # Slightly above the largest weight, so that neither it nor its gradient
    # is clipped.
    peak = ops.stop_gradient(1.00001 * peak)
    return keras.quantizers.fake_quant_with_min_max_vars(
        kernel, -peak, peak, narrow_range=True, axis=-1
    )


@keras.saving.register_keras_serializable(package="kerasrestore")
class QuantizedConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` that rounds its kernel to int8 in every call.

    Each output channel has its own symmetric range, which follows the
    weights. The optimizer trains the kernel before rounding.

    Args:
        *args, **kwargs: as in `keras.layers.Conv2D`.

    Call arguments:
        inputs: rounded feature map.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        As `keras.layers.Conv2D`.

    Example:
    >>> import numpy as np
    >>> QuantizedConv2D(8, 3, padding="same")(
    ...     np.zeros((1, 5, 7, 16), "float32")
    ... ).shape
    TensorShape([1, 5, 7, 8])
    """

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, quantize_kernel(kernel))
