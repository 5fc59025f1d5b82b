"""Residual block of two convolutions."""

import math

import keras
from keras import layers

from kerasrestore.layers.torch_uniform import torch_conv


@keras.saving.register_keras_serializable(package="kerasrestore")
class ResidualBlock(layers.Layer):
    """EDSR's residual block: convolution, activation, convolution, sum.

    There is no normalization, and no activation after the sum.

    Args:
        kernel_size: kernel size of both convolutions.
        res_scale: factor of the residual in the sum.
        activation: name of a Keras activation, or a layer. A layer passed to
            several blocks is shared by them, including its weights.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        x: feature map.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        Same as the input.

    Example:
    >>> import numpy as np
    >>> ResidualBlock()(np.zeros((1, 5, 7, 16), "float32")).shape
    TensorShape([1, 5, 7, 16])

    References:
        - EDSR: Lim et al., "Enhanced deep residual networks for single image
          super-resolution", CVPR Workshops 2017, figure 2c.
        - RNAN: Zhang et al., ICLR 2019, section 3.2.1. Its released code
          accepts a `res_scale` but ignores it.
    """

    def __init__(
        self, kernel_size=3, res_scale=1.0, activation="relu", **kwargs
    ):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.res_scale = res_scale
        self.activation = (
            activation
            if isinstance(activation, layers.Layer)
            else layers.Activation(activation, dtype=self.dtype_policy)
        )
        self.input_spec = layers.InputSpec(ndim=4)

    def build(self, input_shape):
        channels = input_shape[-1]

        def conv(name):
            layer = torch_conv(
                channels, self.kernel_size, channels, self.dtype_policy, name
            )
            layer.build(input_shape)
            return layer

        self.conv1, self.conv2 = conv("conv1"), conv("conv2")
        if not self.activation.built:
            self.activation.build(input_shape)

    def call(self, x):
        y = self.conv2(self.activation(self.conv1(x)))
        # Multiplying by one would cost a pass over the map.
        return x + (y if self.res_scale == 1 else self.res_scale * y)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for a shape with batch size."""
        return (
            2 * math.prod(input_shape) * self.kernel_size**2 * (input_shape[-1])
        )

    def workspace_bytes(self, input_shape):
        """Bytes allocated during a call beyond input and output."""
        return 2 * 4 * math.prod(input_shape)

    def get_config(self):
        activation = self.activation
        if type(activation) is layers.Activation:
            activation = keras.activations.serialize(activation.activation)
        else:
            activation = keras.saving.serialize_keras_object(activation)
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "res_scale": self.res_scale,
            "activation": activation,
        }

    @classmethod
    def from_config(cls, config):
        activation = config["activation"]
        if isinstance(activation, dict):
            activation = keras.saving.deserialize_keras_object(activation)
        return cls(**{**config, "activation": activation})
