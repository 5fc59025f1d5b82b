"""Transparent images: hidden colours must not bleed into visible ones."""

import numpy as np
from PIL import Image

# Rows that are processed at a time.
ROWS = 256


def fill_hidden(pixels, alpha):
    """Replaces the colours of fully transparent pixels.

    To a network, the colour stored in hidden pixels, often black or white, is
    an edge that bleeds into visible neighbours. It is replaced by colours
    that continue the visible ones smoothly: each hidden pixel gets the mean
    of the visible pixels, weighted by their opacity, in the smallest block
    around it, of 2, 4, 8, ... pixels a side, that contains any.

    Args:
        pixels: `(H, W, C)` of uint8, uint16 or floats.
        alpha: opacity `(H, W)`, 0 where a pixel is hidden.

    Returns:
        Array like `pixels`; `pixels` itself if none or all are hidden.

    References:
        - Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4
          (pull-push), with a weight that does not saturate.

    Example:
    >>> fill_hidden(np.array([[[9.0], [0.0]]]), np.array([[1.0, 0.0]])).tolist()
    [[[9.0], [9.0]]]
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return pixels
    colours = _smooth(*_halved(pixels, alpha))
    filled = pixels.copy()
    whole = not np.issubdtype(pixels.dtype, np.floating)
    for top in range(0, len(pixels), ROWS):
        gaps = hidden[top : top + ROWS]
        if not gaps.any():
            continue
        part = filled[top : top + ROWS]
        values = colours[top // 2 : (top + ROWS) // 2]
        if whole:
            values = np.rint(values)
        values = values.astype(pixels.dtype).repeat(2, 0).repeat(2, 1)
        height, width = gaps.shape
        np.copyto(part, values[:height, :width], where=gaps[..., None])
    return filled


def _halved(pixels, alpha):
    """Sums of colours times opacity and of opacity over 2x2 pixels."""
    top = np.float32(max(1.0, float(alpha.max())))
    parts = []
    for start in range(0, len(pixels), ROWS):
        weight = alpha[start : start + ROWS, :, None] / top
        weight = weight.astype(np.float32)
        parts.append(
            (
                _pooled(pixels[start : start + ROWS] * weight),
                _pooled(weight),
            )
        )
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _pooled(values):
    height, width, _ = values.shape
    padded = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    rows = padded[::2] + padded[1::2]
    return rows[:, ::2] + rows[:, 1::2]


def _smooth(colours, weight):
    """Mean colours, extended to where the weight is zero."""
    seen = weight > 0
    mean = np.divide(colours, weight, where=seen, out=np.zeros_like(colours))
    if seen.all():
        return mean
    coarse = _smooth(_pooled(colours), _pooled(weight))
    height, width, channels = mean.shape
    size = (2 * coarse.shape[1], 2 * coarse.shape[0])
    for c in range(channels):
        plane = Image.fromarray(coarse[..., c])
        plane = plane.resize(size, Image.Resampling.BILINEAR)
        np.copyto(
            mean[..., c],
            np.asarray(plane)[:height, :width],
            where=~seen[..., 0],
        )
    return mean
