"""DANetMobile: DANet's idea in the operations that phones run well."""

import keras
from keras import layers, ops

from kerasrestore.models.checks import check_image_model
from kerasrestore.models.graph_parts import (
    add_residual,
    add_sigma,
    image_inputs,
)
from kerasrestore.models.restorer import Restorer
from kerasrestore.ops.arguments import whole_numbers


@keras.saving.register_keras_serializable(package="kerasrestore")
class DANetMobile(Restorer):
    """Wavelet-shaped residual U-Net for phones.

    The image is folded 2x2 into channels, taken through a U-Net whose finest
    level works at half resolution, and unfolded; the network predicts what
    has to be added to the input. It keeps DANet's plan (wavelet
    decomposition, U-Net, residual output) within the operations that LiteRT
    and its delegates run fast: 3x3 and 1x1 convolutions, ReLU, additions,
    space-to-depth and depth-to-space.

    A Haar transform is a fixed orthonormal mixing of the four pixels of a
    2x2 block. Each folding here is followed by a linear convolution, which
    contains that mixing and trains it, so the transform costs nothing at run
    time. Stems, junctions and tails are linear: rectifying them there was
    measured to cost more than a decibel. There is no pooling over the map,
    so that a tile with enough context gives exactly the pixels of the whole
    image.

    Args:
        task: what the model restores: `"denoise"` or any other registered
            task whose degraded images have the size of the clean ones.
        channels: 3 for colour, 1 for gray.
        widths: channels at half resolution, quarter resolution, and so on;
            multiples of 8, at least one level.
        encoder_blocks: residual blocks at each level but the last, going
            down.
        middle_blocks: residual blocks at the last level.
        decoder_blocks: residual blocks at each level but the last, listed in
            the order of `widths`.
        sigma_input: `False` for a blind model; `True` for a second input,
            the noise level of each image on the 0..255 scale.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image, or with `sigma_input` a dictionary with `"image"`
            and `"sigma"`.

    Input shape:
        image `(batch, height, width, channels)` with [0, 1] as the range of
        clean images, height and width multiples of `size_multiple`; sigma
        `(batch, 1)`.

    Output shape:
        `(batch, height, width, channels)`, not clipped.

    Raises:
        ValueError: if an argument is out of its range, or the backend's
            image layout is channels first.

    Example:
    >>> import numpy as np
    >>> model = DANetMobile(widths=(16, 24), channels=3)
    >>> model(np.zeros((1, 32, 48, 3), "float32")).shape
    TensorShape([1, 32, 48, 3])

    References:
        - DANet: Huang et al., "Learning Deformable and Attentive Network for
          image restoration", Knowledge-Based Systems 2021, for the idea;
          this network is the package's own.
    """

    def __init__(
        self,
        task="denoise",
        channels=3,
        widths=(48, 128),
        encoder_blocks=(1,),
        middle_blocks=2,
        decoder_blocks=(2,),
        sigma_input=False,
        **kwargs,
    ):
        widths = whole_numbers("widths", widths)
        encoder_blocks = whole_numbers("encoder_blocks", encoder_blocks)
        decoder_blocks = whole_numbers("decoder_blocks", decoder_blocks)
        (middle_blocks,) = whole_numbers("middle_blocks", [middle_blocks])
        _check(task, channels, widths, encoder_blocks, decoder_blocks)
        dtype = kwargs.pop("dtype", None)

        def conv(filters, name, size=3, small=False, relu=False):
            return layers.Conv2D(
                filters,
                size,
                padding="same",
                activation="relu" if relu else None,
                # Branches that are added to something start small, so that
                # the untrained network is close to the identity.
                kernel_initializer=(
                    keras.initializers.VarianceScaling(0.1)
                    if small
                    else ("he_normal" if relu else "glorot_uniform")
                ),
                dtype=dtype,
                name=name,
            )

        def residual_block(x, filters, name):
            y = conv(filters, f"{name}_conv1", relu=True)(x)
            y = conv(filters, f"{name}_conv2", small=True)(y)
            return layers.Add(dtype=dtype, name=f"{name}_add")([x, y])

        image, inputs = image_inputs(channels, sigma_input)
        x = ops.space_to_depth(image, 2)
        x = conv(widths[0], "stem")(x)
        if sigma_input:
            x = add_sigma(x, inputs["sigma"], dtype)
        skips = []
        for index, blocks in enumerate(encoder_blocks):
            for block in range(blocks):
                x = residual_block(
                    x, widths[index], f"encoder{index}_block{block}"
                )
            skips.append(x)
            x = ops.space_to_depth(x, 2)
            x = conv(widths[index + 1], f"down{index}", size=1)(x)
        for block in range(middle_blocks):
            x = residual_block(x, widths[-1], f"middle_block{block}")
        for index in reversed(range(len(decoder_blocks))):
            x = conv(4 * widths[index], f"up{index}", size=1)(x)
            x = ops.depth_to_space(x, 2)
            x = layers.Add(dtype=dtype, name=f"up{index}_add")(
                [x, skips[index]]
            )
            for block in range(decoder_blocks[index]):
                x = residual_block(
                    x, widths[index], f"decoder{index}_block{block}"
                )
        x = conv(4 * channels, "tail", small=True)(x)
        x = ops.depth_to_space(x, 2)
        outputs = add_residual(image, x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        self.task = task
        self.channels = channels
        self.widths = widths
        self.encoder_blocks = encoder_blocks
        self.middle_blocks = middle_blocks
        self.decoder_blocks = decoder_blocks
        self.sigma_input = bool(sigma_input)
        self.size_multiple = 2 ** len(widths)
        # A 3x3 convolution at level k sees 2^k pixels further; the foldings
        # add what is left of the coarsest block.
        radius = 2 * 2 + self.size_multiple - 1
        for index, (down, up) in enumerate(
            zip(encoder_blocks, decoder_blocks, strict=True)
        ):
            radius += (down + up) * 2 * 2 ** (index + 1)
        radius += middle_blocks * 2 * self.size_multiple
        self.receptive_field = 2 * radius + 1

    def get_config(self):
        return {
            **self.base_config(),
            "task": self.task,
            "channels": self.channels,
            "widths": list(self.widths),
            "encoder_blocks": list(self.encoder_blocks),
            "middle_blocks": self.middle_blocks,
            "decoder_blocks": list(self.decoder_blocks),
            "sigma_input": self.sigma_input,
        }


def _check(task, channels, widths, encoder_blocks, decoder_blocks):
    check_image_model("DANetMobile", task, channels)
    if not widths or any(width < 8 or width % 8 for width in widths):
        raise ValueError(
            f"widths are multiples of 8, one a level, got {widths}."
        )
    if not len(encoder_blocks) == len(decoder_blocks) == len(widths) - 1:
        raise ValueError(
            f"{len(widths)} widths need {len(widths) - 1} entries in "
            f"encoder_blocks and in decoder_blocks, got {encoder_blocks} and "
            f"{decoder_blocks}."
        )
