"""Upsampling by convolution and pixel shuffle."""

import keras
from keras import layers

from kerasrestore.layers.torch_uniform import torch_conv
from kerasrestore.ops.pixel_shuffle import pixel_shuffle

STEPS = {2: (2,), 3: (3,), 4: (2, 2)}


@keras.saving.register_keras_serializable(package="kerasrestore")
class Upsampler(layers.Layer):
    """EDSR's upsampler: a 3x3 convolution and a pixel shuffle, twice for x4.

    There is no activation.

    Args:
        scale: 2, 3 or 4.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        x: feature map.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, scale * height, scale * width, channels)`.

    Raises:
        ValueError: if the scale is not supported.

    Example:
    >>> import numpy as np
    >>> Upsampler(3)(np.zeros((1, 5, 7, 8), "float32")).shape
    TensorShape([1, 15, 21, 8])

    References:
        - EDSR: Lim et al., CVPR Workshops 2017, figure 3; Shi et al.,
          "Real-time single image and video super-resolution using an
          efficient sub-pixel convolutional neural network", CVPR 2016.
          The channel order is that of PyTorch.
    """

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        if scale not in STEPS:
            raise ValueError(
                f"The upsampler's scale must be 2, 3 or 4, got {scale!r}."
            )
        self.scale = scale
        self.input_spec = layers.InputSpec(ndim=4)

    def build(self, input_shape):
        channels = input_shape[-1]
        self.convs = []
        for index, step in enumerate(STEPS[self.scale]):
            conv = torch_conv(
                step**2 * channels,
                3,
                channels,
                self.dtype_policy,
                f"conv{index}",
            )
            conv.build((*input_shape[:1], None, None, channels))
            self.convs.append(conv)

    def call(self, x):
        for conv, step in zip(self.convs, STEPS[self.scale], strict=True):
            x = pixel_shuffle(conv(x), step)
        return x

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        sides = [
            None if side is None else self.scale * side
            for side in (height, width)
        ]
        return (batch, *sides, channels)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for a shape with batch size."""
        batch, height, width, channels = input_shape
        pixels = batch * height * width
        total = 0
        for step in STEPS[self.scale]:
            total += pixels * 9 * channels * step**2 * channels
            pixels *= step**2
        return total

    def workspace_bytes(self, input_shape):
        """Bytes allocated during a call beyond input and output: a second
        copy of the last convolution's output, shuffled."""
        batch, height, width, channels = self.compute_output_shape(input_shape)
        return 2 * 4 * batch * height * width * channels

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
