"""Subtracts the mean colour of a data set from an image, or adds it back."""

import keras
import numpy as np
from keras import layers, ops

# Mean colour of the DIV2K training images, in [0, 1].
DIV2K_MEAN = (0.4488, 0.4371, 0.4040)


@keras.saving.register_keras_serializable(package="kerasrestore")
class MeanShift(layers.Layer):
    """Adds a colour to every pixel.

    The released networks use a 1x1 convolution that is initialized to the
    identity and, in RNAN, is trainable. `trainable=False` freezes it.

    Args:
        shift: colour to add, one number for each channel.
        **kwargs: `name`, `trainable` and `dtype` as in `keras.layers.Layer`.

    Call arguments:
        x: image.

    Input shape:
        `(batch, height, width, len(shift))`.

    Output shape:
        Same as the input.

    Example:
    >>> import numpy as np
    >>> shift = MeanShift([-255 * mean for mean in DIV2K_MEAN])
    >>> pixel = shift(np.full((1, 1, 1, 3), 128, "float32"))[0, 0, 0]
    >>> [round(value, 2) for value in pixel.numpy().tolist()]
    [13.56, 16.54, 24.98]

    References:
        - EDSR: Lim et al., CVPR Workshops 2017; released code of RNAN.
    """

    def __init__(self, shift, **kwargs):
        super().__init__(**kwargs)
        self.shift = tuple(float(value) for value in shift)
        self.input_spec = layers.InputSpec(ndim=4, axes={-1: len(self.shift)})

    def build(self, input_shape):
        channels = len(self.shift)
        self.kernel = self.add_weight(
            shape=(1, 1, channels, channels),
            initializer=lambda shape, dtype: ops.cast(
                np.eye(channels)[None, None], dtype
            ),
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(channels,),
            initializer=lambda shape, dtype: ops.cast(
                np.array(self.shift), dtype
            ),
            name="bias",
        )

    def call(self, x):
        return ops.conv(x, self.kernel) + self.bias

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def count_macs(self, input_shape):
        """Multiply-accumulates of one call, for a shape with batch size."""
        return int(np.prod(input_shape)) * len(self.shift)

    def get_config(self):
        return {**super().get_config(), "shift": list(self.shift)}
