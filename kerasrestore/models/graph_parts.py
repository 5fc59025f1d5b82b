"""Graph building blocks shared by several models."""

import keras
from keras import layers, ops


def image_inputs(channels, sigma_input=False):
    """Symbolic inputs of a model for images of any size.

    Args:
        channels: number of image channels.
        sigma_input: whether the noise level is a second input.

    Returns:
        The symbolic image and the model inputs: the image itself, or with
        `sigma_input` a dictionary with `"image"` and `"sigma"`.
    """
    image = keras.Input((None, None, channels), name="image")
    if not sigma_input:
        return image, image
    return image, {"image": image, "sigma": keras.Input((1,), name="sigma")}


def add_sigma(x, sigma, dtype=None):
    """Conditions a feature map on the noise level.

    Convolving a constant sigma plane amounts to a bias proportional to sigma,
    which is added to the output of the first convolution directly.

    Args:
        x: output of the first convolution.
        sigma: noise level, `(batch, 1)`, on the 0..255 scale.
        dtype: dtype policy of the layers.

    Returns:
        The feature map with the sigma embedding added.
    """
    level = ops.reshape(sigma / 255.0, (-1, 1, 1, 1))
    level = layers.Conv2D(
        x.shape[-1], 1, padding="same", dtype=dtype, name="sigma_embedding"
    )(level)
    return layers.Add(dtype=dtype, name="sigma_add")([x, level])


def add_residual(image, residual):
    """Adds the predicted residual to the image.

    Always in float32, whatever the compute dtype: half precision would round
    the image itself.
    """
    return layers.Add(dtype="float32", name="restored")([image, residual])
