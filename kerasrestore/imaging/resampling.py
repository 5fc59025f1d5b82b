"""Bicubic resampling along one axis as a matrix, with three conventions."""

import numpy as np

RULES = ("matlab", "size", "scale")


def bicubic_matrix(size_in, size_out, rule="matlab", scale=None):
    """Weight matrix for bicubic resampling along one axis.

    The conventions differ in the cubic's parameter `a`, the sampling
    positions, the boundary handling and the antialiasing filter:

    - `"matlab"`: MATLAB's `imresize`: a = -0.5, wider kernel for downscaling
      (antialiasing), symmetric padding. The degradation of the
      super-resolution papers.
    - `"size"`: PyTorch's `interpolate` with `align_corners=False` up to
      version 1.1: a = -0.75, no antialiasing, edge padding, sampling step
      `size_in / size_out`. PANet's published weights were trained with it.
    - `"scale"`: the same with sampling step `1 / scale`, the default in later
      versions of PyTorch.

    Args:
        size_in: number of input samples.
        size_out: number of output samples.
        rule: `"matlab"`, `"size"` or `"scale"`.
        scale: requested scale factor, if not exactly `size_out / size_in`.
            Required for `"scale"`, optional for `"matlab"`, ignored for
            `"size"`.

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
            f"size_in and size_out must be at least 1, got {size_in} and "
            f"{size_out}."
        )
    if rule not in RULES:
        raise ValueError(
            f"rule must be one of {', '.join(map(repr, RULES))}, got {rule!r}."
        )
    if rule == "size" or (scale is None and rule == "matlab"):
        scale = size_out / size_in
    if scale is None or not scale > 0:
        raise ValueError(
            f"The rule {rule!r} requires a positive scale, got {scale!r}."
        )
    a = -0.5 if rule == "matlab" else -0.75
    # MATLAB stretches the kernel when downscaling.
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
