"""Pixel shuffle and its inverse, in the two common channel orders."""

from keras import ops

from kerasrestore.ops.arguments import whole_numbers

ORDERS = ("pytorch", "tensorflow")


def pixel_shuffle(x, scale, order="pytorch"):
    """Rearranges channels into blocks of `scale` x `scale` pixels.

    Args:
        x: tensor `(batch, height, width, channels * scale**2)`.
        scale: side of a block, at least 2.
        order: channel that the pixel `(row, column)` of a block is taken
            from. `"pytorch"`: `channel * scale**2 + row * scale + column`;
            `"tensorflow"`: `(row * scale + column) * channels + channel`.

    Returns:
        Tensor `(batch, height * scale, width * scale, channels)`.

    Raises:
        ValueError: if the number of channels is not a multiple of `scale**2`,
            or an argument is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.arange(8.0).reshape(1, 1, 1, 8)
    >>> pixel_shuffle(x, 2)[0, 0, :, 0].numpy().tolist()
    [0.0, 1.0]
    >>> pixel_shuffle(x, 2, order="tensorflow")[0, 0, :, 0].numpy().tolist()
    [0.0, 2.0]

    References:
        - PyTorch's `nn.PixelShuffle`, TensorFlow's `tf.nn.depth_to_space`.
    """
    scale = _check("pixel_shuffle", x, scale, order)
    if not x.shape[-1] or x.shape[-1] % scale**2:
        raise ValueError(
            f"pixel_shuffle with scale={scale} needs a multiple of "
            f"{scale**2} channels, got {x.shape[-1]}."
        )
    if order == "pytorch":
        x = _interleave(x, scale**2)
    return ops.depth_to_space(x, scale)


def pixel_unshuffle(x, scale, order="pytorch"):
    """Rearranges pixel blocks into channels: inverse of `pixel_shuffle`.

    Args:
        x: tensor `(batch, height * scale, width * scale, channels)`.
        scale: side of a block, at least 2.
        order: as in `pixel_shuffle`.

    Returns:
        Tensor `(batch, height, width, channels * scale**2)`.

    Raises:
        ValueError: if a known height or width is not a multiple of `scale`,
            or an argument is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.random.default_rng(0).random((1, 4, 6, 3))
    >>> bool(np.all(pixel_shuffle(pixel_unshuffle(x, 2), 2) == x))
    True

    References:
        - PyTorch's `nn.PixelUnshuffle`, TensorFlow's `tf.nn.space_to_depth`.
    """
    scale = _check("pixel_unshuffle", x, scale, order)
    if any(side is not None and side % scale for side in x.shape[1:3]):
        raise ValueError(
            f"pixel_unshuffle with scale={scale} needs height and width to "
            f"be multiples of {scale}, got {x.shape[1]}x{x.shape[2]}; pad "
            "the image."
        )
    channels = x.shape[-1]
    x = ops.space_to_depth(x, scale)
    return _interleave(x, channels) if order == "pytorch" else x


def _interleave(x, groups):
    """Channel `a * groups + b` becomes channel `b * (channels / groups) + a`.

    Slices instead of a transposition, to avoid tensors with more than four
    axes, which mobile delegates do not support.
    """
    if groups in (1, x.shape[-1]):
        return x
    return ops.concatenate([x[..., b::groups] for b in range(groups)], axis=-1)


def _check(name, x, scale, order):
    if len(x.shape) != 4:
        raise ValueError(
            f"{name} expects (batch, height, width, channels), got the shape "
            f"{tuple(x.shape)}; add the missing axes."
        )
    if order not in ORDERS:
        raise ValueError(
            f"order must be 'pytorch' or 'tensorflow', got {order!r}."
        )
    return whole_numbers("scale", [scale], 2)[0]
