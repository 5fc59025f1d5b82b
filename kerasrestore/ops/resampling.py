"""Bicubic resampling of images by matrix products or weighted sums."""

import keras
import numpy as np
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


def weighted_sums(x, matrix, axis):
    """Product of a sparse matrix and one axis, in the precision of `x`.

    Accelerators compute matrix products with less precision than rounding to
    8 bits needs. This adds up as many weighted copies as a row has nonzero
    weights.

    Args:
        x: tensor.
        matrix: NumPy array `(size_out, size_in)` with few nonzero weights in
            each row, such as `bicubic_matrix` gives.
        axis: axis of `x` of size `size_in`, counted from 0.

    Returns:
        Tensor of the dtype of `x`; its size along the axis is `size_out`.

    Example:
    >>> x = np.ones((1, 8, 4), "float32")
    >>> weighted_sums(x, bicubic_matrix(8, 4), 1).shape
    TensorShape([1, 4, 4])
    """
    taps = int((matrix != 0).sum(axis=1).max())
    # The nonzero columns of each row, in their order.
    columns = np.argsort(matrix == 0, axis=1, kind="stable")[:, :taps]
    weights = np.take_along_axis(matrix, columns, axis=1).astype("float32")
    shape = [1] * len(x.shape)
    shape[axis] = len(matrix)
    dtype = keras.backend.standardize_dtype(x.dtype)
    return sum(
        ops.take(x, columns[:, tap], axis=axis)
        * ops.convert_to_tensor(weights[:, tap].reshape(shape), dtype)
        for tap in range(taps)
    )
