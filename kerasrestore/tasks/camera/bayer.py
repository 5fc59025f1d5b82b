"""Bayer mosaicing of linear images, and simple demosaicing."""

import numpy as np

from kerasrestore.imaging.mosaic import PATTERNS

# Channels of the 2x2 cell in row-major order, for the four Bayer phases.
PHASES = tuple(tuple(map("RGB".index, pattern)) for pattern in PATTERNS)


def mosaic(image, phase):
    """Samples an image like a Bayer sensor.

    Args:
        image: float32 array `(H, W, 3)`.
        phase: one of `PHASES`.

    Returns:
        float32 array `(H, W)`.

    Example:
    >>> image = np.zeros((2, 2, 3), "float32") + np.float32([1, 2, 3])
    >>> mosaic(image, PHASES[PATTERNS.index("RGGB")]).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    samples = np.empty(image.shape[:2], np.float32)
    for place, channel in enumerate(phase):
        here = np.s_[place // 2 :: 2, place % 2 :: 2]
        samples[here] = image[(*here, channel)]
    return samples


def demosaic_bilinear(samples, phase):
    """Bilinear demosaicing: means of the nearest samples of a colour.

    Args:
        samples: float32 array `(H, W)`, sides of at least 4.
        phase: one of `PHASES`.

    Returns:
        float32 array `(H, W, 3)`.

    Example:
    >>> flat = np.full((6, 6), 0.5, "float32")
    >>> np.unique(demosaic_bilinear(flat, PHASES[1])).tolist()
    [0.5]
    """
    near = _Neighbours(samples)
    return _arrange(
        samples,
        phase,
        green=near.cross / 4,
        row=near.row / 2,
        column=near.column / 2,
        opposite=near.diagonal / 4,
    )


def demosaic_malvar(samples, phase):
    """Bilinear demosaicing with a correction from the sampled colour.

    The correction is proportional to the Laplacian of the colour sampled at
    each pixel.

    Args:
        samples: float32 array `(H, W)`, sides of at least 4.
        phase: one of `PHASES`.

    Returns:
        float32 array `(H, W, 3)`.

    Example:
    >>> flat = np.full((6, 6), 0.5, "float32")
    >>> np.unique(demosaic_malvar(flat, PHASES[2])).tolist()
    [0.5]

    References:
        Malvar, He, Cutler, "High-quality linear interpolation for demosaicing
        of Bayer-patterned color images", ICASSP 2004, figure 2.
    """
    near = _Neighbours(samples)
    far = near.far_row + near.far_column
    return _arrange(
        samples,
        phase,
        green=(4 * samples + 2 * near.cross - far) / 8,
        row=(
            5 * samples
            + 4 * near.row
            - near.diagonal
            - near.far_row
            + near.far_column / 2
        )
        / 8,
        column=(
            5 * samples
            + 4 * near.column
            - near.diagonal
            - near.far_column
            + near.far_row / 2
        )
        / 8,
        opposite=(6 * samples + 2 * near.diagonal - 1.5 * far) / 8,
    )


class _Neighbours:
    """Sums of each sample's neighbours, with mirrored borders."""

    def __init__(self, samples):
        height, width = samples.shape
        padded = np.pad(samples, 2, "reflect")

        def at(down, right):
            return padded[
                2 + down : 2 + down + height, 2 + right : 2 + right + width
            ]

        self.row = at(0, -1) + at(0, 1)
        self.column = at(-1, 0) + at(1, 0)
        self.cross = self.row + self.column
        self.diagonal = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
        self.far_row = at(0, -2) + at(0, 2)
        self.far_column = at(-2, 0) + at(2, 0)


def _arrange(samples, phase, green, row, column, opposite):
    """Combines samples and estimates into an image.

    `green` is the green at red and blue pixels; `opposite` is the blue at red
    pixels and the red at blue ones; at green pixels, `row` is the other colour
    in the same row and `column` the other colour in the same column.
    """
    image = np.empty((*samples.shape, 3), np.float32)
    for place, channel in enumerate(phase):
        here = np.s_[place // 2 :: 2, place % 2 :: 2]
        image[(*here, channel)] = samples[here]
        if channel == 1:
            beside, below = phase[place ^ 1], phase[place ^ 2]
            image[(*here, beside)] = row[here]
            image[(*here, below)] = column[here]
        else:
            image[(*here, 1)] = green[here]
            image[(*here, 2 - channel)] = opposite[here]
    return image
