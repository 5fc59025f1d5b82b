"""The Haar wavelet transform of images and its inverse."""

from keras import ops


def haar_dwt2d(x):
    """One level of the two-dimensional Haar wavelet transform.

    Every 2x2 block of pixels becomes one position with four sub-bands. The
    transform is orthonormal: it preserves the sum of squares.

    Args:
        x: tensor `(batch, height, width, channels)`, height and width must be
            even.

    Returns:
        Tensor `(batch, height / 2, width / 2, 4 * channels)` with the
        channels of LL, then those of HL, LH and HH. HL is the difference of
        right and left pixels, LH that of lower and upper pixels.

    Raises:
        ValueError: if `x` does not have four axes, or a known height or width
            is odd.

    Example:
    >>> import numpy as np
    >>> haar_dwt2d(np.ones((1, 4, 6, 3), "float32")).shape
    TensorShape([1, 2, 3, 12])

    References:
        - MWCNN: Liu et al., "Multi-level wavelet-CNN for image restoration",
          CVPR Workshops 2018; order and signs of its released code.
    """
    _check_rank("haar_dwt2d", x)
    for side in x.shape[1:3]:
        if isinstance(side, int) and side % 2:
            raise ValueError(
                "haar_dwt2d halves height and width, which must be even, got "
                f"an image of {x.shape[1]}x{x.shape[2]}; pad it by one row "
                "or column."
            )
    x = x * 0.5
    even, odd = x[:, 0::2], x[:, 1::2]
    # a b / c d are the pixels of the 2x2 block. The four bands share partial
    # sums.
    a, b = even[:, :, 0::2], even[:, :, 1::2]
    c, d = odd[:, :, 0::2], odd[:, :, 1::2]
    left, right = a + c, b + d
    left_slope, right_slope = c - a, d - b
    return ops.concatenate(
        [
            left + right,
            right - left,
            left_slope + right_slope,
            right_slope - left_slope,
        ],
        axis=-1,
    )


def haar_iwt2d(x):
    """Inverse of `haar_dwt2d`.

    Args:
        x: tensor `(batch, height, width, 4 * channels)` with the sub-bands LL,
            HL, LH and HH along the channels.

    Returns:
        Tensor `(batch, 2 * height, 2 * width, channels)`.

    Raises:
        ValueError: if `x` does not have four axes, or its number of channels
            is unknown or not a multiple of 4.

    Example:
    >>> import numpy as np
    >>> bands = haar_dwt2d(np.ones((1, 4, 6, 3), "float32"))
    >>> bool(np.all(haar_iwt2d(bands) == 1))
    True

    References:
        - MWCNN, as in `haar_dwt2d`.
    """
    _check_rank("haar_iwt2d", x)
    if not x.shape[-1] or x.shape[-1] % 4:
        raise ValueError(
            "haar_iwt2d expects the four sub-bands along the channels, got "
            f"{x.shape[-1]} channels; give a multiple of 4."
        )
    ll, hl, lh, hh = ops.split(x * 0.5, 4, axis=-1)
    left, right = ll - hl, ll + hl
    left_slope, right_slope = lh - hh, lh + hh
    # depth_to_space expects the channel order row, column, channel.
    return ops.depth_to_space(
        ops.concatenate(
            [
                left - left_slope,
                right - right_slope,
                left + left_slope,
                right + right_slope,
            ],
            axis=-1,
        ),
        2,
    )


def _check_rank(name, x):
    if len(x.shape) != 4:
        raise ValueError(
            f"{name} expects (batch, height, width, channels), got the shape "
            f"{tuple(x.shape)}; add the missing axes."
        )
