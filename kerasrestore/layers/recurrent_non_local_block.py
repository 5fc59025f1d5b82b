"""NLRN's non-local block, which propagates its correlations."""

import math

import keras
from keras import layers, ops

from kerasrestore.ops.arguments import whole_numbers
from kerasrestore.ops.attention import attention_block_size
from kerasrestore.ops.window_attention import (
    check_window,
    window_attention,
)
from kerasrestore.ops.window_blocks import block_sides

# For each metric: the embeddings of query and key, and how the correlations are
# normalized.
DISTANCES = {
    "euclidean": (None, None, "softmax"),
    "dot": (None, None, "mean"),
    "embedded_dot": ("theta", "phi", "mean"),
    "gaussian": (None, None, "softmax"),
    "symmetric_embedded_gaussian": ("theta", "theta", "softmax"),
    "embedded_gaussian": ("theta", "phi", "softmax"),
}


@keras.saving.register_keras_serializable(package="kerasrestore")
class RecurrentNonLocalBlock(layers.Layer):
    """Adds a weighted mean of the neighbouring features to every pixel.

    The weights depend on the correlation of the neighbours with the pixel:

    | distance | correlation | weights |
    |---|---|---|
    | `"euclidean"` | `-|x_i - x_j|^2 / h^2` | softmax |
    | `"dot"` | `x_i . x_j` | mean |
    | `"embedded_dot"` | `theta(x_i) . phi(x_j)` | mean |
    | `"gaussian"` | `x_i . x_j` | softmax |
    | `"symmetric_embedded_gaussian"` | `theta(x_i) . theta(x_j)` | softmax |
    | `"embedded_gaussian"` | `theta(x_i) . phi(x_j)` | softmax |

    In a recurrent network the correlations of earlier steps are added to
    those of the current one before they are normalized. All of them are inner
    products of features of the two pixels (the Euclidean distance up to a
    term that the softmax cancels), so the block returns these features rather
    than the correlations, which would be `window * window` values per pixel.

    The value embedding `g` is initialized to zero, so that the block starts
    as the identity.

    Args:
        key_filters: channels of the embeddings theta and phi.
        window: side of the square neighbourhood that a pixel is compared
            with, odd; `None` for the whole map.
        padding: padding of the map, `"circular"` or `"zero"`; see
            `window_attention`.
        distance: metric, one of those in the table.
        bandwidth: `h` of the Euclidean distance; `None` for the square root
            of the number of channels, which makes it a mean over them.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        inputs: feature map.
        correlations: list of the correlations that the blocks of earlier
            steps returned; empty in the first step or if correlations are not
            propagated.

    Input shape:
        `(batch, height, width, channels)`; correlations are pairs of
        tensors of the same height and width.

    Output shape:
        The feature map, same as the input, and the pair of tensors that
        represents the correlations of this step.

    Raises:
        ValueError: if an argument is out of range.

    Example:
    >>> import numpy as np
    >>> block = RecurrentNonLocalBlock(key_filters=4, window=5)
    >>> x = np.ones((1, 8, 9, 6), "float32")
    >>> y, correlation = block(x)
    >>> y, _ = block(y, [correlation])
    >>> y.shape
    TensorShape([1, 8, 9, 6])

    References:
        - NLRN: Liu et al., "Non-Local Recurrent Network for Image
          Restoration", NeurIPS 2018, equations 1, 4 to 6, figure 3 and
          table 1. Equation 1 would divide the dot products by their sum,
          which may be zero or negative; here they are divided by the number
          of neighbours, as in Wang et al., "Non-local neural networks", CVPR
          2018, the source of the metrics. The paper does not specify `h`. The
          released code has no window (`window=None`), and only its first
          version propagates correlations.
    """

    def __init__(
        self,
        key_filters=64,
        window=45,
        padding="circular",
        distance="embedded_gaussian",
        bandwidth=None,
        **kwargs,
    ):
        # The features of a Euclidean distance stay float32 under mixed
        # precision, so the inputs are cast here.
        super().__init__(autocast=False, **kwargs)
        (self.key_filters,) = whole_numbers("key_filters", [key_filters], 1)
        check_window(window, padding)
        if distance not in DISTANCES:
            raise ValueError(
                f"distance must be one of {', '.join(map(repr, DISTANCES))}, "
                f"got {distance!r}."
            )
        if bandwidth is not None and not bandwidth > 0:
            raise ValueError(
                f"bandwidth must be positive or None, got {bandwidth!r}."
            )
        self.window = window
        self.padding = padding
        self.distance = distance
        self.bandwidth = bandwidth
        query, key, self.weighting = DISTANCES[distance]
        self.embeddings = {
            name: layers.Conv2D(
                key_filters, 1, dtype=self.dtype_policy, name=name
            )
            for name in sorted({query, key} - {None})
        }
        self.query_embedding = self.embeddings.get(query)
        self.key_embedding = self.embeddings.get(key)

    # Keras passes the shapes of the correlations, which no weight depends on.
    def build(self, inputs_shape, correlations_shape=None):
        self.value_embedding = layers.Conv2D(
            inputs_shape[-1],
            1,
            kernel_initializer="zeros",
            dtype=self.dtype_policy,
            name="g",
        )
        for layer in (*self.embeddings.values(), self.value_embedding):
            layer.build(inputs_shape)

    def call(self, inputs, correlations=()):
        inputs = ops.cast(inputs, self.compute_dtype)
        correlation = self.correlate(inputs)
        queries, keys = zip(*correlations, correlation, strict=True)
        attended = window_attention(
            list(queries),
            list(keys),
            self.value_embedding(inputs),
            window=self.window,
            padding=self.padding,
            weighting=self.weighting,
        )
        return inputs + attended, correlation

    def correlate(self, x):
        """Query and key whose inner products are this step's correlations.

        Args:
            x: feature map, as in a call.

        Returns:
            Two tensors `(batch, height, width, channels)`.
        """
        if self.distance == "euclidean":
            # |x_i - x_j|^2 without |x_i|^2, the same for all neighbours j.
            x = ops.cast(x, "float32")
            square = ops.sum(ops.square(x), axis=-1, keepdims=True)
            scale = 1.0 / self._squared_bandwidth(x.shape[-1])
            query = [2.0 * scale * x, -scale * ops.ones_like(square)]
            return (
                ops.concatenate(query, axis=-1),
                ops.concatenate([x, square], axis=-1),
            )
        if self.query_embedding is None:
            return x, x
        query = self.query_embedding(x)
        if self.key_embedding is self.query_embedding:
            return query, query
        return query, self.key_embedding(x)

    def _squared_bandwidth(self, channels):
        return channels if self.bandwidth is None else self.bandwidth**2

    def compute_output_spec(self, inputs, correlations=()):
        *size, channels = inputs.shape
        dtype = self.compute_dtype
        width = self._key_channels(channels)
        wide = "float32" if self.distance == "euclidean" else dtype
        query, key = (keras.KerasTensor((*size, width), wide) for _ in range(2))
        return keras.KerasTensor(inputs.shape, dtype), (query, key)

    def count_macs(self, input_shape, earlier=0):
        """Multiply-accumulates of one call.

        Args:
            input_shape: shape of the features, with the batch.
            earlier: number of earlier steps whose correlations are passed.

        Returns:
            An int.
        """
        batch, height, width, channels = input_shape
        keys = (1 + earlier) * self._key_channels(channels)
        embeddings = len(self.embeddings) * self.key_filters + channels
        if self.window is None and self.weighting == "mean":
            # Keys and values are multiplied first, without any weights.
            attention = 2 * keys * channels
        else:
            seen = height * width if self.window is None else self.window**2
            attention = seen * (keys + channels)
        return batch * height * width * (channels * embeddings + attention)

    def workspace_bytes(self, input_shape, earlier=0):
        """Bytes allocated during a call beyond inputs and outputs.

        Args:
            input_shape: as in `count_macs`.
            earlier: as in `count_macs`.

        Returns:
            An int.
        """
        batch, height, width, channels = input_shape
        keys = (1 + earlier) * self._key_channels(channels)
        pixels = height * width
        # Values, and the attended values: in blocks, joined, and added.
        maps = 4 * pixels * channels
        if self.window is None:
            # Queries and keys of all steps are concatenated.
            maps += 2 * pixels * keys
            queries = attention_block_size(batch, pixels, pixels)
            block = 3 * queries * pixels
        else:
            sides = block_sides((height, width), self.window, self.padding)
            queries, seen = map(math.prod, sides)
            block = 3 * queries * seen + 2 * seen * (keys + channels)
        return 4 * batch * (maps + block)

    def _key_channels(self, channels):
        if self.distance == "euclidean":
            return channels + 1
        return self.key_filters if self.embeddings else channels

    def get_config(self):
        return {
            **super().get_config(),
            "key_filters": self.key_filters,
            "window": self.window,
            "padding": self.padding,
            "distance": self.distance,
            "bandwidth": self.bandwidth,
        }
