"""Peak signal-to-noise ratio, named by protocol."""

import numpy as np

from kerasrestore.imaging.luma import rgb_to_y
from kerasrestore.metrics.shave import shaved_gray, shaved_rgb


def _psnr(restored, reference):
    mean_square = np.mean((restored - reference) ** 2)
    if mean_square == 0.0:
        return float("inf")
    return float(10.0 * np.log10(255.0**2 / mean_square))


def psnr_rgb(restored, reference, shave=0):
    """PSNR over all channels of a colour image.

    Args:
        restored: array `(H, W, 3)` on the 0..255 scale; round it to uint8
            first if the protocol requires it.
        reference: array of the same shape, the ground truth.
        shave: width of the border left out, in pixels.

    Returns:
        Decibels as a float; `inf` for identical images.

    Raises:
        ValueError: if the shapes differ or are not `(H, W, 3)`, or no pixels
            remain inside the border.

    Example:
    >>> import numpy as np
    >>> reference = np.full((8, 8, 3), 100, "uint8")
    >>> round(psnr_rgb(reference + np.uint8(5), reference), 2)
    34.15
    """
    return _psnr(*shaved_rgb("psnr", restored, reference, shave))


def psnr_y(restored, reference, shave=0):
    """PSNR on the Y channel of colour images, which is not rounded.

    Args:
        restored: array `(H, W, 3)` on the 0..255 scale; round it to uint8
            first if the protocol requires it.
        reference: array of the same shape, the ground truth.
        shave: width of the border left out, in pixels; the scale factor in
            the published tables of super-resolution.

    Returns:
        Decibels as a float; `inf` for identical images.

    Raises:
        ValueError: if the shapes differ or are not `(H, W, 3)`, or no pixels
            remain inside the border.

    Example:
    >>> import numpy as np
    >>> reference = np.full((8, 8, 3), 100, "uint8")
    >>> round(psnr_y(reference + np.uint8(5), reference, shave=2), 2)
    35.47

    References:
        Evaluation code of RNAN and PANet: `rgb2ycbcr` of images in [0, 1],
        times 255.
    """
    pair = shaved_rgb("psnr", restored, reference, shave)
    return _psnr(*map(rgb_to_y, pair))


def psnr_gray(restored, reference, shave=0):
    """PSNR of a gray image.

    Args:
        restored: array `(H, W)` or `(H, W, 1)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.
        shave: width of the border left out, in pixels.

    Returns:
        Decibels as a float; `inf` for identical images.

    Raises:
        ValueError: if the shapes differ or have several channels, or no
            pixels remain inside the border.

    Example:
    >>> import numpy as np
    >>> reference = np.full((8, 8), 100, "uint8")
    >>> round(psnr_gray(reference + np.uint8(5), reference), 2)
    34.15
    """
    return _psnr(*shaved_gray("psnr", restored, reference, shave))
