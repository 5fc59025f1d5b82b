"""Transparent images: hidden colours must not bleed into visible ones."""

import numpy as np
from PIL import Image

# Rows that are processed at a time.
ROWS = 256
# Pixels of an image of floats of which the noise level is estimated.
SAMPLES = 1 << 22
# Of white noise, the median of |a - b - c + d| over 2x2 pixels is 2 * 0.6745
# standard deviations; the sum of four random bytes has one of 147.8.
STEP = np.float32(1 / (2 * 0.6745 * 147.8))


def fill_hidden(pixels, alpha, white=None):
    """Replaces the colours of fully transparent pixels.

    To a network, the colour stored in hidden pixels, often black or white, is
    an edge that bleeds into visible neighbours. It is replaced by colours
    that continue the visible ones smoothly: each hidden pixel gets the mean
    of the visible pixels, weighted by their opacity, in the smallest block
    around it, of 2, 4, 8, ... pixels a side, that contains any. Noise is
    added that is as strong as that of the visible pixels: networks that
    estimate the noise level themselves would leave noise beside smooth areas.

    Args:
        pixels: `(H, W, C)` of uint8, uint16 or floats.
        alpha: opacity `(H, W)`, 0 where a pixel is hidden.
        white: largest value of whole numbers, by default that of their type;
            noise does not exceed it, nor the range of visible floats.

    Returns:
        Array like `pixels`; `pixels` itself if none or all are hidden. Equal
        arguments give equal noise.

    References:
        - Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4
          (pull-push), with a weight that does not saturate.
        - Donoho and Johnstone, "Ideal spatial adaptation by wavelet
          shrinkage", Biometrika 1994: the noise level, from the median of
          the finest diagonal wavelet coefficients.

    Example:
    >>> fill_hidden(np.array([[[9.0], [0.0]]]), np.array([[1.0, 0.0]])).tolist()
    [[[9.0], [9.0]]]
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return pixels
    colours = _smooth(*_halved(pixels, alpha))
    steps = _noise_steps(pixels, alpha)
    filled = pixels.copy()
    whole = not np.issubdtype(pixels.dtype, np.floating)
    if whole:
        low, high = 0, np.iinfo(pixels.dtype).max if white is None else white
    else:
        seen = ~hidden[..., None]
        low = pixels.min(where=seen, initial=np.inf)
        high = pixels.max(where=seen, initial=-np.inf)
    for top in range(0, len(pixels), ROWS):
        gaps = hidden[top : top + ROWS]
        if not gaps.any():
            continue
        part = filled[top : top + ROWS]
        values = colours[top // 2 : (top + ROWS) // 2]
        values = values.repeat(2, 0).repeat(2, 1)
        values = values[: gaps.shape[0], : gaps.shape[1]]
        if steps.any():
            noise = _draws(top, values.shape) * steps
            values = (values + noise).clip(low, high)
        if whole:
            values = np.rint(values)
        values = values.astype(pixels.dtype)
        np.copyto(part, values, where=gaps[..., None])
    return filled


def _noise_steps(pixels, alpha):
    """Standard deviation of the visible pixels' noise by channel, divided by
    that of `_draws`, float32."""
    channels = pixels.shape[-1]
    whole = not np.issubdtype(pixels.dtype, np.floating)
    kind = np.int32 if whole else pixels.dtype
    # A sample of floats is enough; whole numbers are counted.
    every = 1 if whole else max(1, alpha.size // SAMPLES)
    counts = np.zeros((channels, 0), np.int64)
    sample = [np.zeros((0, channels), np.float32)]
    height, width = (side // 2 * 2 for side in alpha.shape)
    for start in range(0, height, ROWS):
        rows = slice(start, min(height, start + ROWS))
        a, b, c, d = _corners(pixels[rows, :width].astype(kind))
        seen = np.minimum.reduce(_corners(alpha[rows, :width])) > 0
        found = np.abs(a - b - c + d)[seen]
        if whole and found.size:
            bins = max(counts.shape[1], int(found.max()) + 1)
            counts = np.pad(counts, ((0, 0), (0, bins - counts.shape[1])))
            for channel in range(channels):
                counts[channel] += np.bincount(found[:, channel], None, bins)
        elif not whole:
            sample.append(found[::every])
    if whole:
        # The lower one of two medians: how many are below or equal?
        totals = counts.cumsum(axis=1)
        half = (counts.sum(axis=1, keepdims=True) + 1) // 2
        medians = (totals < half).sum(axis=1)
    else:
        sample = np.concatenate(sample)
        medians = np.median(sample, axis=0) if len(sample) else np.zeros(1)
    return medians.astype(np.float32) * STEP


def _corners(values):
    """The four pixels of every block of 2x2, each as an array."""
    return [values[y::2, x::2] for y in (0, 1) for x in (0, 1)]


def _draws(top, shape):
    """Numbers of nearly normal distribution, mean 0, float32 `shape`.

    Each is a hash of its place (MurmurHash3's finalizer), from row `top` of
    the image on: the sum of four bytes less its mean.
    """
    rows, width, channels = shape
    first = top * width * channels % 2**32
    key = np.arange(rows * width * channels, dtype=np.uint32)
    key += np.uint32(first)
    key ^= key >> 16
    key *= np.uint32(0x85EBCA6B)
    key ^= key >> 13
    key *= np.uint32(0xC2B2AE35)
    key ^= key >> 16
    total = sum((key >> shift) & 255 for shift in (0, 8, 16, 24))
    return (total.astype(np.float32) - 510).reshape(shape)


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
