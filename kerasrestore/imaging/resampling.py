"""Bicubic resampling of one axis as a matrix, under three rules."""

import numpy as np

RULES = ("matlab", "size", "scale")


def bicubic_matrix(size_in, size_out, rule="matlab", scale=None):
    """Weights that resample an axis.

    The rules differ in the cubic's parameter, in where an output sample
    looks, in what lies beyond the ends, and in the filter when shrinking:

    - `"matlab"`: MATLAB's `imresize`: a = -0.5, the kernel widened when
      shrinking (antialiased), mirrored ends. The degradation of the
      super-resolution papers.
    - `"size"`: PyTorch's `interpolate` with `align_corners=False` as it was
      up to version 1.1: a = -0.75, no antialiasing, ends repeated, steps of
      `size_in / size_out`. PANet's published weights were trained with it.
    - `"scale"`: the same with steps of `1 / scale`, PyTorch's later default.

    Args:
        size_in: samples before.
        size_out: samples after.
        rule: `"matlab"`, `"size"` or `"scale"`.
        scale: the factor that was asked for, where it is not exactly
            `size_out / size_in`. `"scale"` needs it, `"matlab"` takes it,
            `"size"` does without.

    Returns:
        float64 array `(size_out, size_in)`; every row sums to 1.

    Raises:
        ValueError: if a size is below 1, the rule is unknown, or the scale is
            missing or not positive.

    Example:
    >>> bicubic_matrix(4, 2, "size").round(5).tolist()[0]
    [0.5, 0.59375, -0.09375, 0.0]

    References:
        - Keys, "Cubic convolution interpolation for digital image
          processing", 1981.
    """
    if min(size_in, size_out) < 1:
        raise ValueError(
            f"Resampling goes from one size of at least 1 to another, got "
            f"{size_in} and {size_out}."
        )
    if rule not in RULES:
        raise ValueError(
            f"rule is one of {', '.join(map(repr, RULES))}, got {rule!r}."
        )
    if rule == "size" or (scale is None and rule == "matlab"):
        scale = size_out / size_in
    if scale is None or not scale > 0:
        raise ValueError(
            f"The rule {rule!r} wants the scale as a positive number, got "
            f"{scale!r}."
        )
    a = -0.5 if rule == "matlab" else -0.75
    # Shrinking with MATLAB's rule stretches the kernel over more samples.
    stretch = max(1.0, 1.0 / scale) if rule == "matlab" else 1.0
    centre = (np.arange(size_out) + 0.5) / scale - 0.5
    first = np.floor(centre - 2 * stretch).astype(int)
    index = first[:, None] + np.arange(int(np.ceil(4 * stretch)) + 2)
    weights = _cubic((centre[:, None] - index) / stretch, a)
    weights /= weights.sum(axis=1, keepdims=True)
    if rule == "matlab":
        index = index % (2 * size_in)
        index = np.minimum(index, 2 * size_in - 1 - index)
    else:
        index = index.clip(0, size_in - 1)
    matrix = np.zeros((size_out, size_in))
    rows = np.broadcast_to(np.arange(size_out)[:, None], index.shape)
    np.add.at(matrix, (rows, index), weights)
    return matrix


def _cubic(x, a):
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
