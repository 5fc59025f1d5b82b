"""DANetMobile: a variant of DANet for phones."""

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

    Space-to-depth halves the resolution, a U-Net processes the result, and
    depth-to-space restores the resolution; the network predicts the residual.
    Images are enlarged at the end: depth-to-space yields the larger image, and
    the residual is added to the input, enlarged bilinearly. A mosaic is packed
    into its four planes of samples at half resolution, and the residual is
    added to those, interpolated bilinearly. It keeps the design of DANet
    (wavelet decomposition, U-Net, residual output) with the operations that
    LiteRT and its delegates run fast: 3x3 and 1x1 convolutions, ReLU,
    additions, space-to-depth and depth-to-space.

    A Haar transform is a fixed orthonormal mixing of the four pixels of a 2x2
    block. Here each space-to-depth is followed by a linear convolution, which
    includes such a mixing and learns it, so the transform costs nothing at
    inference. The stem, the resampling convolutions and the tail have no
    activation: a ReLU there was measured to cost more than 1 dB. There is no
    global pooling, so a tile with enough context yields exactly the pixels of
    the whole image.

    Args:
        task: what the model restores: `"denoise"` or any other registered
            task. For `"demosaic"`, mosaics have the pattern GRBG;
            `restore` takes the others too.
        channels: 3 for colour, 1 for gray.
        widths: channels at half resolution, quarter resolution, and so on;
            multiples of 8, at least one level.
        encoder_blocks: number of residual blocks at each encoder level,
            excluding the last level.
        middle_blocks: number of residual blocks at the last level.
        decoder_blocks: number of residual blocks at each decoder level, in
            the order of `widths`, excluding the last level.
        sigma_input: `False` for a blind model; `True` for a second input,
            the noise level of each image on the 0..255 scale.
        scale: upscaling factor, 2 to 4 for `"super_resolution"`; 1 for other
            tasks, and for low-resolution images that have the size of the
            clean ones already.
        full_resolution: whether the first of `widths` is at full resolution,
            the second at half resolution and so on, without the first
            space-to-depth; not for `"demosaic"`.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image, or with `sigma_input` a dictionary with `"image"`
            and `"sigma"`.

    Input shape:
        image `(batch, height, width, channels)` with clean images in [0, 1],
        height and width multiples of `size_multiple`; sigma `(batch, 1)`.

    Output shape:
        `(batch, height * scale, width * scale, channels)`, not clipped.

    Raises:
        ValueError: if an argument is out of range, or the image data format
            of Keras is channels first.

    Example:
    >>> import numpy as np
    >>> model = DANetMobile(widths=(16, 24), channels=3)
    >>> model(np.zeros((1, 32, 48, 3), "float32")).shape
    TensorShape([1, 32, 48, 3])

    References:
        - DANet: Huang et al., "Learning Deformable and Attentive Network for
          image restoration", Knowledge-Based Systems 2021, for the general
          design; this architecture is the package's own.
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
        scale=1,
        full_resolution=False,
        **kwargs,
    ):
        widths = whole_numbers("widths", widths)
        encoder_blocks = whole_numbers("encoder_blocks", encoder_blocks)
        decoder_blocks = whole_numbers("decoder_blocks", decoder_blocks)
        (middle_blocks,) = whole_numbers("middle_blocks", [middle_blocks])
        _check(task, channels, scale, widths, encoder_blocks, decoder_blocks)
        packed = task == "demosaic"
        if packed and full_resolution:
            raise ValueError(
                "A mosaic is packed at half resolution; leave full_resolution "
                f"out for task={task!r}."
            )
        dtype = kwargs.pop("dtype", None)

        def conv(filters, name, size=3, small=False, relu=False):
            return layers.Conv2D(
                filters,
                size,
                padding="same",
                activation="relu" if relu else None,
                # Residual branches have small initial weights, so that the
                # untrained network is close to the identity.
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
        if packed:
            x, base = _packed(image)
        else:
            x = image if full_resolution else ops.space_to_depth(image, 2)
            base = image if scale == 1 else _enlarged(image, scale)
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
        block = scale if full_resolution else 2 * scale
        x = conv(block**2 * channels, "tail", small=True)(x)
        if block > 1:
            x = ops.depth_to_space(x, block)
        outputs = add_residual(base, x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        self.task = task
        self.channels = channels
        self.widths = widths
        self.encoder_blocks = encoder_blocks
        self.middle_blocks = middle_blocks
        self.decoder_blocks = decoder_blocks
        self.sigma_input = bool(sigma_input)
        self.scale = scale
        self.full_resolution = bool(full_resolution)
        # Side of a pixel of the first level, in pixels of the image.
        first = 1 if full_resolution else 2
        self.size_multiple = first * 2 ** (len(widths) - 1)
        # A 3x3 convolution extends the radius by a pixel of its level;
        # space-to-depth adds the rest of a coarsest block.
        radius = 2 * first + self.size_multiple - 1
        for index, (down, up) in enumerate(
            zip(encoder_blocks, decoder_blocks, strict=True)
        ):
            radius += (down + up) * 2 * first * 2**index
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
            "scale": self.scale,
            "full_resolution": self.full_resolution,
        }


def _enlarged(image, scale):
    """An image enlarged bilinearly, in float32."""
    return layers.UpSampling2D(
        scale, interpolation="bilinear", dtype="float32", name="enlarged"
    )(image)


def _packed(mosaic):
    """The four planes of a GRBG mosaic, and the image interpolated from them.

    Channels of a pixel that were not sampled are 0, so that their sum is the
    sample.
    """
    samples = ops.sum(mosaic, axis=-1, keepdims=True)
    planes = ops.space_to_depth(samples, 2)
    first, red, blue, last = (planes[..., i : i + 1] for i in range(4))
    green = layers.Average(dtype="float32", name="green")([first, last])
    small = ops.concatenate([red, green, blue], axis=-1)
    return planes, _enlarged(small, 2)


def _check(task, channels, scale, widths, encoder_blocks, decoder_blocks):
    check_image_model(
        "DANetMobile", task, channels, None if scale == 1 else scale
    )
    if not widths or any(width < 8 or width % 8 for width in widths):
        raise ValueError(
            f"widths must be multiples of 8, one for each level, got {widths}."
        )
    if not len(encoder_blocks) == len(decoder_blocks) == len(widths) - 1:
        raise ValueError(
            f"{len(widths)} widths need {len(widths) - 1} entries in "
            f"encoder_blocks and in decoder_blocks, got {encoder_blocks} and "
            f"{decoder_blocks}."
        )
