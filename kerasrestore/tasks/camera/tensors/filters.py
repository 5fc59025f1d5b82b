"""Blur, resizing and means of images of different sizes in one batch.

Images lie in the top left corner of a larger canvas; `sides` tells how many
of its rows and columns belong to each, float32 `(batch, 1, 1, 1)`.
"""

import numpy as np
from keras import ops

from kerasrestore.tasks.camera.filters import LUMA


def mirrored(canvas, sides, radius):
    """Pads images by mirroring them, without repeating their border.

    Returns:
        Tensor `(batch, height + 2 radius, width + 2 radius, channels)`.
    """
    last = ops.cast(sides, "int32")[:, :, 0, 0] - 1
    for axis in (1, 2):
        size = canvas.shape[axis]
        place = np.abs(np.arange(-radius, size + radius, dtype=np.int32))[None]
        place = ops.where(place > last, 2 * last - place, place)
        # Beyond the mirror image nothing is used.
        place = ops.clip(place, 0, size - 1)
        shape = [-1, 1, 1, 1]
        shape[axis] = size + 2 * radius
        canvas = ops.take_along_axis(
            canvas, ops.reshape(place, shape), axis=axis
        )
    return canvas


def blur(canvas, sides, sigma, largest):
    """Gaussian blur with mirrored borders.

    Args:
        canvas: tensor `(batch, height, width, channels)`.
        sides: see above.
        sigma: standard deviations in pixels, `(batch, 1, 1, 1)` or a number.
        largest: the largest possible one.
    """
    radius = _radius(largest)
    offsets = np.arange(-radius, radius + 1, dtype=np.float32)
    offsets = offsets.reshape(-1, 1, 1, 1, 1)
    sigma = ops.convert_to_tensor(sigma, "float32")
    within = ops.maximum(1.0, ops.floor(3.0 * sigma + 0.5))
    kernel = ops.exp(-np.square(offsets) / (2 * ops.square(sigma)))
    kernel = kernel * ops.cast(np.abs(offsets) <= within, "float32")
    kernel = kernel / ops.sum(kernel, axis=0)
    height, width = canvas.shape[1:3]
    padded = mirrored(canvas, sides, radius)
    padded = sum(
        kernel[k] * padded[:, k : k + height] for k in range(2 * radius + 1)
    )
    return sum(
        kernel[k] * padded[:, :, k : k + width] for k in range(2 * radius + 1)
    )


def _radius(sigma):
    return max(1, int(3 * sigma + 0.5))


def resized(canvas, before, after, size):
    """Bicubic resizing as by Pillow, with antialiasing.

    Args:
        canvas: tensor `(batch, height, height, channels)`.
        before, after: sides of the images before and after, see above.
        size: side of the new canvas.
    """
    matrix = _resizing(canvas.shape[1], before, after, size)
    canvas = ops.einsum("bij,bjkc->bikc", matrix, canvas)
    return ops.einsum("bij,bkjc->bkic", matrix, canvas)


def _resizing(size_in, before, after, size_out):
    """Matrices `(batch, size_out, size_in)`; unused rows are zero."""
    before, after = before[..., 0], after[..., 0]
    row = np.arange(size_out, dtype=np.float32).reshape(1, -1, 1)
    column = np.arange(size_in, dtype=np.float32).reshape(1, 1, -1)
    scale = before / after
    stretch = ops.maximum(scale, 1.0)
    centre = (row + 0.5) * scale
    first = ops.floor(centre - 2.0 * stretch + 0.5)
    stop = ops.floor(centre + 2.0 * stretch + 0.5)
    inside = ops.logical_and(column >= ops.maximum(first, 0.0), column < stop)
    inside = ops.logical_and(inside, column < before)
    inside = ops.logical_and(inside, row < after)
    weights = _cubic(ops.abs(column - centre + 0.5) / stretch)
    weights = weights * ops.cast(inside, "float32")
    total = ops.sum(weights, axis=2, keepdims=True)
    return weights / ops.where(total == 0.0, ops.ones_like(total), total)


def _cubic(x):
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return ops.where(x < 1.0, near, ops.where(x < 2.0, far, 0.0))


def inside(canvas, sides):
    """1 where a canvas belongs to its image, else 0."""
    row = np.arange(canvas.shape[1], dtype=np.float32).reshape(1, -1, 1, 1)
    column = np.swapaxes(row, 1, 2)
    there = ops.logical_and(row < sides, column < sides)
    return ops.cast(there, "float32")


def mean(canvas, sides):
    """Mean of each image over its pixels and channels."""
    total = ops.sum(
        canvas * inside(canvas, sides), axis=(1, 2, 3), keepdims=True
    )
    return total / (ops.square(sides) * canvas.shape[3])


def rms(canvas, sides):
    """Root mean square of each image."""
    return ops.sqrt(mean(ops.square(canvas), sides))


def luma(images):
    """Luma of RGB images, `(batch, height, width, 1)`."""
    return ops.sum(images * LUMA, axis=-1, keepdims=True)
