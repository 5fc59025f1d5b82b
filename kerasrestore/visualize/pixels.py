"""Any image as the bytes that a screen shows."""

import os

import numpy as np
from PIL import Image

from kerasrestore.inference.image_array import check_image


def display_pixels(image):
    """Pixels of any image, rounded to bytes; transparency is ignored.

    Args:
        image: path, `Photo`, PIL image, or array `(H, W)` or `(H, W, C)` of
            uint8, uint16 or floats with [0, 1] as the range of clean images.

    Returns:
        uint8 array `(H, W)` or `(H, W, 3)`.

    Raises:
        ValueError: if it is not one image.

    Example:
    >>> display_pixels(np.array([[0.0, 0.5, 1.2]])).tolist()
    [[0, 128, 255]]
    """
    from kerasrestore.photos import Photo

    if isinstance(image, (str, os.PathLike)):
        image = Photo.read(image)
    elif isinstance(image, Image.Image):
        image = Photo.from_pil(image)
    if isinstance(image, Photo):
        image = image.pixels
    array, layout, white = check_image(image)
    if layout == "NHWC":
        raise ValueError(
            f"One image is shown at a time, got a batch {array.shape}; choose "
            "one of it."
        )
    if layout == "HWC":
        array = array[..., : 1 if array.shape[-1] < 3 else 3]
        array = array[..., 0] if array.shape[-1] == 1 else array
    if array.dtype == np.uint8:
        return array
    scaled = np.asarray(array, np.float64) * (255.0 / (white or 1.0))
    return np.rint(scaled.clip(0, 255)).astype(np.uint8)
