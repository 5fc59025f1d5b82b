"""Bicubic upsampling by an integer factor, for images of any size."""

from keras import ops

from kerasrestore.imaging.resampling import bicubic_matrix
from kerasrestore.ops.arguments import whole_numbers
from kerasrestore.ops.pixel_shuffle import pixel_shuffle


def enlarge_bicubic(x, scale):
    """Upsamples images like MATLAB's `imresize(image, scale)`.

    With an integer factor every pixel becomes a block, and each position in
    the block has fixed weights for the 5x5 neighbourhood. So this is one
    convolution and a pixel shuffle, and height and width may be unknown when
    the graph is built.

    Args:
        x: tensor `(batch, height, width, channels)`, at least two pixels
            high and wide.
        scale: integer factor, at least 2.

    Returns:
        Tensor `(batch, scale * height, scale * width, channels)` of the
        dtype of `x`.

    Raises:
        ValueError: if the factor is out of range.

    Example:
    >>> import numpy as np
    >>> enlarge_bicubic(np.ones((1, 4, 5, 3), "float32"), 3).shape
    TensorShape([1, 12, 15, 3])

    References:
        - `kerasrestore.imaging.resampling.bicubic_matrix`, rule `"matlab"`.
    """
    (scale,) = whole_numbers("scale", [scale], 2)
    # The outputs of the middle one of five pixels have all of their weights.
    taps = bicubic_matrix(5, 5 * scale, "matlab")[2 * scale : 3 * scale]
    kernel = ops.einsum("ay,bx->yxab", taps, taps)
    channels = x.shape[-1]
    kernel = ops.reshape(kernel, (5, 5, 1, scale**2))
    kernel = ops.cast(ops.repeat(kernel, channels, axis=2), x.dtype)
    # Symmetric padding, as in imresize.
    x = ops.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="symmetric")
    return pixel_shuffle(ops.depthwise_conv(x, kernel), scale)
