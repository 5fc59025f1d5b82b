"""Bicubic resampling of images by two matrix products."""

import keras
from keras import ops

from kerasrestore.imaging.resampling import bicubic_matrix


def resize_bicubic(x, size, rule="size", scale=None):
    """Resamples images to a given size with bicubic interpolation.

    Uses products with constant matrices, which are differentiable and which
    every backend and the TFLite converter support.

    Args:
        x: tensor `(batch, height, width, channels)` with known height and
            width.
        size: `(height, width)` of the output.
        rule: `"matlab"`, `"size"` or `"scale"`, see
            `kerasrestore.imaging.resampling.bicubic_matrix`.
        scale: requested scale factor, required by `"scale"`.

    Returns:
        Tensor `(batch, *size, channels)` of the dtype of `x`.

    Raises:
        ValueError: if the height or width of `x` is unknown, or as in
            `bicubic_matrix`.

    Example:
    >>> import numpy as np
    >>> resize_bicubic(np.ones((1, 10, 8, 3), "float32"), (9, 7)).shape
    TensorShape([1, 9, 7, 3])

    References:
        - PANet's released code: `F.interpolate(mode="bicubic")`.
    """
    height, width = x.shape[1:3]
    if not isinstance(height, int) or not isinstance(width, int):
        raise ValueError(
            "Resampling needs a known height and width, got "
            f"{tuple(x.shape)}; call the model on images of one size."
        )
    dtype = keras.backend.standardize_dtype(x.dtype)
    rows = bicubic_matrix(height, size[0], rule, scale)
    columns = bicubic_matrix(width, size[1], rule, scale)
    x = ops.transpose(x, (0, 3, 1, 2))
    x = ops.matmul(x, ops.convert_to_tensor(columns.T, dtype))
    x = ops.matmul(ops.convert_to_tensor(rows, dtype), x)
    return ops.transpose(x, (0, 2, 3, 1))
