"""Validation of image pairs, and cropping of the border before scoring."""

import numpy as np


def shave_border(image, shave):
    """Crops `shave` pixels on each side.

    Args:
        image: array `(H, W)` or `(H, W, C)`.
        shave: width of the border in pixels, 0 for none.

    Returns:
        A view of the inner part.

    Raises:
        ValueError: if no pixels would remain or `shave` is negative.

    Example:
    >>> import numpy as np
    >>> shave_border(np.zeros((10, 8, 3)), 2).shape
    (6, 4, 3)
    """
    image = np.asarray(image)
    height, width = image.shape[:2]
    if not 0 <= shave < min(height, width) / 2:
        raise ValueError(
            "shave must be at least 0 and less than half of each side, got "
            f"{shave} for an image of {width}x{height}."
        )
    return image[shave : height - shave, shave : width - shave]


def shaved_rgb(metric, restored, reference, shave):
    """Both images as float64 `(H, W, 3)`, with the border cropped.

    Args:
        metric: name of the metric family, `"psnr"` or `"ssim"`, for the
            error messages.
        restored: array `(H, W, 3)`.
        reference: array `(H, W, 3)`.
        shave: width of the border left out, in pixels.

    Raises:
        ValueError: if the images are not colour images of the same shape.
    """
    if np.ndim(reference) != 3 or np.shape(reference)[-1] != 3:
        raise ValueError(
            f"{metric}_rgb and {metric}_y require images of shape (H, W, 3), "
            f"got {np.shape(reference)}; use {metric}_gray for gray images."
        )
    return _shaved(metric, restored, reference, shave)


def shaved_gray(metric, restored, reference, shave):
    """Both images as float64 `(H, W)`, with the border cropped.

    Args:
        metric: as in `shaved_rgb`.
        restored: array `(H, W)` or `(H, W, 1)`.
        reference: array of the same shape.
        shave: width of the border left out, in pixels.

    Raises:
        ValueError: if the images are not gray images of the same shape.
    """
    shape = np.shape(reference)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] != 1):
        raise ValueError(
            f"{metric}_gray requires images of shape (H, W) or (H, W, 1), got "
            f"{shape}; use {metric}_rgb for colour images."
        )
    restored, reference = _shaved(metric, restored, reference, shave)
    size = reference.shape[:2]
    return restored.reshape(size), reference.reshape(size)


def _shaved(metric, restored, reference, shave):
    if np.shape(restored) != np.shape(reference):
        raise ValueError(
            f"{metric.upper()} requires images of the same shape, got "
            f"{np.shape(restored)} and {np.shape(reference)}; crop or convert "
            "one of them first."
        )
    return tuple(
        shave_border(np.asarray(image, np.float64), shave)
        for image in (restored, reference)
    )
