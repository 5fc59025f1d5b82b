"""Attention over positions."""

import keras
from keras import layers, ops

from kerasrestore.layers.channel_attention import known_channels
from kerasrestore.ops.arguments import whole_numbers


@keras.saving.register_keras_serializable(package="kerasrestore")
class SpatialAttention(layers.Layer):
    """Rescales every position by what its surroundings say about it.

    The largest and the mean value over the channels make two maps; each
    passes through a 3x3 convolution of its own and ReLU; a convolution over
    both and a sigmoid give one factor for each position.

    Args:
        kernel_size: side of the last convolution, odd.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        As the input.

    Raises:
        ValueError: if `kernel_size` is not an odd number, or the input has
            not four axes and a known number of channels.

    Example:
    >>> import numpy as np
    >>> layer = SpatialAttention()
    >>> layer(np.ones((1, 5, 6, 8), "float32")).shape
    TensorShape([1, 5, 6, 8])

    References:
        - Woo et al., "CBAM: convolutional block attention module", ECCV
          2018, section 3; the unit SA of DANet, section 3.2, whose two
          branches have convolutions before they are joined. The paper gives
          no kernel sizes: 3 and CBAM's 7 are this package's choice.
    """

    def __init__(self, kernel_size=7, **kwargs):
        super().__init__(**kwargs)
        (self.kernel_size,) = whole_numbers("kernel_size", [kernel_size], 1)
        if self.kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is odd, so that it has a middle, got "
                f"{kernel_size}."
            )

    def build(self, input_shape):
        known_channels(self, input_shape)
        # Depthwise: each of the two maps has its own convolution.
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
        """Multiply-accumulates of the convolutions for one call."""
        batch, height, width, _ = input_shape
        return batch * height * width * 2 * (9 + self.kernel_size**2)

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
