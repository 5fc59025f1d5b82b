"""Structural similarity, named by protocol."""

import numpy as np

from kerasrestore.imaging.luma import rgb_to_y
from kerasrestore.metrics.shave import shaved_gray, shaved_rgb

WINDOW = 11
SIGMA = 1.5
C1 = (0.01 * 255.0) ** 2
C2 = (0.03 * 255.0) ** 2


def gaussian_window():
    """1-D weights of the separable window, a list that sums to 1."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-(offsets**2) / (2.0 * SIGMA**2))
    return (kernel / kernel.sum()).tolist()


def _blur(image):
    """Separable Gaussian window, at every position where it fits."""
    kernel = np.array(gaussian_window())
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(
            image, WINDOW, axis=axis
        )
        image = windows @ kernel
    return image


def _ssim(a, b):
    if min(a.shape[:2]) < WINDOW:
        raise ValueError(
            f"SSIM requires images of at least {WINDOW} pixels on each side, "
            f"got {a.shape[1]}x{a.shape[0]}; leave this image out."
        )
    mean_a, mean_b = _blur(a), _blur(b)
    var_a = _blur(a * a) - mean_a**2
    var_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    similarity /= (mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2)
    return float(similarity.mean())


def ssim_gray(restored, reference, shave=0):
    """SSIM of a gray image.

    Args:
        restored: array `(H, W)` or `(H, W, 1)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.
        shave: width of the border left out, in pixels.

    Returns:
        The mean similarity as a float, 1 for identical images.

    Raises:
        ValueError: if the shapes differ or have several channels, or a side
            inside the border is shorter than 11 pixels.

    Example:
    >>> import numpy as np
    >>> image = np.arange(256, dtype="uint8").reshape(16, 16)
    >>> ssim_gray(image, image)
    1.0

    References:
        Wang et al., "Image Quality Assessment: From Error Visibility to
        Structural Similarity", 2004: 11x11 Gaussian window of sigma 1.5
        without padding, K1 = 0.01, K2 = 0.03, L = 255.
    """
    return _ssim(*shaved_gray("ssim", restored, reference, shave))


def ssim_rgb(restored, reference, shave=0):
    """SSIM of a colour image: the mean over its channels.

    Args:
        restored: array `(H, W, 3)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.
        shave: width of the border left out, in pixels.

    Returns:
        The mean similarity as a float, 1 for identical images.

    Raises:
        ValueError: if the shapes differ or are not `(H, W, 3)`, or a side
            inside the border is shorter than 11 pixels.

    Example:
    >>> import numpy as np
    >>> image = np.arange(768, dtype="uint16").reshape(16, 16, 3) % 256
    >>> ssim_rgb(image, image)
    1.0

    References:
        See `ssim_gray`.
    """
    a, b = shaved_rgb("ssim", restored, reference, shave)
    return float(np.mean([_ssim(a[..., c], b[..., c]) for c in range(3)]))


def ssim_y(restored, reference, shave=0):
    """SSIM on the Y channel of colour images, which is not rounded.

    Args:
        restored: array `(H, W, 3)` on the 0..255 scale.
        reference: array of the same shape, the ground truth.
        shave: width of the border left out, in pixels; the scale factor in
            the published tables of super-resolution.

    Returns:
        The mean similarity as a float, 1 for identical images.

    Raises:
        ValueError: if the shapes differ or are not `(H, W, 3)`, or a side
            inside the border is shorter than 11 pixels.

    Example:
    >>> import numpy as np
    >>> image = np.arange(768, dtype="uint16").reshape(16, 16, 3) % 256
    >>> ssim_y(image, image, shave=2)
    1.0

    References:
        See `ssim_gray` and `psnr_y`.
    """
    pair = shaved_rgb("ssim", restored, reference, shave)
    return _ssim(*map(rgb_to_y, pair))
