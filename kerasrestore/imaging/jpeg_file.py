"""JPEG compression of arrays in memory."""

import io

import numpy as np
from PIL import Image


def jpeg_levels(levels, quality, **options):
    """Compresses an image as JPEG and decodes it again.

    Args:
        levels: uint8 array `(H, W)`, `(H, W, 1)` or `(H, W, 3)`.
        quality: JPEG quality as in Pillow, 1 to 100.
        **options: further options of Pillow's encoder, such as
            `subsampling` (4:2:0 by default, ignored for gray images).

    Returns:
        uint8 array of the same shape.

    Example:
    >>> jpeg_levels(np.full((8, 8, 3), 100, "uint8"), 90)[0, 0].tolist()
    [100, 100, 100]
    """
    gray = levels.ndim == 3 and levels.shape[-1] == 1
    image = np.ascontiguousarray(levels[..., 0] if gray else levels)
    if image.ndim == 2:
        options.pop("subsampling", None)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, **options)
    with Image.open(file) as compressed:
        return np.asarray(compressed).reshape(levels.shape)
