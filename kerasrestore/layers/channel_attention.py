"""Channel attention."""

import keras
from keras import layers, ops

from kerasrestore.ops.arguments import whole_numbers


@keras.saving.register_keras_serializable(package="kerasrestore")
class ChannelAttention(layers.Layer):
    """Rescales every channel depending on the whole map (squeeze-and-excite).

    The mean of each channel over height and width passes through a 1x1
    convolution that reduces the channels, ReLU, a 1x1 convolution that
    expands them again and a sigmoid. As the pooling is global, each output
    pixel depends on the whole input.

    Args:
        reduction: ratio of the channels to those in between, of which there
            is at least one.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        Same as the input.

    Raises:
        ValueError: if `reduction` is not a whole number >= 1, or the input
            does not have four axes and a known number of channels.

    Example:
    >>> import numpy as np
    >>> layer = ChannelAttention(reduction=4)
    >>> layer(np.ones((1, 5, 6, 8), "float32")).shape
    TensorShape([1, 5, 6, 8])

    References:
        - Hu et al., "Squeeze-and-excitation networks", CVPR 2018; the CA
          unit of DANet, section 3.2.
    """

    def __init__(self, reduction=16, **kwargs):
        super().__init__(**kwargs)
        (self.reduction,) = whole_numbers("reduction", [reduction], 1)

    def build(self, input_shape):
        channels = known_channels(self, input_shape)
        self.reduce = layers.Conv2D(
            max(1, channels // self.reduction),
            1,
            activation="relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="reduce",
        )
        self.expand = layers.Conv2D(
            channels,
            1,
            activation="sigmoid",
            dtype=self.dtype_policy,
            name="expand",
        )
        self.reduce.build((None, 1, 1, channels))
        self.expand.build((None, 1, 1, self.reduce.filters))

    def call(self, inputs):
        means = ops.mean(inputs, axis=(1, 2), keepdims=True)
        return inputs * self.expand(self.reduce(means))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of the convolutions in one call."""
        return 2 * input_shape[0] * input_shape[-1] * self.reduce.filters

    def get_config(self):
        return {**super().get_config(), "reduction": self.reduction}


def known_channels(layer, shape):
    """Channels of a feature map; raises ValueError if they are unknown."""
    if len(shape) != 4 or shape[-1] is None:
        raise ValueError(
            f"{type(layer).__name__} expects (batch, height, width, channels) "
            f"with a known number of channels, got {tuple(shape)}."
        )
    return shape[-1]
