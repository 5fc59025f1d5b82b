"""Spatial attention."""

import keras
from keras import layers, ops

from kerasrestore.layers.channel_attention import known_channels
from kerasrestore.ops.arguments import whole_numbers


@keras.saving.register_keras_serializable(package="kerasrestore")
class SpatialAttention(layers.Layer):
    """Rescales every position depending on its surroundings.

    Maximum and mean over the channels form two maps. Each passes through its
    own 3x3 convolution and ReLU; a convolution of both and a sigmoid predict
    one factor for each position.

    Args:
        kernel_size: kernel size of the last convolution, odd.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        Same as the input.

    Raises:
        ValueError: if `kernel_size` is not an odd number, or the input does
            not have four axes and a known number of channels.

    Example:
    >>> import numpy as np
    >>> layer = SpatialAttention()
    >>> layer(np.ones((1, 5, 6, 8), "float32")).shape
    TensorShape([1, 5, 6, 8])

    References:
        - Woo et al., "CBAM: convolutional block attention module", ECCV
          2018, section 3; the SA unit of DANet, section 3.2, which has
          convolutions in its two branches before they are joined. The paper
          specifies no kernel sizes: 3 and CBAM's 7 are this package's choice.
    """

    def __init__(self, kernel_size=7, **kwargs):
        super().__init__(**kwargs)
        (self.kernel_size,) = whole_numbers("kernel_size", [kernel_size], 1)
        if self.kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size must be odd, so that it has a centre, got "
                f"{kernel_size}."
            )

    def build(self, input_shape):
        known_channels(self, input_shape)
        # Depthwise: each map has its own convolution.
        self.branches = layers.DepthwiseConv2D(
            3,
            padding="same",
            activation="relu",
            depthwise_initializer="he_normal",
            dtype=self.dtype_policy,
            name="branches",
        )
        self.join = layers.Conv2D(
            1,
            self.kernel_size,
            padding="same",
            activation="sigmoid",
            dtype=self.dtype_policy,
            name="join",
        )
        for part in (self.branches, self.join):
            part.build((None, None, None, 2))

    def call(self, inputs):
        maps = ops.concatenate(
            [
                ops.max(inputs, axis=-1, keepdims=True),
                ops.mean(inputs, axis=-1, keepdims=True),
            ],
            axis=-1,
        )
        return inputs * self.join(self.branches(maps))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of the convolutions in one call."""
        batch, height, width, _ = input_shape
        return batch * height * width * 2 * (9 + self.kernel_size**2)

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
