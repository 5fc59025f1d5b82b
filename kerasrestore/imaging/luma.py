"""Luma (Y), on which many published results are computed."""

import numpy as np

WEIGHTS = (65.481, 128.553, 24.966)
OFFSET = 16.0


def rgb_to_y(image):
    """Y channel of MATLAB's `rgb2ycbcr` on the 0..255 scale, not rounded.

    Args:
        image: array `(..., 3)` on the 0..255 scale.

    Returns:
        float64 array `(...)`, 16 for black and 235 for white.

    Raises:
        ValueError: if the size of the last axis is not 3.

    Example:
    >>> import numpy as np
    >>> float(rgb_to_y(np.full((1, 1, 3), 255, "uint8"))[0, 0])
    235.0

    References:
        ITU-R BT.601, as in MATLAB's rgb2ycbcr for images in [0, 1].
    """
    if np.ndim(image) < 1 or np.shape(image)[-1] != 3:
        raise ValueError(
            f"Y requires RGB images of shape (..., 3), got {np.shape(image)}; "
            "use gray images directly."
        )
    scaled = np.asarray(image, np.float64) / 255.0
    return OFFSET + scaled @ np.array(WEIGHTS)


def rgb_to_y_bytes(image):
    """Y channel of MATLAB's `rgb2ycbcr` for uint8 images, rounded.

    Args:
        image: uint8 array `(H, W, 3)`.

    Returns:
        uint8 array `(H, W)`.

    Example:
    >>> import numpy as np
    >>> int(rgb_to_y_bytes(np.full((1, 1, 3), 128, "uint8"))[0, 0])
    126
    """
    # MATLAB rounds half away from zero.
    return np.floor(rgb_to_y(image) + 0.5).astype(np.uint8)
