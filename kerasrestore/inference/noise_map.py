"""Noise-level maps for networks that take a single noise level."""

import numpy as np

# Maps with few levels, such as one per region, are followed exactly.
FEW = 8
# Otherwise levels are at most this far apart, on the 0..255 scale.
STEP = 5.0


def check_map(sigma, size):
    """Raises ValueError if sigma does not fit an image of `(H, W)`."""
    if np.ndim(sigma) != 0 and np.shape(sigma) != tuple(size):
        raise ValueError(
            "One image takes one sigma: a number, or a map of the image's "
            f"height and width {size}, got the shape {np.shape(sigma)}."
        )


def noise_levels(sigma):
    """Noise levels at which a network is run for a map.

    Args:
        sigma: noise levels `(H, W)`.

    Returns:
        Increasing float32 array: the map's own levels if they are few, else
        levels from its least to its largest, at most `STEP` apart.

    Example:
    >>> noise_levels(np.array([[10, 50], [50, 10]])).tolist()
    [10.0, 50.0]
    >>> noise_levels(np.linspace(10, 20, 20)[None]).tolist()
    [10.0, 15.0, 20.0]
    """
    levels = np.unique(np.asarray(sigma, np.float32))
    if len(levels) <= FEW:
        return levels
    low, high = levels[0], levels[-1]
    count = 1 + max(1, int(np.ceil((high - low) / STEP)))
    return np.linspace(low, high, count, dtype=np.float32)


def run_by_map(run, sigma, levels, scale=1):
    """Restores a tile with a map of noise levels.

    Every pixel is the network's output at the pixel's own level,
    interpolated linearly between the two nearest of `levels`.

    Args:
        run: function from a noise level to the restored tile `(h, w, C)`.
        sigma: noise levels of the tile.
        levels: increasing array that spans them.
        scale: upscaling factor of the network.

    Returns:
        The restored tile.
    """
    total = 0.0
    for index, level in enumerate(levels):
        share = np.interp(sigma, levels, np.eye(len(levels))[index])
        if share.any():
            share = share.repeat(scale, 0).repeat(scale, 1)[..., None]
            total = total + share.astype(np.float32) * run(level)
    return total
