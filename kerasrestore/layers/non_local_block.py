"""Non-local block: attention between all pairs of positions."""

import keras
from keras import layers, ops

from kerasrestore.layers.torch_uniform import torch_conv
from kerasrestore.ops.attention import (
    attention_block_size,
    softmax_attention,
)


@keras.saving.register_keras_serializable(package="kerasrestore")
class NonLocalBlock(layers.Layer):
    """Embedded Gaussian attention over the whole feature map.

    There are four 1x1 convolutions with biases: `theta`, `phi` and `g` compute
    the queries, keys and values, and `out` projects the attended values back
    to the channels of the input, to which they are added. `out` is
    initialized to zero, so that the block starts as the identity. The logits
    are not divided by the square root of the channels.

    Args:
        inner_channels: channels of queries, keys and values; `None` for half
            of those of the input.
        normalize: `"keys"` normalizes the weights of each query over the
            keys, as in the paper; `"queries"` normalizes the weights of each
            key over the queries, as in the released code.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        x: feature map.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        Same as the input.

    Raises:
        ValueError: if an argument is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.random.default_rng(0).random((1, 5, 7, 16), "float32")
    >>> bool(np.all(NonLocalBlock()(x) == x))
    True

    References:
        - RNAN: Zhang et al., "Residual non-local attention networks for
          image restoration", ICLR 2019, equations 3 to 5 and figure 3. The
          released code takes the softmax over the queries, not the keys.
        - Wang et al., "Non-local neural networks", CVPR 2018.
    """

    # Through `map_blocks`.
    compiled_by_xla = True

    def __init__(self, inner_channels=None, normalize="keys", **kwargs):
        super().__init__(**kwargs)
        if inner_channels is not None and inner_channels < 1:
            raise ValueError(
                "inner_channels must be at least 1, or None for half of the "
                f"input channels, got {inner_channels!r}."
            )
        if normalize not in ("keys", "queries"):
            raise ValueError(
                f"normalize must be 'keys' or 'queries', got {normalize!r}."
            )
        self.inner_channels = inner_channels
        self.normalize = normalize
        self.input_spec = layers.InputSpec(ndim=4)

    def build(self, input_shape):
        channels = input_shape[-1]
        inner = self._inner(channels)

        def conv(filters, inputs, name, **options):
            layer = torch_conv(
                filters, 1, inputs, self.dtype_policy, name, **options
            )
            layer.build((*input_shape[:-1], inputs))
            return layer

        self.theta = conv(inner, channels, "theta")
        self.phi = conv(inner, channels, "phi")
        self.g = conv(inner, channels, "g")
        self.out = conv(
            channels,
            inner,
            "out",
            kernel_initializer="zeros",
            bias_initializer="zeros",
        )

    def call(self, x):
        shape = ops.shape(x)
        y = softmax_attention(*self.embed(x), normalize=self.normalize)
        return self.out(ops.reshape(y, (*shape[:3], y.shape[-1]))) + x

    def embed(self, x):
        """What the attention compares and adds up.

        Args:
            x: feature map, as in a call.

        Returns:
            Queries, keys and values `(batch, height * width, channels)`.
        """
        shape = ops.shape(x)
        return [
            ops.reshape(y, (shape[0], shape[1] * shape[2], y.shape[-1]))
            for y in (self.theta(x), self.phi(x), self.g(x))
        ]

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for a shape with batch size."""
        batch, height, width, channels = input_shape
        inner = self._inner(channels)
        positions = height * width
        return batch * positions * inner * (4 * channels + 2 * positions)

    def workspace_bytes(self, input_shape):
        """Bytes allocated during a call beyond input and output."""
        batch, height, width, channels = input_shape
        positions = height * width
        block = attention_block_size(
            batch, positions, positions, self.normalize
        )
        # Logits, exponentials and weights of a block; queries, keys, values
        # and attended values.
        pairs, maps = 3 * block, 4 * self._inner(channels)
        return 4 * batch * positions * (pairs + maps)

    def _inner(self, channels):
        return self.inner_channels or max(1, channels // 2)

    def get_config(self):
        return {
            **super().get_config(),
            "inner_channels": self.inner_channels,
            "normalize": self.normalize,
        }
