"""Convolutions written out in NumPy, in double precision."""

import numpy as np


def conv2d(x, kernel, bias, stride=1):
    """Convolution with zeros of half the kernel on each side."""
    rows, columns, _, filters = kernel.shape
    padded = np.pad(x, ((0, 0), (rows // 2,) * 2, (columns // 2,) * 2, (0, 0)))
    height, width = (-(-side // stride) for side in x.shape[1:3])
    y = np.zeros((len(x), height, width, filters)) + bias
    for i, j in np.ndindex(rows, columns):
        part = padded[:, i:, j:][:, : x.shape[1], : x.shape[2]]
        y += part[:, ::stride, ::stride] @ kernel[i, j]
    return y


def conv2d_transpose(x, kernel, bias, stride=2):
    """Transposed convolution to `stride` times the size; the kernel is
    `(rows, columns, filters, channels)` and cut by equal parts on all
    sides."""
    rows, columns, filters, _ = kernel.shape
    batch, height, width, _ = x.shape
    whole = np.zeros(
        (
            batch,
            (height - 1) * stride + rows,
            (width - 1) * stride + columns,
            filters,
        )
    )
    for y, z in np.ndindex(height, width):
        spot = np.einsum("bc,ijfc->bijf", x[:, y, z], kernel)
        top, left = y * stride, z * stride
        whole[:, top : top + rows, left : left + columns] += spot
    top, left = (rows - stride) // 2, (columns - stride) // 2
    return whole[:, top:, left:][:, : height * stride, : width * stride] + bias
