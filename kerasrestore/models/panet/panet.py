"""PANet: pyramid attention network."""

import keras
import numpy as np
from keras import layers

from kerasrestore.layers.mean_shift import DIV2K_MEAN
from kerasrestore.layers.pyramid_attention import PyramidAttention
from kerasrestore.layers.residual_block import ResidualBlock
from kerasrestore.layers.torch_uniform import torch_conv
from kerasrestore.layers.upsampler import Upsampler
from kerasrestore.models.checkpoints.released_state import conv_state
from kerasrestore.models.checks import check_image_model
from kerasrestore.models.graph_parts import image_inputs
from kerasrestore.models.restorer import Restorer
from kerasrestore.ops.arguments import whole_numbers

POSITIONS = ("pre", "mid", "post")
# Side of the tiles that `restore` cuts images into, as the cost of attention
# grows with the square of the number of pixels. The published results use
# tiles of up to 6,800 pixels, 57x77 for a 321x481 image.
LARGEST_TILE = 64


@keras.saving.register_keras_serializable(package="kerasrestore")
class PANet(Restorer):
    """Pyramid attention network.

    A convolution extracts features, residual blocks with pyramid attention in
    their middle and another convolution form the body, and a final
    convolution reconstructs the image from the sum of the first features and
    the output of the body: there is no skip connection from input image to
    output image. All residual blocks share one PReLU with a single slope.

    `PANet(num_blocks=8)` is PANet-S. With `task="super_resolution"` it is
    PA-EDSR: 32 residual blocks with 256 channels, ReLU and a residual scaling
    of 0.1, subtraction of the mean colour, and an upsampler.

    The paper leaves many details of the attention open; this implementation
    follows the released code, see `PyramidAttention`.

    A call of the network attends to the whole input. `restore` cuts images
    into tiles of about 64x64 pixels, as the released code does; `tile=None`
    processes the image as a whole.

    Args:
        task: what the model restores: `"denoise"`, `"demosaic"`, `"jpeg"` or
            `"super_resolution"`.
        channels: 3 for colour, 1 for gray.
        num_blocks: number of residual blocks, even; by default 80, or 32 for
            super-resolution.
        scale: upscaling factor: 2, 3 or 4 for super-resolution, else 1.
        attention: positions of the pyramid attention: any of `"pre"` (after
            the first residual block), `"mid"` (after half of them) and
            `"post"` (after the last one); empty for none. Each has its own
            weights.
        levels: number of pyramid levels.
        patch_size: side of the patches that are compared and aggregated, 3 or
            1.
        resize_rule: how the levels are resampled, `"size"` or `"scale"`.
        features: channels of the feature maps; by default 64, or 256 for
            super-resolution.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image.

    Input shape:
        `(batch, height, width, channels)` with clean images in [0, 1]. Height
        and width must be known when the model is called.

    Output shape:
        `(batch, scale * height, scale * width, channels)`, not clipped.

    Raises:
        ValueError: if an argument is out of range, or the image data format
            of Keras is channels first.

    Example:
    >>> import numpy as np
    >>> model = PANet(num_blocks=2, features=8)
    >>> model(np.zeros((1, 12, 15, 3), "float32")).shape
    TensorShape([1, 12, 15, 3])

    References:
        - Mei et al., "Pyramid Attention Network for Image Restoration", IJCV
          2023. The network of table 1 has 5,957,255 parameters, as reported.
          For PANet-S the paper reports 665 K, but its code has 639,623. The
          ablations, with `num_blocks=16`, are `attention=()` (table 6),
          `patch_size` with `levels=1` (table 7), `levels` (table 8) and
          `attention` (table 9).
        - The published weights were trained with `resize_rule="size"`.
    """

    def __init__(
        self,
        task="denoise",
        channels=3,
        num_blocks=None,
        scale=1,
        attention=("mid",),
        levels=5,
        patch_size=3,
        resize_rule="size",
        features=None,
        **kwargs,
    ):
        enlarges = scale != 1
        num_blocks = num_blocks or (32 if enlarges else 80)
        features = features or (256 if enlarges else 64)
        attention = (attention,) if isinstance(attention, str) else attention
        attention = tuple(attention or ())
        _check(task, channels, num_blocks, scale, attention, features)
        dtype = kwargs.pop("dtype", None)

        def conv(filters, name, inputs=features):
            return torch_conv(filters, 3, inputs, dtype, name)

        def attend(x, position):
            if position not in attention:
                return x
            return PyramidAttention(
                levels=levels,
                patch_size=patch_size,
                reduction=8 if enlarges else 2,
                res_scale=0.1 if enlarges else 1.0,
                resize_rule=resize_rule,
                dtype=dtype,
                name=f"attention_{position}",
            )(x)

        activation = "relu"
        if not enlarges:
            activation = layers.PReLU(
                alpha_initializer=keras.initializers.Constant(0.25),
                shared_axes=[1, 2, 3],
                dtype=dtype,
                name="shared_prelu",
            )
        mean = np.array(DIV2K_MEAN[:channels], "float32")

        image, inputs = image_inputs(channels)
        x = image - mean if enlarges else image
        head = x = conv(features, "head", channels)(x)
        for index in range(num_blocks):
            if index == num_blocks // 2:
                x = attend(x, "mid")
            x = ResidualBlock(
                res_scale=0.1 if enlarges else 1.0,
                activation=activation,
                dtype=dtype,
                name=f"block{index}",
            )(x)
            if index == 0:
                x = attend(x, "pre")
        x = attend(x, "post")
        x = conv(features, "body_conv")(x)
        x = layers.Add(dtype=dtype, name="feature_skip")([x, head])
        if enlarges:
            x = Upsampler(scale, dtype=dtype, name="upsampler")(x)
        x = conv(channels, "tail")(x)
        outputs = layers.Activation("linear", dtype="float32", name="restored")(
            x
        )
        if enlarges:
            outputs = outputs + mean
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        self.task = task
        self.channels = channels
        self.num_blocks = num_blocks
        self.scale = scale
        self.attention = attention
        self.levels = levels
        self.patch_size = patch_size
        self.resize_rule = resize_rule
        self.features = features
        if attention:
            # Attention sees the whole image.
            self.receptive_field = None
            self.largest_tile = LARGEST_TILE
        else:
            # The convolutions at higher resolution, in the upsampler and the
            # tail, together reach only one input pixel.
            radius = 3 + 2 * num_blocks + (1 if enlarges else 0)
            self.receptive_field = 2 * radius + 1

    def released_variables(self):
        """Maps the names in the released checkpoints to variables.

        Returns:
            Dictionary from state names to variables and constants.

        Raises:
            ValueError: if there are no released checkpoints for this network.
        """
        if self.attention != ("mid",) or (
            self.channels == 1 and self.scale > 1
        ):
            raise ValueError(
                "The released networks have one attention, in the middle, and "
                "upscale only colour images; build the model with defaults."
            )
        enlarges = self.scale != 1
        middle = self.num_blocks // 2
        state = conv_state("head.0.", self.get_layer("head"))
        for index in range(self.num_blocks):
            block = self.get_layer(f"block{index}")
            # The attention is an item in the list of blocks.
            prefix = f"body.{index + (index >= middle)}.body."
            state |= conv_state(f"{prefix}0.", block.conv1)
            state |= conv_state(f"{prefix}2.", block.conv2)
            if not enlarges:
                state[f"{prefix}1.weight"] = block.activation.alpha
        attention = self.get_layer("attention_mid")
        # PA-EDSR's code registers its attention under two names.
        names = (f"body.{middle}.", *(("msa.",) if enlarges else ()))
        for prefix in names:
            state[f"{prefix}escape_NaN"] = np.array([1e-4], "float32")
            for name, part in (
                ("conv_match_L_base", "query"),
                ("conv_match", "key"),
                ("conv_assembly", "value"),
            ):
                state |= conv_state(
                    f"{prefix}{name}.0.", getattr(attention, part)
                )
                slope = getattr(attention, f"{part}_prelu").alpha
                state[f"{prefix}{name}.1.weight"] = slope
        state |= conv_state(
            f"body.{self.num_blocks + 1}.", self.get_layer("body_conv")
        )
        if enlarges:
            for index, layer in enumerate(self.get_layer("upsampler").convs):
                # Every second item of the list is a pixel shuffle.
                state |= conv_state(f"tail.0.{2 * index}.", layer)
        state |= conv_state(
            "tail.1." if enlarges else "tail.0.", self.get_layer("tail")
        )
        # Present even in networks that do not subtract the mean.
        for name, sign in (("sub_mean", -1), ("add_mean", 1)):
            state[f"{name}.weight"] = np.eye(3, dtype="float32")[None, None]
            state[f"{name}.bias"] = sign * np.array(DIV2K_MEAN, "float32")
        return state

    def get_config(self):
        return {
            **self.base_config(),
            "task": self.task,
            "channels": self.channels,
            "num_blocks": self.num_blocks,
            "scale": self.scale,
            "attention": list(self.attention),
            "levels": self.levels,
            "patch_size": self.patch_size,
            "resize_rule": self.resize_rule,
            "features": self.features,
        }


def _check(task, channels, num_blocks, scale, attention, features):
    check_image_model("PANet", task, channels, scale)
    whole_numbers("num_blocks", [num_blocks])
    whole_numbers("features", [features], 1)
    if num_blocks % 2:
        raise ValueError(
            "num_blocks must be even, as the attention splits the blocks into "
            f"halves, got {num_blocks}; choose an even number."
        )
    if not set(attention) <= set(POSITIONS) or len(set(attention)) < len(
        attention
    ):
        raise ValueError(
            "attention must list 'pre', 'mid' or 'post', each at most once, "
            f"got {attention}."
        )
