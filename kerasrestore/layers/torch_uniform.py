"""The start of weights and biases that the released networks had."""

import keras


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


def torch_start(fan_in):
    """Initialisers of a convolution, as arguments of a Keras layer.

    Args:
        fan_in: as in `TorchUniform`.

    Returns:
        Dictionary with `kernel_initializer` and `bias_initializer`.

    Example:
    >>> layer = keras.layers.Conv2D(8, 3, **torch_start(3 * 3 * 4))
    >>> layer.build((None, None, None, 4))
    >>> bool(abs(layer.bias.numpy()).max() <= 1 / 6)
    True
    """
    return {
        "kernel_initializer": TorchUniform(fan_in),
        "bias_initializer": TorchUniform(fan_in),
    }
