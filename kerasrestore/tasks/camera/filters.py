"""Gaussian blur and luma of float images."""

import numpy as np

# Luma weights of JPEG: BT.601, full range.
LUMA = np.float32([0.299, 0.587, 0.114])


def blur(image, sigma):
    """Gaussian blur with mirrored borders.

    Args:
        image: float32 array `(H, W, C)`.
        sigma: standard deviation in pixels.

    Returns:
        float32 array of the same shape.
    """
    radius = max(1, int(3 * sigma + 0.5))
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-np.square(offsets) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        side = image.shape[axis]
        padding = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        mode = "reflect" if side > radius else "symmetric"
        padded = np.pad(image, padding, mode)
        image = sum(
            weight
            * padded[(slice(None),) * axis + (slice(first, first + side),)]
            for first, weight in enumerate(kernel)
        )
    return image


def split_luma(image):
    """Splits an image into luma and chroma (the rest of each channel).

    Args:
        image: float32 array `(H, W, 3)`.

    Returns:
        float32 arrays `(H, W, 1)` and `(H, W, 3)` that add up to the image.
    """
    luma = (image @ LUMA)[..., None]
    return luma, image - luma


def rms(values):
    """Root mean square of an array."""
    return float(np.sqrt(np.mean(np.square(values))))
