"""AROB: the attentive recurrent offset block of DANet."""

import math

import keras
from keras import layers, ops

from kerasrestore.layers.channel_attention import known_channels
from kerasrestore.layers.dual_attention import DualAttention, item_bytes
from kerasrestore.models.danet.adeb import (
    ADEB,
    branch_initializer,
    count_part,
)


@keras.saving.register_keras_serializable(package="kerasrestore")
class AROB(layers.Layer):
    """Attentive deformable block whose offsets have a memory.

    With x as the map and h as the offset features that the block before has
    left, `h' = h + attention(ReLU(conv(concat(x, h))))`; the output is an
    `ADEB` of x that predicts its offsets and masks from `h'`, and `h'` is
    handed on.

    Args:
        reduction: as in `ChannelAttention`.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Call arguments:
        inputs: the map.
        offset_features: what the block before has left, brought to the
            height and width of `inputs`.

    Input shape:
        `(batch, height, width, channels)` and
        `(batch, height, width, offset_channels)`.

    Output shape:
        Both as they came in.

    Example:
    >>> import numpy as np
    >>> x, h = np.ones((1, 5, 6, 16)), np.ones((1, 5, 6, 8))
    >>> [tuple(y.shape) for y in AROB()(x, h)]
    [(1, 5, 6, 16), (1, 5, 6, 8)]

    References:
        - DANet: Huang et al., "Learning Deformable and Attentive Network for
          image restoration", Knowledge-Based Systems 2021. Its section on
          AROB is not available; the rest of the paper says that the block
          is built upon ADEB, that there is "a recurrent connection among
          all the AROBs", and that the offset branch is attentive and
          carries features from scale to scale. This is the package's
          reading of it.
    """

    def __init__(self, reduction=16, **kwargs):
        super().__init__(**kwargs)
        self.block = ADEB(
            reduction=reduction, dtype=self.dtype_policy, name="block"
        )
        self.attention = DualAttention(
            reduction,
            kernel_initializer=branch_initializer(),
            dtype=self.dtype_policy,
            name="attention",
        )

    def build(self, inputs_shape, offset_features_shape):
        channels = known_channels(self, inputs_shape)
        memory = known_channels(self, offset_features_shape)
        self.join = layers.Conv2D(
            memory,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name="join",
        )
        self.join.build((*inputs_shape[:-1], channels + memory))
        self.attention.build(offset_features_shape)
        self.block.build(inputs_shape, offset_features_shape)

    def call(self, inputs, offset_features):
        joined = ops.concatenate([inputs, offset_features], axis=-1)
        offset_features = offset_features + self.attention(self.join(joined))
        return self.block(inputs, offset_features), offset_features

    def compute_output_shape(self, inputs_shape, offset_features_shape):
        return tuple(inputs_shape), tuple(offset_features_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of all parts for one call, by the shape of
        the map."""
        memory = (*input_shape[:-1], self.join.filters)
        return (
            count_part(self.join, input_shape)
            + self.attention.count_macs(memory)
            + self.block.count_macs(input_shape)
        )

    def workspace_bytes(self, input_shape):
        """What is joined, or what the block needs."""
        memory = (*input_shape[:-1], self.join.filters)
        joined = math.prod(input_shape) + math.prod(memory)
        return max(
            joined * item_bytes(self),
            math.prod(memory) * item_bytes(self)
            + self.attention.workspace_bytes(memory),
            self.block.workspace_bytes(input_shape),
        )

    def get_config(self):
        return {**super().get_config(), "reduction": self.block.reduction}
