"""Validation of image arrays."""

import math
import numbers

import numpy as np

# Largest value of each integer type, which is white by default.
TOPS = {np.dtype("uint8"): 255, np.dtype("uint16"): 65535}
LAYOUTS = {2: "HW", 3: "HWC", 4: "NHWC"}
# Noise may take floats beyond [0, 1], but not beyond this multiple of white.
FURTHEST = 16.0


def check_image(image, white_level=None):
    """Checks that an array is an image.

    Args:
        image: the `image` of `ImageRestorer.restore`.
        white_level: value of white, `None` for the default of its type.

    Returns:
        The image as an array, its layout (`"HW"`, `"HWC"` or `"NHWC"`), and
        the value of white: a float, or `None` for floats with white at 1.

    Raises:
        ValueError: if it is not an image.

    Example:
    >>> check_image(np.zeros((4, 6), "uint16"), white_level=4095)[1:]
    ('HW', 4095.0)
    """
    if image is None:
        raise ValueError(
            "None is not an image; readers such as cv2.imread return None for "
            "a file that they cannot read, so check its name."
        )
    if isinstance(image, (bytes, bytearray, memoryview)):
        raise ValueError(
            "The bytes of a file are not an image array; decode them with "
            "PIL.Image.open(io.BytesIO(...))."
        )
    try:
        array = np.asarray(image)
    except ValueError:
        raise ValueError(
            "Images of different sizes cannot form a batch; restore them one "
            "by one."
        ) from None
    _check_type(array)
    layout = _layout(array)
    white = white_value(array.dtype, white_level)
    transparent = layout != "HW" and array.shape[-1] in (2, 4)
    _check_values(array[..., :-1] if transparent else array, white)
    return array, layout, white


def _check_type(array):
    if array.dtype in TOPS or np.issubdtype(array.dtype, np.floating):
        return
    if array.dtype == bool:
        raise ValueError(
            "An array of bool is a mask; if True is white, pass image * "
            "np.uint8(255)."
        )
    if np.issubdtype(array.dtype, np.integer) and array.size:
        raise ValueError(
            f"The value of white is unknown for an image of {array.dtype} "
            f"with values from {array.min()} to {array.max()}; convert it to "
            "uint8 if white is 255, else to uint16, with white_level if it "
            "is not 65535."
        )
    raise ValueError(
        f"Images must be arrays of uint8, uint16 or floats, got {array.dtype}."
    )


def _layout(array):
    shape = array.shape
    layout = LAYOUTS.get(array.ndim)
    wanted = (
        "Images must have the shape (H, W), (H, W, C) or (N, H, W, C) with C "
        f"from 1 to 4, got {shape}"
    )
    if layout is None:
        raise ValueError(f"{wanted}.")
    if 0 in shape:
        raise ValueError(f"An image must have at least one pixel, got {shape}.")
    if layout != "HW" and not 1 <= shape[-1] <= 4:
        if shape[-3] <= 4:
            raise ValueError(
                f"{wanted}; if channels come first, move them with "
                "np.moveaxis(image, -3, -1)."
            )
        if layout == "HWC":
            raise ValueError(
                f"{wanted}; pass a batch of gray images as (N, H, W, 1)."
            )
        raise ValueError(f"{wanted}; restore other channels one by one.")
    return layout


def white_value(dtype, white_level):
    """The value of white of images of a type, as `check_image` returns it.

    Raises:
        ValueError: if the type has no such value.
    """
    top = TOPS.get(dtype)
    if white_level is None:
        return None if top is None else float(top)
    if (
        not isinstance(white_level, numbers.Real)
        or isinstance(white_level, bool)
        or not math.isfinite(white_level)
        or not 0 < white_level <= (top or math.inf)
    ):
        limit = f" up to {top}, the maximum of {dtype}" if top else ""
        raise ValueError(
            f"white_level must be a positive number{limit}, got "
            f"{white_level!r}; give the value of white, 4095 for 12 bits."
        )
    return float(white_level)


def _check_values(array, white):
    if array.dtype in TOPS:
        if white < TOPS[array.dtype] and array.max() > white:
            raise ValueError(
                f"The image has values up to {array.max()}, beyond a "
                f"white_level of {white:g}; pass the actual value of white."
            )
        return
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        count = array.size - int(np.isfinite(array).sum())
        raise ValueError(
            f"The image has NaN or infinity in {count} of {array.size} "
            "values; replace them first, for example by their neighbours."
        )
    if max(-low, high) > FURTHEST * (white or 1.0):
        raise ValueError(
            f"Float images must have black at 0 and white at {white or 1:g}, "
            f"got values from {low:g} to {high:g}; shift them so that black "
            "is 0 and pass the value of white as white_level."
        )
