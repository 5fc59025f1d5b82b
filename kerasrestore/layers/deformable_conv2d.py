"""Deformable convolution as a layer."""

import math

import keras
from keras import layers, ops

from kerasrestore.layers.channel_attention import known_channels
from kerasrestore.ops.arguments import whole_numbers, whole_pair
from kerasrestore.ops.deform_conv2d import deform_conv2d
from kerasrestore.ops.deform_sampler import workspace_floats


@keras.saving.register_keras_serializable(package="kerasrestore")
class DeformableConv2D(layers.Layer):
    """Modulated deformable convolution that predicts its offsets and masks.

    A convolution of the same kernel size predicts an offset in pixels and a
    mask, through a sigmoid, for every output position and tap. It is
    initialized to zero, so that offsets start at 0 and masks at 0.5. Its input
    is that of the layer, or a second map of the same height and width
    (`offset_features`).

    The output has the height and width of the input.

    Args:
        filters: output channels.
        kernel_size: odd number or `(height, width)`.
        dilation_rate: distance of neighbouring taps in pixels; a number or
            `(vertical, horizontal)`.
        offset_groups: number of groups of input channels, each with its own
            offsets and masks.
        use_bias: whether to add a bias.
        kernel_initializer: initializer of the kernel.
        bias_initializer: initializer of the bias.
        **kwargs: `name`, `dtype` and the like, as in `keras.layers.Layer`.

    Call arguments:
        inputs: feature map to convolve.
        offset_features: feature map that offsets and masks are predicted
            from; `inputs` by default.

    Input shape:
        `(batch, height, width, channels)` for both; `offset_features` may
        have a different number of channels.

    Output shape:
        `(batch, height, width, filters)`.

    Raises:
        ValueError: if an argument is out of range, or the input does not have
            four axes and a known number of channels.

    Example:
    >>> import numpy as np
    >>> layer = DeformableConv2D(8)
    >>> layer(np.ones((1, 5, 6, 4), "float32")).shape
    TensorShape([1, 5, 6, 8])

    References:
        - Zhu et al., "Deformable ConvNets v2", CVPR 2019, section 3.2.
        - DANet: Huang et al., Knowledge-Based Systems 2021, equation 3.
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        dilation_rate=1,
        offset_groups=1,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        (self.filters,) = whole_numbers("filters", [filters], 1)
        self.kernel_size = whole_pair("kernel_size", kernel_size, 1)
        self.dilation_rate = whole_pair("dilation_rate", dilation_rate, 1)
        (self.offset_groups,) = whole_numbers(
            "offset_groups", [offset_groups], 1
        )
        if any(size % 2 == 0 for size in self.kernel_size):
            raise ValueError(
                "kernel_size must be odd, so that the kernel has a centre, got "
                f"{kernel_size}."
            )
        self.use_bias = bool(use_bias)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        taps = self.offset_groups * math.prod(self.kernel_size)
        self.offset_conv = layers.Conv2D(
            3 * taps,
            self.kernel_size,
            padding="same",
            dilation_rate=self.dilation_rate,
            kernel_initializer="zeros",
            dtype=self.dtype_policy,
            name="offset_conv",
        )

    def build(self, inputs_shape, offset_features_shape=None):
        channels = known_channels(self, inputs_shape)
        if channels % self.offset_groups:
            raise ValueError(
                f"{self.offset_groups} offset groups need a multiple of "
                f"{self.offset_groups} channels, got {channels}."
            )
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.filters,),
                initializer=self.bias_initializer,
                name="bias",
            )
        self.offset_conv.build(offset_features_shape or inputs_shape)

    def call(self, inputs, offset_features=None):
        if offset_features is None:
            offset_features = inputs
        return deform_conv2d(
            inputs,
            *self.predict_offsets(offset_features),
            self.kernel,
            self.bias,
            padding=tuple(
                gap * (size // 2)
                for gap, size in zip(
                    self.dilation_rate, self.kernel_size, strict=True
                )
            ),
            dilation_rate=self.dilation_rate,
            offset_groups=self.offset_groups,
        )

    def predict_offsets(self, offset_features):
        """Offsets and masks of all taps.

        Args:
            offset_features: feature map, as in a call.

        Returns:
            Two tensors, `offset` and `mask` of `deform_conv2d`.
        """
        moves = self.offset_conv(offset_features)
        taps = self.offset_groups * math.prod(self.kernel_size)
        return moves[..., : 2 * taps], ops.sigmoid(moves[..., 2 * taps :])

    def compute_output_shape(self, inputs_shape, offset_features_shape=None):
        return (*inputs_shape[:-1], self.filters)

    def count_macs(self, input_shape):
        """Multiply-accumulates of the two convolutions in one call.

        The interpolation between pixels is not counted, as in the papers.
        """
        positions = math.prod(input_shape[:-1])
        kernels = (self.kernel, self.offset_conv.kernel)
        return positions * sum(math.prod(k.shape) for k in kernels)

    def workspace_bytes(self, input_shape):
        """Bytes of the offsets, their coordinates, the padded input and a
        block of sampled pixels."""
        taps = self.offset_groups * math.prod(self.kernel_size)
        return 4 * workspace_floats(input_shape, taps, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(self.kernel_size),
            "dilation_rate": list(self.dilation_rate),
            "offset_groups": self.offset_groups,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "bias_initializer": keras.initializers.serialize(
                self.bias_initializer
            ),
        }
