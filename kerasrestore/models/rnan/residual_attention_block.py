"""RNAN's attention block: a trunk branch rescaled by a mask branch."""

import math

import keras
from keras import layers

from kerasrestore.layers.non_local_block import NonLocalBlock
from kerasrestore.layers.residual_block import ResidualBlock
from kerasrestore.layers.torch_uniform import torch_conv
from kerasrestore.models.recomputed_block import RecomputedBlock
from kerasrestore.ops.arguments import whole_numbers

DOWN_SIZE = 3
UP_SIZE = 6


@keras.saving.register_keras_serializable(package="kerasrestore")
class ResidualAttentionBlock(RecomputedBlock):
    """Residual local or non-local attention block.

    Residual blocks produce features `a`, which pass through a trunk branch of
    residual blocks and through a mask branch; more residual blocks process
    `trunk(a) * mask(a) + a`. The mask branch runs at half resolution in its
    middle and ends in a sigmoid; in a non-local attention block it begins
    with a non-local block. Without a mask branch the trunk is not rescaled,
    and the non-local block precedes it.

    Args:
        non_local: whether this is a non-local attention block.
        mask: `False` for no mask branch.
        front_blocks: residual blocks before the branches, q in the paper.
        end_blocks: residual blocks after the branches, q in the paper.
        trunk_blocks: residual blocks of the trunk, t in the paper.
        mask_blocks: residual blocks of the mask branch before the strided
            convolution, and also after the transposed one, m in the paper;
            between the two there are twice as many.
        inner_channels: as in `NonLocalBlock`.
        normalize: as in `NonLocalBlock`.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        x: feature map.

    Input shape:
        `(batch, height, width, channels)`; with a mask branch height and
        width must be even.

    Output shape:
        Same as the input.

    Raises:
        ValueError: if an argument is out of range, or the height or width is
            odd.

    Example:
    >>> import numpy as np
    >>> block = ResidualAttentionBlock(non_local=True)
    >>> block(np.zeros((1, 6, 8, 16), "float32")).shape
    TensorShape([1, 6, 8, 16])

    References:
        - RNAN: Zhang et al., ICLR 2019, figure 2 and equations 6 and 8. The
          paper specifies neither the kernel sizes of the strided and the
          transposed convolution (3x3, padded by 1 on each side, and 6x6) nor
          the skip connection around the half-resolution path; both follow
          the released code, which has only one residual block before the
          branches.
    """

    def __init__(
        self,
        non_local=False,
        mask=True,
        front_blocks=2,
        end_blocks=2,
        trunk_blocks=2,
        mask_blocks=1,
        inner_channels=None,
        normalize="keys",
        **kwargs,
    ):
        super().__init__(**kwargs)
        counts = {
            "front_blocks": front_blocks,
            "end_blocks": end_blocks,
            "trunk_blocks": trunk_blocks,
            "mask_blocks": mask_blocks,
        }
        for name, count in counts.items():
            whole_numbers(name, [count])
        self.non_local = bool(non_local)
        self.mask = bool(mask)
        self.front_blocks = front_blocks
        self.end_blocks = end_blocks
        self.trunk_blocks = trunk_blocks
        self.mask_blocks = mask_blocks
        self.inner_channels = inner_channels
        self.normalize = normalize
        self.input_spec = layers.InputSpec(ndim=4)

        def blocks(count, part):
            return [
                ResidualBlock(dtype=self.dtype_policy, name=f"{part}{index}")
                for index in range(count)
            ]

        self.front = blocks(front_blocks, "front")
        self.trunk = blocks(trunk_blocks, "trunk")
        self.end = blocks(end_blocks, "end")
        self.mask_front = blocks(self.mask * mask_blocks, "mask_front")
        self.mask_half = blocks(self.mask * 2 * mask_blocks, "mask_half")
        self.mask_end = blocks(self.mask * mask_blocks, "mask_end")
        if self.non_local:
            self.non_local_block = NonLocalBlock(
                inner_channels,
                normalize,
                dtype=self.dtype_policy,
                name="non_local",
            )

    def build(self, input_shape):
        batch, _, _, channels = input_shape
        shape = (batch, None, None, channels)
        for block in self._residual_blocks():
            block.build(shape)
        if self.non_local:
            self.non_local_block.build(shape)
        if not self.mask:
            return

        def conv(size, name, **options):
            layer = torch_conv(
                channels, size, channels, self.dtype_policy, name, **options
            )
            layer.build(shape)
            return layer

        # One row and column of zeros on each side; Keras' "same" would pad
        # only at the bottom and right.
        self.pad = layers.ZeroPadding2D(1, dtype=self.dtype_policy)
        self.down = conv(DOWN_SIZE, "down", strides=2, padding="valid")
        self.up = conv(UP_SIZE, "up", layer=layers.Conv2DTranspose, strides=2)
        self.mask_conv = conv(1, "mask_conv", activation="sigmoid")

    def call(self, x):
        if self.mask and any(
            isinstance(side, int) and side % 2 for side in x.shape[1:3]
        ):
            raise ValueError(
                "RNAN's mask branch halves height and width, which must be "
                f"even, got {x.shape[1]}x{x.shape[2]}; pad the image, or call "
                "restore, which does."
            )
        return self.run(x)

    def forward(self, x):
        x = _chain(self.front, x)
        if self.mask:
            x = _chain(self.trunk, x) * self._mask(x) + x
        else:
            y = self.non_local_block(x) if self.non_local else x
            x = _chain(self.trunk, y) + x
        return _chain(self.end, x)

    def _mask(self, x):
        x = self.non_local_block(x) if self.non_local else x
        x = _chain(self.mask_front, x)
        half = _chain(self.mask_half, self.down(self.pad(x)))
        return self.mask_conv(_chain(self.mask_end, self.up(half) + x))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for a shape with batch size."""
        half = _half(input_shape)
        total = sum(
            block.count_macs(half if block in self.mask_half else input_shape)
            for block in self._residual_blocks()
        )
        if self.non_local:
            total += self.non_local_block.count_macs(input_shape)
        if self.mask:
            # The transposed convolution applies all of its taps to each of
            # its inputs, which are at half resolution.
            squared = input_shape[-1] * math.prod(half)
            total += (DOWN_SIZE**2 + UP_SIZE**2) * squared
            total += input_shape[-1] * math.prod(input_shape)
        return total

    def workspace_bytes(self, input_shape):
        """Bytes allocated during a call beyond input and output."""
        one_map = 4 * math.prod(input_shape)
        # The output of the front blocks, that of the trunk and the mask are
        # live while a residual block uses two more maps; convolutions keep
        # packed copies of their inputs and outputs. Measured under TensorFlow
        # on a CPU: 13 maps including input and output.
        work = 2 * (3 + 2) * one_map
        if self.non_local:
            work += self.non_local_block.workspace_bytes(input_shape)
        return work

    def _residual_blocks(self):
        return [
            *self.front,
            *self.trunk,
            *self.mask_front,
            *self.mask_half,
            *self.mask_end,
            *self.end,
        ]

    def get_config(self):
        return {
            **super().get_config(),
            "non_local": self.non_local,
            "mask": self.mask,
            "front_blocks": self.front_blocks,
            "end_blocks": self.end_blocks,
            "trunk_blocks": self.trunk_blocks,
            "mask_blocks": self.mask_blocks,
            "inner_channels": self.inner_channels,
            "normalize": self.normalize,
        }


def _chain(blocks, x):
    for block in blocks:
        x = block(x)
    return x


def _half(shape):
    batch, height, width, channels = shape
    return (batch, height // 2, width // 2, channels)
