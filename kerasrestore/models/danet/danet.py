"""DANet: deformable and attentive wavelet U-Net."""

import keras
from keras import layers, ops

from kerasrestore.layers.haar_dwt2d import HaarDWT2D
from kerasrestore.layers.haar_iwt2d import HaarIWT2D
from kerasrestore.models.checks import check_image_model
from kerasrestore.models.danet.adeb import ADEB, branch_initializer
from kerasrestore.models.danet.arob import AROB
from kerasrestore.models.graph_parts import (
    add_residual,
    add_sigma,
    image_inputs,
)
from kerasrestore.models.restorer import Restorer
from kerasrestore.ops.arguments import whole_numbers

BLOCKS = ("conv", "deformable", "adeb")
WIDTHS = (128, 176, 176, 192)
OFFSET_WIDTH = 48
# ADEBs before the AROB at each level.
SIZES = {"full": (3, 3, 2, 1), "slim": (1, 1, 1, 1)}


@keras.saving.register_keras_serializable(package="kerasrestore")
class DANet(Restorer):
    """U-Net of attentive deformable blocks between wavelet transforms.

    A 3x3 convolution extracts the first features. Each stage (encoder level,
    bottleneck and decoder level) is a sequence of `ADEB`s followed by an
    `AROB`. Downsampling is a Haar transform and a 3x3 convolution, upsampling
    a 1x1 convolution and the inverse transform; skip connections add the
    encoder features to the decoder features. The offset features of the AROBs
    pass through all stages, resampled in the same way. A final convolution
    predicts the residual.

    Channel attention averages over the whole map, so every pixel depends on
    the whole image, and tiled restoration blends tiles instead of being exact.

    The paper specifies neither widths nor numbers of blocks. They are chosen
    to match the cost in the paper's Table 7, for gray 480x320 images:

    | | ADEBs per stage | parameters | paper | MACs | paper |
    |---|---|---|---|---|---|
    | `"full"` | 3, 3, 2, 1 | 23,599 k | 23,481 k | 1048.6 G | 1040.9 G |
    | `"slim"` | 1, 1, 1, 1 | 15,887 k | 15,940 k | 574.9 G | 571.1 G |

    With C channels, an ADEB has 27 C^2 weights in its three convolutions,
    243 C for offsets and masks, and 2 C^2 + C^2 / 8 + 116 in the attention.
    An AROB with M channels of offset features has 243 M instead of 243 C, and
    another 9 (C + M) M + 2 M^2 + M^2 / 8 + 116 for the offset features. For
    widths of 128, 176, 176, 192 and M = 48, including biases, this is 509 k,
    946 k, 946 k and 1121 k for an ADEB, and 571 k, 1017 k, 1017 k and 1195 k
    for an AROB. The coarsest level has one stage, the others have two.
    Between levels with C and C' channels there are 36 C C' weights for
    downsampling, 4 C C' for upsampling and 8 M^2 for the offset features; the
    first and last convolutions have 9 C + C M + 9 C. Each weight costs one
    multiply-accumulate per pixel of its level, or per image in channel
    attention; interpolation and wavelets are not counted. The slim network
    thus takes 3.74 M multiply-accumulates per pixel, 57 % of them at full
    resolution.

    Args:
        task: what the model restores: `"denoise"`, `"jpeg"`, or
            `"super_resolution"` of photographs whose low- and
            high-resolution versions have the same size.
        channels: 3 for colour, 1 for gray (noise or the Y of JPEG images).
        size: `"full"` for DANet, `"slim"` for DANet-S.
        widths: channels of the levels, from fine to coarse.
        blocks: number of ADEBs before the AROB at each level; by default
            determined by `size`.
        offset_width: channels of the offset features of the AROBs.
        block: `"adeb"`, or a baseline of the ablation: `"conv"` for plain
            residual blocks of three convolutions, `"deformable"` to make the
            middle one deformable at the coarsest level and in the decoder.
        recurrent: `False` replaces every AROB with an ADEB.
        wavelet: `False` replaces the transforms with strided convolutions and
            depth-to-space.
        sigma_input: `False` for a blind model or one for a fixed noise level;
            `True` for a second input, the noise level of each image on the
            0..255 scale.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image, or with `sigma_input` a dictionary with `"image"`
            and `"sigma"`.

    Input shape:
        image `(batch, height, width, channels)` with clean images in [0, 1],
        height and width multiples of `size_multiple`; sigma `(batch, 1)`.

    Output shape:
        `(batch, height, width, channels)`, not clipped.

    Raises:
        ValueError: if an argument is out of range, arguments contradict each
            other, or the image data format of Keras is channels first.

    Example:
    >>> import numpy as np
    >>> model = DANet(widths=(8, 16), blocks=(0, 1), offset_width=4)
    >>> model(np.zeros((1, 16, 24, 3), "float32")).shape
    TensorShape([1, 16, 24, 3])

    References:
        - Huang et al., "Learning Deformable and Attentive Network for image
          restoration", Knowledge-Based Systems 2021. No code was released,
          and sections 3.3 to 3.5 and the figures are not available: the
          network is reconstructed from the rest of the text and matched to
          Table 7. The rows of Table 8 are `block="conv"`, `"deformable"` and
          `"adeb"`, each with `recurrent=False, wavelet=False`, then
          `wavelet=False`, then the default.
    """

    def __init__(
        self,
        task="denoise",
        channels=3,
        size="full",
        widths=WIDTHS,
        blocks=None,
        offset_width=OFFSET_WIDTH,
        block="adeb",
        recurrent=True,
        wavelet=True,
        sigma_input=False,
        **kwargs,
    ):
        widths = whole_numbers("widths", widths, 1)
        (offset_width,) = whole_numbers("offset_width", [offset_width], 1)
        if size not in tuple(SIZES):
            raise ValueError(
                f"size must be {' or '.join(map(repr, SIZES))}, got {size!r}."
            )
        blocks = whole_numbers(
            "blocks", SIZES[size] if blocks is None else blocks
        )
        _check(task, channels, widths, blocks, block, recurrent)
        dtype = kwargs.pop("dtype", None)
        levels = len(widths)

        def conv(filters, name, kernel_size=1, **options):
            return layers.Conv2D(
                filters,
                kernel_size,
                padding="same",
                dtype=dtype,
                name=name,
                **options,
            )

        def down(x, filters, name, kernel_size):
            if not wavelet:
                return conv(filters, name, 3, strides=2)(x)
            x = HaarDWT2D(dtype=dtype, name=f"{name}_dwt")(x)
            return conv(filters, name, kernel_size)(x)

        def up(x, filters, name):
            x = conv(4 * filters, name)(x)
            if not wavelet:
                return ops.depth_to_space(x, 2)
            return HaarIWT2D(dtype=dtype, name=f"{name}_iwt")(x)

        def adeb(x, name, deformable):
            return ADEB(
                attention=block == "adeb",
                deformable=block == "adeb" or deformable,
                dtype=dtype,
                name=name,
            )(x)

        def stage(x, memory, level, name):
            deformable = block == "deformable" and name != f"encoder{level}"
            for index in range(blocks[level]):
                x = adeb(x, f"{name}_block{index}", deformable)
            if recurrent:
                return AROB(dtype=dtype, name=f"{name}_last")(x, memory)
            return adeb(x, f"{name}_last", deformable), None

        image, inputs = image_inputs(channels, sigma_input)
        x = conv(widths[0], "stem", 3)(image)
        if sigma_input:
            x = add_sigma(x, inputs["sigma"], dtype)
        memory = conv(offset_width, "memory_stem")(x) if recurrent else None
        skips = []
        for level in range(levels - 1):
            x, memory = stage(x, memory, level, f"encoder{level}")
            skips.append(x)
            x = down(x, widths[level + 1], f"down{level}", 3)
            if recurrent:
                memory = down(memory, offset_width, f"memory_down{level}", 1)
        x, memory = stage(x, memory, levels - 1, "middle")
        for level in reversed(range(levels - 1)):
            x = up(x, widths[level], f"up{level}")
            x = layers.Add(dtype=dtype, name=f"up{level}_add")(
                [x, skips[level]]
            )
            if recurrent:
                memory = up(memory, offset_width, f"memory_up{level}")
            x, memory = stage(x, memory, level, f"decoder{level}")
        x = conv(channels, "tail", 3, kernel_initializer=branch_initializer())(
            x
        )
        outputs = add_residual(image, x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        self.task = task
        self.channels = channels
        self.size = size
        self.widths = widths
        self.blocks = blocks
        self.offset_width = offset_width
        self.block = block
        self.recurrent = bool(recurrent)
        self.wavelet = bool(wavelet)
        self.sigma_input = bool(sigma_input)
        self.size_multiple = 2 ** (levels - 1)

    def features(self):
        """Builds a model with shared layers that returns the feature maps.

        For losses between the features of two networks, as in collaborative
        distillation.

        Returns:
            A `keras.Model` with the same inputs; its output is a dictionary
            with `"restored"` and the output of every stage: `"encoder0"`,
            ..., `"middle"`, ..., `"decoder0"`.

        Example:
        >>> model = DANet(widths=(8, 16), blocks=(0, 1), offset_width=4)
        >>> sorted(model.features().output)
        ['decoder0', 'encoder0', 'middle', 'restored']
        """
        maps = {"restored": self.output}
        for layer in self.layers:
            if layer.name.endswith("_last"):
                output = layer.output
                maps[layer.name.removesuffix("_last")] = (
                    output[0] if self.recurrent else output
                )
        return keras.Model(self.input, maps, name=f"{self.name}_features")

    def get_config(self):
        return {
            **self.base_config(),
            "task": self.task,
            "channels": self.channels,
            "size": self.size,
            "widths": list(self.widths),
            "blocks": list(self.blocks),
            "offset_width": self.offset_width,
            "block": self.block,
            "recurrent": self.recurrent,
            "wavelet": self.wavelet,
            "sigma_input": self.sigma_input,
        }


def _check(task, channels, widths, blocks, block, recurrent):
    check_image_model("DANet", task, channels)
    if not widths or len(blocks) != len(widths):
        raise ValueError(
            "widths and blocks need one entry for each level, got "
            f"widths={widths} and blocks={blocks}; give as many of both."
        )
    if block not in BLOCKS:
        raise ValueError(
            f"block must be one of {', '.join(map(repr, BLOCKS))}, got "
            f"{block!r}."
        )
    if recurrent and block != "adeb":
        raise ValueError(
            f"Recurrent offsets need block='adeb', got block={block!r}; set "
            "recurrent=False."
        )
