"""Structural similarity, named by protocol."""

import numpy as np

WINDOW = 11
SIGMA = 1.5
C1 = (0.01 * 255.0) ** 2
C2 = (0.03 * 255.0) ** 2


def _blur(image):
    """Gaussian window over every place where it fits, axis by axis."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-(offsets**2) / (2.0 * SIGMA**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(
            image, WINDOW, axis=axis
        )
        image = windows @ kernel
    return image


def _ssim(restored, reference):
    a = np.asarray(restored, np.float64)
    b = np.asarray(reference, np.float64)
    if a.shape != b.shape:
        raise ValueError(
            f"SSIM compares images of one shape, got {a.shape} and "
            f"{b.shape}; crop or convert one of them first."
        )
    if min(a.shape[:2]) < WINDOW:
        raise ValueError(
            f"SSIM needs {WINDOW} pixels on each side, got an image of "
            f"{a.shape[1]}x{a.shape[0]}; leave it out."
        )
    mean_a, mean_b = _blur(a), _blur(b)
    var_a = _blur(a * a) - mean_a**2
    var_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    similarity /= (mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2)
    return float(similarity.mean())


def ssim_gray(restored, reference):
    """SSIM of a gray image, no border shaved.

    Args:
        restored: array `(H, W)` or `(H, W, 1)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.

    Returns:
        The mean similarity as a float, 1 for equal images.

    Raises:
        ValueError: if the shapes differ, have several channels, or a side
            is shorter than 11 pixels.

    Example:
    >>> import numpy as np
    >>> image = np.arange(256, dtype="uint8").reshape(16, 16)
    >>> ssim_gray(image, image)
    1.0

    References:
        Wang et al., "Image Quality Assessment: From Error Visibility to
        Structural Similarity", 2004: Gaussian window 11x11 of sigma 1.5
        where it fits whole, K 0.01 and 0.03, L 255.
    """
    shape = np.shape(reference)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] != 1):
        raise ValueError(
            "ssim_gray takes images of shape (H, W) or (H, W, 1), got "
            f"{shape}; use ssim_rgb for colour images."
        )
    return _ssim(
        np.reshape(restored, np.shape(restored)[:2]),
        np.reshape(reference, shape[:2]),
    )


def ssim_rgb(restored, reference):
    """SSIM of a colour image: the mean over its channels.

    Args:
        restored: array `(H, W, 3)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.

    Returns:
        The mean similarity as a float, 1 for equal images.

    Raises:
        ValueError: if the shapes differ, are not `(H, W, 3)`, or a side is
            shorter than 11 pixels.

    Example:
    >>> import numpy as np
    >>> image = np.arange(768, dtype="uint16").reshape(16, 16, 3) % 256
    >>> ssim_rgb(image, image)
    1.0

    References:
        See `ssim_gray`.
    """
    if np.ndim(reference) != 3 or np.shape(reference)[-1] != 3:
        raise ValueError(
            "ssim_rgb takes images of shape (H, W, 3), got "
            f"{np.shape(reference)}; use ssim_gray for gray images."
        )
    if np.shape(restored) != np.shape(reference):
        raise ValueError(
            f"SSIM compares images of one shape, got {np.shape(restored)} "
            f"and {np.shape(reference)}; crop or convert one of them first."
        )
    channels = range(3)
    return float(
        np.mean([_ssim(restored[..., c], reference[..., c]) for c in channels])
    )
