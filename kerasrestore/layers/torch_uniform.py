"""Convolutions with PyTorch's default initialization."""

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="kerasrestore")
class TorchUniform(keras.initializers.Initializer):
    """Uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in).

    This is the default initialization of PyTorch's convolutions, for their
    weights and, unlike in Keras, for their biases.

    Args:
        fan_in: number of taps times input channels. For a transposed
            convolution PyTorch uses the output channels instead.
        seed: random seed; `None` for a different draw each time.

    Raises:
        ValueError: if `fan_in` is not positive.

    Example:
    >>> kernel = TorchUniform(36)((3, 3, 4, 8))
    >>> bool(abs(kernel.numpy()).max() <= 1 / 6)
    True

    References:
        - PyTorch: `Conv2d.reset_parameters`, Kaiming uniform with a=sqrt(5).
    """

    def __init__(self, fan_in, seed=None):
        if not fan_in > 0:
            raise ValueError(f"fan_in must be positive, got {fan_in!r}.")
        self.fan_in = fan_in
        self.seed = seed

    def __call__(self, shape, dtype=None):
        bound = self.fan_in**-0.5
        uniform = keras.initializers.RandomUniform(-bound, bound, self.seed)
        return uniform(shape, dtype)

    def get_config(self):
        return {"fan_in": self.fan_in, "seed": self.seed}


def torch_conv(
    filters, size, inputs, dtype=None, name=None, *, layer=None, **options
):
    """Creates a convolution with PyTorch's default initialization.

    The released networks of RNAN, PANet and EDSR are initialized this way.

    Args:
        filters: output channels.
        size: side of the kernel.
        inputs: input channels.
        dtype: dtype policy of the layer.
        name: name of the layer.
        layer: layer class; `keras.layers.Conv2D` by default.
        **options: further arguments of the layer; the default padding is
            `"same"`, and the initializers can be overridden.

    Returns:
        A layer of that class.

    Example:
    >>> conv = torch_conv(8, 3, 4)
    >>> conv.build((None, None, None, 4))
    >>> bool(abs(conv.bias.numpy()).max() <= 1 / 6)
    True
    """
    options = {
        "padding": "same",
        "kernel_initializer": TorchUniform(size**2 * inputs),
        "bias_initializer": TorchUniform(size**2 * inputs),
        **options,
    }
    layer = layer or layers.Conv2D
    return layer(filters, size, dtype=dtype, name=name, **options)
