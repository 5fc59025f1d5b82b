"""Bayer mosaics as the input of models that demosaic."""

import numpy as np

# Colours of the 2x2 cell at the top left corner, in row-major order; the
# first is the pattern that models are trained on.
PATTERNS = ("GRBG", "RGGB", "GBRG", "BGGR")
# Rows and columns that turn a pattern into the first one if put before it.
SHIFTS = {"GRBG": (0, 0), "RGGB": (0, 1), "BGGR": (1, 0), "GBRG": (1, 1)}


def check_pattern(pattern):
    """Raises ValueError if a Bayer pattern is unknown."""
    if pattern not in PATTERNS:
        raise ValueError(
            f"pattern must be one of {', '.join(PATTERNS)}, got {pattern!r}."
        )


def sampled(pattern):
    """Where the 2x2 cell of a pattern is sampled, by row, column, channel.

    Example:
    >>> sampled("GRBG")[0].tolist()
    [[False, True, False], [True, False, False]]
    """
    check_pattern(pattern)
    return np.array(
        [[colour == sample for colour in "RGB"] for sample in pattern]
    ).reshape(2, 2, 3)


def mosaic_input(image, pattern="GRBG"):
    """A mosaic of any pattern as one of the pattern GRBG, in three channels.

    The mosaic is extended by reflection at the top and left, by at most one
    row and one column, which shifts its pattern.

    Args:
        image: the samples, `(H, W)` or `(H, W, 1)`, or `(H, W, 3)` with 0
            wherever a colour was not sampled; of any type.
        pattern: its Bayer pattern, at the top left corner.

    Returns:
        `(mosaic, (top, left))`: an array `(H + top, W + left, 3)` of the
        same type with 0 wherever a colour was not sampled, and the number of
        rows and columns before the image.

    Raises:
        ValueError: if the pattern is unknown, the image is too small to
            extend, or it has colours that the pattern does not sample.

    Example:
    >>> samples = np.arange(1, 9, dtype="uint8").reshape(2, 4)
    >>> mosaic, (top, left) = mosaic_input(samples, "RGGB")
    >>> mosaic.shape, top, left, mosaic[0, :, 0].tolist()
    ((2, 5, 3), 0, 1, [0, 1, 0, 3, 0])
    """
    check_pattern(pattern)
    top, left = SHIFTS[pattern]
    height, width = image.shape[:2]
    if height <= top or width <= left:
        raise ValueError(
            f"A mosaic of {width}x{height} pixels is smaller than its 2x2 "
            "cell; give the whole image."
        )
    cells = np.tile(sampled(pattern), (-(-height // 2), -(-width // 2), 1))
    cells = cells[:height, :width]
    if image.ndim == 3 and image.shape[-1] == 3:
        if np.any(image[~cells]):
            raise ValueError(
                "The image has colours where a mosaic of the pattern "
                f"{pattern} has no sample; give its samples in one channel, "
                "or the pattern that it has."
            )
        mosaic = image
    else:
        mosaic = image.reshape(height, width, 1) * cells.astype(image.dtype)
    padding = ((top, 0), (left, 0), (0, 0))
    return np.pad(mosaic, padding, mode="reflect"), (top, left)
