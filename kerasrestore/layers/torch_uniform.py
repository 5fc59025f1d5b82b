"""Convolutions with the initial weights of PyTorch's."""

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="kerasrestore")
class TorchUniform(keras.initializers.Initializer):
    """Uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in).

    It is what PyTorch's convolutions start with where nothing else is said,
    for their weights and, unlike in Keras, for their biases too.

    Args:
        fan_in: inputs of one output: taps times input channels. PyTorch
            counts a transposed convolution by its output channels instead.
        seed: number that makes the draw repeatable; `None` for another one
            each time.

    Raises:
        ValueError: if `fan_in` is not above 0.

    Example:
    >>> kernel = TorchUniform(36)((3, 3, 4, 8))
    >>> bool(abs(kernel.numpy()).max() <= 1 / 6)
    True

    References:
        - PyTorch: `Conv2d.reset_parameters`, Kaiming uniform with a=sqrt(5).
    """

    def __init__(self, fan_in, seed=None):
        if not fan_in > 0:
            raise ValueError(f"fan_in is a number above 0, got {fan_in!r}.")
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
    """A convolution whose weights and biases start as in PyTorch.

    The released networks of RNAN, PANet and EDSR start this way.

    Args:
        filters: output channels.
        size: side of the kernel.
        inputs: input channels.
        dtype: dtype policy of the layer.
        name: name of the layer.
        layer: class of the layer; `keras.layers.Conv2D` by default.
        **options: further arguments of the layer; the padding is `"same"` by
            default, and the initializers can be replaced.

    Returns:
        A `keras.layers.Conv2D`, or a layer of the given class.

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
