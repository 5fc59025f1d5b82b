"""Peak signal-to-noise ratio, named by protocol."""

import numpy as np


def _psnr(restored, reference):
    restored = np.asarray(restored)
    reference = np.asarray(reference)
    if restored.shape != reference.shape:
        raise ValueError(
            f"PSNR compares images of one shape, got {restored.shape} and "
            f"{reference.shape}; crop or convert one of them first."
        )
    difference = restored.astype(np.float64) - reference.astype(np.float64)
    mean_square = np.mean(difference**2)
    if mean_square == 0.0:
        return float("inf")
    return float(10.0 * np.log10(255.0**2 / mean_square))


def psnr_rgb(restored, reference):
    """PSNR over all channels of a colour image, no border shaved.

    Args:
        restored: array `(H, W, 3)` on the 0..255 scale; round it to uint8
            first where a published protocol does.
        reference: array of the same shape, the ground truth.

    Returns:
        Decibels as a float; `inf` for equal images.

    Raises:
        ValueError: if the shapes differ or are not `(H, W, 3)`.

    Example:
    >>> import numpy as np
    >>> reference = np.full((8, 8, 3), 100, "uint8")
    >>> round(psnr_rgb(reference + np.uint8(5), reference), 2)
    34.15
    """
    if np.ndim(reference) != 3 or np.shape(reference)[-1] != 3:
        raise ValueError(
            "psnr_rgb takes images of shape (H, W, 3), got "
            f"{np.shape(reference)}; use psnr_gray for gray images."
        )
    return _psnr(restored, reference)


def psnr_gray(restored, reference):
    """PSNR of a gray image, no border shaved.

    Args:
        restored: array `(H, W)` or `(H, W, 1)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.

    Returns:
        Decibels as a float; `inf` for equal images.

    Raises:
        ValueError: if the shapes differ or have several channels.

    Example:
    >>> import numpy as np
    >>> reference = np.full((8, 8), 100, "uint8")
    >>> round(psnr_gray(reference + np.uint8(5), reference), 2)
    34.15
    """
    shape = np.shape(reference)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] != 1):
        raise ValueError(
            "psnr_gray takes images of shape (H, W) or (H, W, 1), got "
            f"{shape}; use psnr_rgb for colour images."
        )
    return _psnr(restored, reference)
