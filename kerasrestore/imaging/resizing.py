"""Bicubic resizing of arrays with Pillow."""

import numpy as np
from PIL import Image


def resized(array, height, width, clip=False):
    """Resizes an array bicubically, with antialiasing when downscaling.

    Args:
        array: uint8, uint16 or float array `(H, W)` or `(H, W, C)`.
        height, width: output size in pixels.
        clip: whether to clip overshoot to the array's own range of values,
            as required for alpha. Integer arrays are always clipped.

    Returns:
        Array of that size and of the same dtype.

    Example:
    >>> resized(np.zeros((2, 3), "uint16"), 4, 6).shape
    (4, 6)
    """
    planes = array if array.ndim == 3 else array[..., None]
    result = np.stack(
        [
            np.asarray(
                Image.fromarray(
                    np.ascontiguousarray(planes[..., channel], np.float32)
                ).resize((width, height), Image.Resampling.BICUBIC)
            )
            for channel in range(planes.shape[-1])
        ],
        axis=-1,
    )
    whole = array.dtype.kind != "f"
    if clip or whole:
        result = np.clip(result, array.min(), array.max())
    if whole:
        result = np.rint(result)
    return result.reshape(height, width, *array.shape[2:]).astype(array.dtype)
