"""PANet's pyramid attention as a layer."""

import math

import keras
from keras import layers

from kerasrestore.layers.torch_uniform import torch_conv
from kerasrestore.ops.arguments import whole_numbers
from kerasrestore.ops.pyramid_attention import pyramid_attention, query_tile
from kerasrestore.ops.resampling import resize_bicubic

# Divisor for the sum of overlapping patches, whatever their number.
OVERLAP = {3: 4.0, 1: 1.0}
RESIZE_RULES = ("size", "scale")


@keras.saving.register_keras_serializable(package="kerasrestore")
class PyramidAttention(layers.Layer):
    """Non-local attention to patches of a feature map at several scales.

    The map is resampled bicubically to 0.9, 0.8 and so on of its size. 1x1
    convolutions, each with a single-slope PReLU, embed the map as query and
    every level as keys and values, and `pyramid_attention` attends from each
    patch to the patches of all levels.

    Args:
        levels: number of pyramid levels including the original map; 1 to 9.
        patch_size: side of the patches, 3 or 1. With 3, the sum of the
            overlapping patches is divided by 4, as in the released code,
            although up to nine overlap.
        reduction: ratio of the input channels to those of query and keys.
        softmax_scale: factor of the logits.
        res_scale: factor of the input in the sum with the attention output.
        resize_rule: `"size"` for the resampling that the published weights
            were trained with, `"scale"` for that of later PyTorch versions;
            see `kerasrestore.imaging.resampling.bicubic_matrix`.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        x: feature map.

    Input shape:
        `(batch, height, width, channels)`; height and width must be known
        when the layer is called, also under TensorFlow. Levels without any
        pixel are omitted.

    Output shape:
        Same as the input.

    Raises:
        ValueError: if an argument is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(1, 9, 7, 16))
    >>> PyramidAttention()(x.astype("float32")).shape
    TensorShape([1, 9, 7, 16])

    References:
        - PANet: Mei et al., "Pyramid Attention Network for Image
          Restoration", IJCV 2023, section 3. The paper leaves many details
          open; the norm, the factor, the PReLU, the aggregation of patches
          and the division by 4 follow the released code.
    """

    # Through `map_blocks`.
    compiled_by_xla = True

    def __init__(
        self,
        levels=5,
        patch_size=3,
        reduction=2,
        softmax_scale=10.0,
        res_scale=1.0,
        resize_rule="size",
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.levels,) = whole_numbers("levels", [levels], 1)
        (self.reduction,) = whole_numbers("reduction", [reduction], 1)
        if self.levels > 9:
            raise ValueError(
                f"levels must be at most 9, where the scale is 0.2, got "
                f"{levels!r}."
            )
        if patch_size not in OVERLAP:
            raise ValueError(f"patch_size must be 3 or 1, got {patch_size!r}.")
        if resize_rule not in RESIZE_RULES:
            raise ValueError(
                f"resize_rule must be 'size' or 'scale', got {resize_rule!r}."
            )
        self.patch_size = patch_size
        self.softmax_scale = softmax_scale
        self.res_scale = res_scale
        self.resize_rule = resize_rule
        self.input_spec = layers.InputSpec(ndim=4)

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels % self.reduction:
            raise ValueError(
                f"{channels} channels cannot be divided by a reduction of "
                f"{self.reduction}; choose a divisor of the channels."
            )

        def embedding(filters, name):
            conv = torch_conv(filters, 1, channels, self.dtype_policy, name)
            slope = layers.PReLU(
                alpha_initializer=keras.initializers.Constant(0.25),
                shared_axes=[1, 2, 3],
                dtype=self.dtype_policy,
                name=f"{name}_prelu",
            )
            conv.build(input_shape)
            slope.build((*input_shape[:-1], filters))
            return conv, slope

        inner = channels // self.reduction
        self.query, self.query_prelu = embedding(inner, "query")
        self.key, self.key_prelu = embedding(inner, "key")
        self.value, self.value_prelu = embedding(channels, "value")

    def call(self, x):
        y = pyramid_attention(
            *self.embed(x), self.patch_size, self.softmax_scale
        )
        y = y / OVERLAP[self.patch_size]
        return y + (x if self.res_scale == 1 else self.res_scale * x)

    def embed(self, x):
        """What the attention compares and adds up.

        Args:
            x: feature map, as in a call.

        Returns:
            The query, the list of the keys and that of the values of the
            levels, as `pyramid_attention` takes them.
        """
        pyramid = [x]
        for scale, size in self._levels(*x.shape[1:3])[1:]:
            pyramid.append(resize_bicubic(x, size, self.resize_rule, scale))
        return (
            self.query_prelu(self.query(x)),
            [self.key_prelu(self.key(level)) for level in pyramid],
            [self.value_prelu(self.value(level)) for level in pyramid],
        )

    def _levels(self, height, width):
        """`(scale, size)` of every level."""
        if height is None or width is None:
            raise ValueError(
                "Pyramid attention needs a known height and width, got "
                f"{(height, width)}; build the graph for images of a fixed "
                "size."
            )
        scales = [1 - index / 10 for index in range(self.levels)]
        levels = [
            (scale, tuple(math.floor(n * scale) for n in (height, width)))
            for scale in scales
        ]
        return [level for level in levels if min(level[1]) > 0]

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for a shape with batch size. The
        released code needs `patch_size**2` times as many per pair."""
        batch, height, width, channels = input_shape
        inner = channels // self.reduction
        keys = sum(h * w for _, (h, w) in self._levels(height, width))
        convs = height * width * inner + keys * (inner + channels)
        pairs = height * width * keys
        resize = sum(
            channels * width * (height * w + h * w)
            for _, (h, w) in self._levels(height, width)[1:]
        )
        return batch * (convs * channels + pairs * (inner + channels) + resize)

    def workspace_bytes(self, input_shape):
        """Bytes allocated during a call beyond input and output."""
        _, height, width, channels = input_shape
        sizes = [size for _, size in self._levels(height, width)]
        rim = 4 * (self.patch_size // 2)
        keys = sum((h + rim) * (w + rim) for h, w in sizes)
        tall, wide = query_tile(height, width, sizes, self.patch_size)
        # Products and weights are live at the same time.
        pairs = 2 * (tall + rim) * (wide + rim) * keys
        return 4 * (pairs + 8 * keys * channels)

    def get_config(self):
        return {
            **super().get_config(),
            "levels": self.levels,
            "patch_size": self.patch_size,
            "reduction": self.reduction,
            "softmax_scale": self.softmax_scale,
            "res_scale": self.res_scale,
            "resize_rule": self.resize_rule,
        }
