"""Channel attention and spatial attention in parallel."""

import math

import keras
from keras import layers, ops

from kerasrestore.layers.channel_attention import (
    ChannelAttention,
    known_channels,
)
from kerasrestore.layers.spatial_attention import SpatialAttention


@keras.saving.register_keras_serializable(package="kerasrestore")
class DualAttention(layers.Layer):
    """Channel attention and spatial attention in parallel, fused.

    Both units have the same input; a 1x1 convolution projects their
    concatenated outputs back to the channels of the input.

    Args:
        reduction: as in `ChannelAttention`.
        kernel_size: as in `SpatialAttention`.
        kernel_initializer: initializer of the fusing convolution; should be
            small in a residual branch.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        Same as the input.

    Raises:
        ValueError: as the two units.

    Example:
    >>> import numpy as np
    >>> layer = DualAttention(reduction=4)
    >>> layer(np.ones((1, 5, 6, 8), "float32")).shape
    TensorShape([1, 5, 6, 8])

    References:
        - DANet: Huang et al., "Learning Deformable and Attentive Network for
          image restoration", Knowledge-Based Systems 2021, section 3.2. The
          figure that shows how the units are joined is not available;
          concatenation and a 1x1 convolution are this package's choice.
    """

    def __init__(
        self,
        reduction=16,
        kernel_size=7,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channel_attention = ChannelAttention(
            reduction, dtype=self.dtype_policy, name="channel_attention"
        )
        self.spatial_attention = SpatialAttention(
            kernel_size, dtype=self.dtype_policy, name="spatial_attention"
        )
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        channels = known_channels(self, input_shape)
        self.channel_attention.build(input_shape)
        self.spatial_attention.build(input_shape)
        self.fuse = layers.Conv2D(
            channels,
            1,
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
            name="fuse",
        )
        self.fuse.build((*input_shape[:-1], 2 * channels))

    def call(self, inputs):
        return self.fuse(
            ops.concatenate(
                [
                    self.channel_attention(inputs),
                    self.spatial_attention(inputs),
                ],
                axis=-1,
            )
        )

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of the convolutions in one call."""
        return (
            self.channel_attention.count_macs(input_shape)
            + self.spatial_attention.count_macs(input_shape)
            + 2 * math.prod(input_shape) * input_shape[-1]
        )

    def workspace_bytes(self, input_shape):
        """Bytes of the outputs of both units and of their concatenation."""
        return 4 * math.prod(input_shape) * item_bytes(self)

    def get_config(self):
        return {
            **super().get_config(),
            "reduction": self.channel_attention.reduction,
            "kernel_size": self.spatial_attention.kernel_size,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }


def item_bytes(layer):
    """Bytes per element of a layer's outputs."""
    half = layer.compute_dtype in ("float16", "bfloat16")
    return 2 if half else 4
