"""RNAN: residual non-local attention network."""

import keras
from keras import layers

from kerasrestore.layers.mean_shift import DIV2K_MEAN, MeanShift
from kerasrestore.layers.torch_uniform import torch_conv
from kerasrestore.layers.upsampler import Upsampler
from kerasrestore.models.checkpoints.released_state import conv_state
from kerasrestore.models.checks import check_image_model
from kerasrestore.models.graph_parts import add_residual, image_inputs
from kerasrestore.models.restorer import Restorer
from kerasrestore.models.rnan.released_names import attention_state
from kerasrestore.models.rnan.residual_attention_block import (
    ResidualAttentionBlock,
)
from kerasrestore.ops.arguments import whole_numbers
from kerasrestore.ops.enlarge import enlarge_bicubic


@keras.saving.register_keras_serializable(package="kerasrestore")
class RNAN(Restorer):
    """Residual non-local attention network.

    A convolution extracts features, which pass through a non-local attention
    block, local attention blocks and a second non-local attention block; a
    final convolution predicts the residual. For super-resolution the features
    are upsampled before that convolution.

    The default is the network of the paper. `released=True` builds the
    network of the released code, which its checkpoints require. It differs as
    follows:

    - The softmax of a non-local block runs over the queries, not the keys.
    - An attention block starts with one residual block, not two.
    - A convolution follows each attention block, and another one follows the
      last local attention block.
    - For super-resolution there is a skip connection from the first to the
      last features instead of from image to output, and the mean colour is
      subtracted and added back with trainable weights.
    - Clean images have the range 0..255, not 0..1.

    The paper does not specify the value range, nor how the image is added to
    a larger output; here it is upsampled bicubically.

    Args:
        task: what the model restores: `"denoise"`, `"demosaic"`, `"jpeg"` or
            `"super_resolution"`.
        channels: 3 for colour, 1 for gray.
        local_blocks: number of local attention blocks.
        nonlocal_blocks: number of non-local attention blocks: 2 for one
            before and one after the local blocks, 1 for only the one before,
            0 for none.
        scale: upscaling factor: 2, 3 or 4 for super-resolution, else 1.
        released: whether to build the network of the released code.
        features: channels of the feature maps.
        mask: `False` for attention blocks without a mask branch; a non-local
            block then precedes the trunk.
        outer_blocks: residual blocks before and after the two branches of
            each attention block, q in the paper.
        trunk_blocks: residual blocks of the trunk branch, t in the paper.
        mask_blocks: m in the paper, see `ResidualAttentionBlock`.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.Model`.

    Call arguments:
        inputs: the image.

    Input shape:
        `(batch, height, width, channels)` with clean images in `value_range`;
        height and width must be even.

    Output shape:
        `(batch, scale * height, scale * width, channels)`, not clipped.

    Raises:
        ValueError: if an argument is out of range, or the image data format
            of Keras is channels first.

    Example:
    >>> import numpy as np
    >>> model = RNAN(local_blocks=1, nonlocal_blocks=1, features=8)
    >>> model(np.zeros((1, 12, 16, 3), "float32")).shape
    TensorShape([1, 12, 16, 3])

    References:
        - Zhang et al., "Residual non-local attention networks for image
          restoration", ICLR 2019. The parameter counts in table 7, 7,409 K
          and 1,494 K for 1 + 1 blocks, are those of the kernels of the
          residual blocks, of the first and last convolution and of non-local
          blocks with 64 inner channels; they exclude biases and the strided,
          transposed and 1x1 convolutions of the mask branches. The network
          has 9,291,907 parameters.
        - The cases of table 1 are `RNAN(local_blocks=7, nonlocal_blocks=0,
          mask=False)` for case 1 and so on.
    """

    def __init__(
        self,
        task="denoise",
        channels=3,
        local_blocks=8,
        nonlocal_blocks=2,
        scale=1,
        released=False,
        features=64,
        mask=True,
        outer_blocks=2,
        trunk_blocks=2,
        mask_blocks=1,
        **kwargs,
    ):
        whole_numbers("local_blocks", [local_blocks])
        whole_numbers("features", [features], 1)
        check_image_model("RNAN", task, channels, scale)
        if nonlocal_blocks not in (0, 1, 2):
            raise ValueError(
                "nonlocal_blocks must be 2 (first and last), 1 (first) or 0, "
                f"got {nonlocal_blocks!r}."
            )
        if released:
            _check_released(
                scale, channels, mask, outer_blocks, trunk_blocks, mask_blocks
            )
        dtype = kwargs.pop("dtype", None)
        enlarges = scale != 1

        def conv(filters, name, inputs=features):
            return torch_conv(filters, 3, inputs, dtype, name)

        def block(x, name, non_local=False):
            x = ResidualAttentionBlock(
                non_local=non_local,
                mask=mask,
                front_blocks=1 if released else outer_blocks,
                end_blocks=outer_blocks,
                trunk_blocks=trunk_blocks,
                mask_blocks=mask_blocks,
                normalize="queries" if released else "keys",
                dtype=dtype,
                name=name,
            )(x)
            return conv(features, f"{name}_conv")(x) if released else x

        image, inputs = image_inputs(channels)
        x = image
        if enlarges and released:
            # Sums with the image are in float32, whatever the compute dtype.
            shift = [-255.0 * mean for mean in DIV2K_MEAN]
            x = MeanShift(shift, dtype="float32", name="sub_mean")(x)
        head = x = conv(features, "head", channels)(x)
        if nonlocal_blocks:
            x = block(x, "nonlocal_low", non_local=True)
        for index in range(local_blocks):
            x = block(x, f"local{index}")
        if released:
            x = conv(features, "local_conv")(x)
        if nonlocal_blocks == 2:
            x = block(x, "nonlocal_high", non_local=True)
        if enlarges:
            if released:
                x = layers.Add(dtype=dtype, name="feature_skip")([x, head])
            x = Upsampler(scale, dtype=dtype, name="upsampler")(x)
        x = conv(channels, "tail")(x)
        if enlarges and released:
            shift = [255.0 * mean for mean in DIV2K_MEAN]
            outputs = MeanShift(shift, dtype="float32", name="add_mean")(x)
        else:
            skip = enlarge_bicubic(image, scale) if enlarges else image
            outputs = add_residual(skip, x)
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        self.task = task
        self.channels = channels
        self.local_blocks = local_blocks
        self.nonlocal_blocks = nonlocal_blocks
        self.scale = scale
        self.released = bool(released)
        self.features = features
        self.mask = bool(mask)
        self.outer_blocks = outer_blocks
        self.trunk_blocks = trunk_blocks
        self.mask_blocks = mask_blocks
        if released:
            self.value_range = (0.0, 255.0)
        self.size_multiple = 2 if mask else 1
        self.receptive_field = self._receptive_field()

    def _receptive_field(self):
        if self.nonlocal_blocks:
            return None
        branches = 2 * self.trunk_blocks
        if self.mask:
            # Half resolution counts double; down- and upsampling add 4.
            branches = max(branches, 12 * self.mask_blocks + 4)
        front = 1 if self.released else self.outer_blocks
        block = 2 * front + branches + 2 * self.outer_blocks
        radius = 2 + self.local_blocks * block
        if self.released:
            radius += self.local_blocks + 1
        if self.scale != 1:
            # The upsampler's first convolution. Its second one and the last
            # convolution of the network run at higher resolution: together
            # they reach only the next input pixel, as the last one alone does.
            radius += 1
        return 2 * radius + 1

    def released_variables(self):
        """Maps the names in the released checkpoints to variables.

        Returns:
            Dictionary from state names to variables.

        Raises:
            ValueError: if this is the network of the paper, for which there
                are no released checkpoints.
        """
        if not self.released:
            raise ValueError(
                "The released checkpoints do not fit the network of the paper; "
                "build the model with released=True."
            )

        def group(prefix, name):
            return {
                **attention_state(f"{prefix}body.0.", self.get_layer(name)),
                **conv(f"{prefix}body.1.", f"{name}_conv"),
            }

        def conv(prefix, name):
            return conv_state(prefix, self.get_layer(name))

        state = conv("head.0.", "head")
        if self.nonlocal_blocks:
            state |= group("body_nl_low.0.", "nonlocal_low")
        for index in range(self.local_blocks):
            state |= group(f"body.{index}.", f"local{index}")
        state |= conv(f"body.{self.local_blocks}.", "local_conv")
        if self.nonlocal_blocks == 2:
            state |= group("body_nl_high.0.", "nonlocal_high")
        if self.scale == 1:
            return {**state, **conv("tail.0.", "tail")}
        for index, layer in enumerate(self.get_layer("upsampler").convs):
            # Every second item of the list is a pixel shuffle.
            state |= conv_state(f"tail.0.{2 * index}.", layer)
        for name in ("sub_mean", "add_mean"):
            state |= conv(f"{name}.", name)
        return {**state, **conv("tail.1.", "tail")}

    def get_config(self):
        return {
            **self.base_config(),
            "task": self.task,
            "channels": self.channels,
            "local_blocks": self.local_blocks,
            "nonlocal_blocks": self.nonlocal_blocks,
            "scale": self.scale,
            "released": self.released,
            "features": self.features,
            "mask": self.mask,
            "outer_blocks": self.outer_blocks,
            "trunk_blocks": self.trunk_blocks,
            "mask_blocks": self.mask_blocks,
        }


def _check_released(scale, channels, mask, outer, trunk, inner):
    if not mask or (outer, trunk, inner) != (2, 2, 1):
        raise ValueError(
            "The released code always has a mask branch and fixed numbers of "
            "residual blocks; omit mask, outer_blocks, trunk_blocks and "
            "mask_blocks."
        )
    if scale != 1 and channels != 3:
        raise ValueError(
            "The released super-resolution network needs channels=3, got "
            f"channels={channels}."
        )
