"""Pairs of images, checked and without the border that figures leave out."""

import numpy as np


def shave_border(image, shave):
    """Leaves out `shave` pixels on each side.

    Args:
        image: array `(H, W)` or `(H, W, C)`.
        shave: pixels, 0 for none.

    Returns:
        A view of the inner part.

    Raises:
        ValueError: if nothing would be left or `shave` is negative.

    Example:
    >>> import numpy as np
    >>> shave_border(np.zeros((10, 8, 3)), 2).shape
    (6, 4, 3)
    """
    image = np.asarray(image)
    height, width = image.shape[:2]
    if not 0 <= shave < min(height, width) / 2:
        raise ValueError(
            f"A border of {shave} pixels cannot be shaved off an image of "
            f"{width}x{height}; it has to leave something over."
        )
    return image[shave : height - shave, shave : width - shave]


def shaved_rgb(metric, restored, reference, shave):
    """Both images as float64 `(H, W, 3)` without their border.

    Args:
        metric: name of the metric family, `"psnr"` or `"ssim"`, for the
            error messages.
        restored: array `(H, W, 3)`.
        reference: array `(H, W, 3)`.
        shave: pixels left out on each side.

    Raises:
        ValueError: if the images are not colour images of one shape.
    """
    if np.ndim(reference) != 3 or np.shape(reference)[-1] != 3:
        raise ValueError(
            f"{metric}_rgb and {metric}_y take images of shape (H, W, 3), got "
            f"{np.shape(reference)}; use {metric}_gray for gray images."
        )
    return _shaved(metric, restored, reference, shave)


def shaved_gray(metric, restored, reference, shave):
    """Both images as float64 `(H, W)` without their border.

    Args:
        metric: as in `shaved_rgb`.
        restored: array `(H, W)` or `(H, W, 1)`.
        reference: array of the same shape.
        shave: pixels left out on each side.

    Raises:
        ValueError: if the images are not gray images of one shape.
    """
    shape = np.shape(reference)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] != 1):
        raise ValueError(
            f"{metric}_gray takes images of shape (H, W) or (H, W, 1), got "
            f"{shape}; use {metric}_rgb for colour images."
        )
    restored, reference = _shaved(metric, restored, reference, shave)
    size = reference.shape[:2]
    return restored.reshape(size), reference.reshape(size)


def _shaved(metric, restored, reference, shave):
    if np.shape(restored) != np.shape(reference):
        raise ValueError(
            f"{metric.upper()} compares images of one shape, got "
            f"{np.shape(restored)} and {np.shape(reference)}; crop or convert "
            "one of them first."
        )
    return tuple(
        shave_border(np.asarray(image, np.float64), shave)
        for image in (restored, reference)
    )
