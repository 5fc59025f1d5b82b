"""Parts of graphs that several models have."""

import keras
from keras import layers, ops


def image_inputs(channels, sigma_input=False):
    """Symbolic inputs of a model for images of any size.

    Args:
        channels: channels of an image.
        sigma_input: whether the model takes the noise level, too.

    Returns:
        The symbolic image, and what the model takes: the image, or with
        `sigma_input` a dictionary with `"image"` and `"sigma"`.
    """
    image = keras.Input((None, None, channels), name="image")
    if not sigma_input:
        return image, image
    return image, {"image": image, "sigma": keras.Input((1,), name="sigma")}


def add_sigma(x, sigma, dtype=None):
    """Conditions a feature map on the noise level.

    A constant sigma plane that is convolved is a bias proportional to sigma;
    added to the output of the first convolution it needs no plane.

    Args:
        x: output of the first convolution.
        sigma: noise level, `(batch, 1)`, on the scale 0..255.
        dtype: dtype policy of the layers.

    Returns:
        The map with an embedding of sigma added.
    """
    level = ops.reshape(sigma / 255.0, (-1, 1, 1, 1))
    level = layers.Conv2D(
        x.shape[-1], 1, padding="same", dtype=dtype, name="sigma_embedding"
    )(level)
    return layers.Add(dtype=dtype, name="sigma_add")([x, level])


def add_residual(image, residual):
    """Adds what a network predicts to the image.

    In float32 whatever the compute dtype: half precision would round the
    image itself.
    """
    return layers.Add(dtype="float32", name="restored")([image, residual])
