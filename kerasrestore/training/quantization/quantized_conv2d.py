"""Convolution whose weights are those that int8 can hold."""

import keras
from keras import ops


def quantize_kernel(kernel):
    """Rounds weights to 255 steps for each output channel, zero among them.

    Args:
        kernel: weights, output channels last.

    Returns:
        The rounded weights; the gradient passes as if they were not.
    """
    axes = tuple(range(len(kernel.shape) - 1))
    peak = ops.max(ops.abs(kernel), axis=axes)
    # The bias is held in steps of the product of both scales: a channel of
    # next to nothing would make them too many for 32 bits.
    peak = ops.maximum(peak, ops.max(peak) / 1024) + 1e-7
    # A little more than the largest weight, so that rounding does not cut
    # it, and its gradient, off.
    peak = ops.stop_gradient(1.00001 * peak)
    return keras.quantizers.fake_quant_with_min_max_vars(
        kernel, -peak, peak, narrow_range=True, axis=-1
    )


@keras.saving.register_keras_serializable(package="kerasrestore")
class QuantizedConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` that rounds its kernel to int8 in every call.

    Each output channel has its own symmetric range, which follows the
    weights. What the optimizer trains is the kernel before rounding.

    Args:
        *args, **kwargs: as in `keras.layers.Conv2D`.

    Call arguments:
        inputs: feature map, rounded already.

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
