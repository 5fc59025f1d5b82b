"""Bicubic resizing of arrays by Pillow."""

import numpy as np
from PIL import Image


def resized(array, height, width, clip=False):
    """Resizes an array, with antialiasing where it shrinks.

    Args:
        array: `(H, W)` or `(H, W, C)` of uint8, uint16 or floats.
        height, width: new sides in pixels.
        clip: whether values stay within those of the array, as alpha must.
            Integers are always clipped.

    Returns:
        Array of that size, of the same type.

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
