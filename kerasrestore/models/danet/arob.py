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
from kerasrestore.models.recomputed_block import RecomputedBlock


@keras.saving.register_keras_serializable(package="kerasrestore")
class AROB(RecomputedBlock):
    """Attentive deformable block with recurrent offset features.

    With the feature map x and the offset features h of the previous block,
    `h' = h + attention(ReLU(conv(concat(x, h))))`. The block returns the
    output of an `ADEB` on x that predicts its offsets and masks from `h'`, and
    `h'` for the next block.

    Args:
        reduction: as in `ChannelAttention`.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Call arguments:
        inputs: feature map.
        offset_features: offset features of the previous block, resampled to
            the height and width of `inputs`.

    Input shape:
        `(batch, height, width, channels)` and
        `(batch, height, width, offset_channels)`.

    Output shape:
        Both as the inputs.

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
          carries features from scale to scale. This block is the package's
          interpretation.
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
        return self.run(inputs, offset_features)

    def forward(self, inputs, offset_features):
        joined = ops.concatenate([inputs, offset_features], axis=-1)
        offset_features = offset_features + self.attention(self.join(joined))
        return self.block(inputs, offset_features), offset_features

    def compute_output_shape(self, inputs_shape, offset_features_shape):
        return tuple(inputs_shape), tuple(offset_features_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for the shape of the feature
        map."""
        memory = (*input_shape[:-1], self.join.filters)
        return (
            count_part(self.join, input_shape)
            + self.attention.count_macs(memory)
            + self.block.count_macs(input_shape)
        )

    def workspace_bytes(self, input_shape):
        """Bytes of the concatenated input, or of the workspace of the parts."""
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
