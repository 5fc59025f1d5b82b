"""Bicubic shrinking of images to a size of each one's own, when compiled."""

import numpy as np
from keras import ops

from kerasrestore.training.patches.image_bank import index_type


def shrink(images, old, new, side):
    """Shrinks images as Pillow does with `Resampling.BICUBIC`.

    The kernel is widened for antialiasing and cut off at the borders. Images
    are shrunk horizontally, then vertically, and rounded to 8 bits after
    each pass.

    Args:
        images: tensor `(batch, height, width, channels)` of whole numbers
            from 0 to 255. Pixels beyond the size of an image are not used.
        old: height and width of each image, two integer tensors `(batch,)`.
        new: height and width that it is shrunk to, likewise.
        side: side of the output, at least the largest in `new`.

    Returns:
        float32 tensor `(batch, side, side, channels)` of whole numbers from 0
        to 255, undefined beyond the new size of an image.

    Example:
    >>> sizes = [np.array([4]), np.array([6])]
    >>> image = np.full((1, 4, 6, 3), 200, "uint8")
    >>> small = shrink(image, sizes, [size // 2 for size in sizes], 3)
    >>> tuple(small.shape), float(small[0, 1, 2, 0])
    ((1, 3, 3, 3), 200.0)

    References:
        - Keys, "Cubic convolution interpolation for digital image
          processing", 1981, with a = -0.5.
    """
    images = ops.cast(images, "float32")
    for old_side, new_side in zip(reversed(old), reversed(new), strict=True):
        images = ops.transpose(images, (0, 2, 1, 3))
        weights = _weights(old_side, new_side, images.shape[1], side)
        images = _product(weights, images)
    return images


def _weights(old, new, side, new_side):
    """Weights of each image along an axis, `(batch, new_side, side)`."""
    kind = index_type()
    old = ops.cast(old, kind)[:, None, None]
    new = ops.cast(new, kind)[:, None, None]
    target = ops.cast(np.arange(new_side)[:, None], kind)
    source = ops.cast(np.arange(side)[None], kind)
    # The distance of two pixels' centres, in pixels of the smaller image.
    # Whole numbers until the division keep it exact.
    distance = (2 * source + 1) * new - (2 * target + 1) * old
    x = ops.abs(ops.cast(distance, "float32") / ops.cast(2 * old, "float32"))
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = ops.where(x <= 1, near, ops.where(x < 2, far, 0.0))
    weights = ops.where(source < old, weights, 0.0)
    total = ops.sum(weights, axis=-1, keepdims=True)
    # Rows beyond the new size may have no weights.
    return weights / ops.where(total == 0, 1.0, total)


def _product(weights, images):
    """Weighted sums along the first axis, rounded to 8 bits."""
    count, height, width, channels = images.shape
    side = weights.shape[1]
    # Accelerators round the factors of a product to 8 or 11 bits. That is
    # exact for levels and for the first 8 bits of the weights, and fine
    # enough for the rest of them.
    coarse = ops.floor(weights * 256 + 0.5) / 256
    both = ops.concatenate([coarse, weights - coarse], axis=1)
    sums = ops.matmul(both, ops.reshape(images, (count, height, -1)))
    sums = sums[:, :side] + sums[:, side:]
    levels = ops.clip(ops.floor(sums + 0.5), 0, 255)
    return ops.reshape(levels, (count, side, width, channels))
