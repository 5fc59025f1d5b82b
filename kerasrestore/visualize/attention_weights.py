"""Weights of one query of each kind of attention, computed densely.

The operations of the package never hold these weights: they work in blocks,
and PANet's without extracting patches. Here one query is compared with all
keys as the papers' equations say, in float64.
"""

import numpy as np

from kerasrestore.ops.pyramid_attention import LEAST_NORM

# Keys that are compared with all queries at a time.
BLOCK = 256


def pyramid_weights(query, keys, position, patch_size, softmax_scale):
    """Weights that a query patch gives to the patches of all levels.

    Args:
        query: array `(height, width, channels)`.
        keys: list of arrays `(height_k, width_k, channels)`.
        position: row and column of the query.
        patch_size: side of a patch, odd.
        softmax_scale: factor of the logits.

    Returns:
        List of arrays `(height_k, width_k)`; together they add up to 1.

    Example:
    >>> x = np.random.default_rng(0).normal(size=(6, 5, 4))
    >>> first, second = pyramid_weights(x, [x, x[:5, :4]], (2, 3), 3, 10.0)
    >>> first.shape, second.shape, round(float(first.sum() + second.sum()), 6)
    ((6, 5), (5, 4), 1.0)
    """
    row, column = position
    patch = _padded(query, patch_size)[
        row : row + patch_size, column : column + patch_size
    ]
    steps = list(np.ndindex(patch_size, patch_size))
    logits = []
    for key in keys:
        height, width, _ = key.shape
        padded = _padded(key, patch_size)
        seen = [padded[y : y + height, x : x + width] for y, x in steps]
        product = sum(
            part @ patch[step] for part, step in zip(seen, steps, strict=True)
        )
        square = sum((part**2).sum(axis=-1) for part in seen)
        norm = np.sqrt(np.maximum(square, LEAST_NORM**2))
        logits.append(softmax_scale * product / norm)
    weights = _softmax(np.concatenate([x.ravel() for x in logits]))
    ends = np.cumsum([x.size for x in logits])[:-1]
    return [
        part.reshape(x.shape)
        for part, x in zip(np.split(weights, ends), logits, strict=True)
    ]


def non_local_weights(query, key, index, normalize="keys"):
    """Weights that one query gives to all keys.

    Args:
        query: array `(queries, channels)`.
        key: array `(keys, channels)`.
        index: number of the query.
        normalize: `"keys"` or `"queries"`, as in `softmax_attention`.

    Returns:
        Array `(keys,)`.

    Example:
    >>> x = np.eye(3)
    >>> non_local_weights(x, x, 1).round(3).tolist()
    [0.212, 0.576, 0.212]
    """
    logits = key @ query[index]
    if normalize == "keys":
        return _softmax(logits)
    parts = []
    for start in range(0, len(key), BLOCK):
        some = slice(start, start + BLOCK)
        every = query @ key[some].T
        largest = every.max(axis=0)
        total = np.exp(every - largest).sum(axis=0)
        parts.append(np.exp(logits[some] - largest) / total)
    return np.concatenate(parts)


def window_weights(
    query, key, position, window, padding="circular", weighting="softmax"
):
    """Weights that a pixel gives to the window around it.

    Args:
        query: array `(height, width, channels)`; for several steps, whose
            logits are added, their channels are joined.
        key: array of the same shape.
        position: row and column of the query.
        window: side of the window, odd; `None` for the whole map.
        padding: as in `window_attention`.
        weighting: likewise.

    Returns:
        Array `(window, window)`, or `(height, width)` without a window.

    Example:
    >>> x = np.ones((4, 5, 2))
    >>> window_weights(x, x, (0, 0), 3)[0, 0].round(4)
    np.float64(0.1111)
    """
    height, width, _ = key.shape
    if window is not None:
        radius = window // 2
        rows, columns = (
            np.arange(place - radius, place + radius + 1) for place in position
        )
        inside = ((rows >= 0) & (rows < height))[:, None] & (
            (columns >= 0) & (columns < width)
        )
        key = key[rows[:, None] % height, columns % width]
        if padding == "zero":
            key = key * inside[..., None]
    logits = key @ query[position]
    if weighting == "mean":
        return logits / logits.size
    return _softmax(logits)


def _padded(x, patch_size):
    margin = patch_size // 2
    return np.pad(x, ((margin, margin), (margin, margin), (0, 0)))


def _softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()
