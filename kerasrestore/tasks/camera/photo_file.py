"""Rounding and JPEG compression of photographs."""

import numpy as np

from kerasrestore.imaging.jpeg_file import jpeg_levels

# Pillow's codes for 4:4:4, 4:2:2 and 4:2:0.
SUBSAMPLINGS = (0, 1, 2)
SUBSAMPLING_SHARES = (0.3, 0.2, 0.5)
TWICE_SHARE = 0.2
# Where the range of the qualities to draw from begins, as a share of it.
RANGES = (0.0, 0.5, 0.75, 0.9)
QUALITY_SHARES = (0.1, 0.15, 0.25, 0.5)
# Of noise other than a camera's; its photographs are always rounded.
ROUNDED_SHARE = 0.5
MONOCHROME_SHARE = 0.12
# A patch is cut from a photograph, so JPEG's block grid may be shifted.
BLOCK = 8


def rounded(image):
    """Clipped to [0, 1] and rounded to 8 bits, float32."""
    return np.rint(np.clip(image, 0, 1) * np.float32(255)) / np.float32(255)


def draw_quality(rng, low, high):
    """Draws a JPEG quality, mostly from the upper half of the range.

    Cameras write files with a quality of about 90 to 98; shared files have a
    lower one.

    Args:
        rng: `numpy.random.Generator`.
        low, high: lowest and highest quality.

    Returns:
        An integer.
    """
    share = rng.choice(RANGES, p=QUALITY_SHARES)
    return int(rng.integers(round(low + share * (high - low)), high + 1))


def jpeg_round_trip(image, rng, quality, aligned=False):
    """Compresses an image as JPEG and decodes it, once or twice.

    Args:
        image: float32 array `(H, W, C)`.
        rng: `numpy.random.Generator`.
        quality: lowest and highest quality.
        aligned: whether the block grid starts at the image's corner.
            Otherwise it is shifted by up to seven pixels, and the pixels
            before it stay uncompressed.

    Returns:
        float32 array `(H, W, C)` in [0, 1].
    """
    levels = np.rint(np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)
    for _ in range(2 if rng.random() < TWICE_SHARE else 1):
        top, left = (0, 0) if aligned else rng.integers(BLOCK, size=2)
        subsampling = int(rng.choice(SUBSAMPLINGS, p=SUBSAMPLING_SHARES))
        levels[top:, left:] = jpeg_levels(
            levels[top:, left:],
            draw_quality(rng, *quality),
            subsampling=subsampling,
        )
    return levels / np.float32(255)
