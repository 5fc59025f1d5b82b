"""Modulated deformable convolution."""

import keras
from keras import ops

from kerasrestore.ops.arguments import whole_numbers, whole_pair
from kerasrestore.ops.deform_sampler import DeformSampler


def deform_conv2d(
    x,
    offset,
    mask,
    kernel,
    bias=None,
    strides=1,
    padding=1,
    dilation_rate=1,
    offset_groups=1,
):
    """Modulated deformable convolution (version 2).

    Tap n of the kernel at the position p samples the input at
    `p + p_n + offset` with bilinear interpolation and multiplies the sample by
    `mask`. The input is zero-padded, also for single corners of the
    interpolation.

    Args:
        x: tensor `(batch, height, width, channels)`.
        offset: tensor `(batch, new_height, new_width, 2 * groups * taps)`,
            in pixels; channel `2 * (group * taps + tap)` is the vertical
            offset, the next one the horizontal offset. Taps are in row-major
            order.
        mask: tensor `(batch, new_height, new_width, groups * taps)`, used
            unchanged (apply the sigmoid first); `None` for no modulation.
        kernel: tensor `(kernel_height, kernel_width, channels, filters)`.
        bias: tensor `(filters,)` or `None`.
        strides: distance of neighbouring output positions in pixels; a number
            or `(vertical, horizontal)`.
        padding: rows and columns of zeros on each side; a number or
            `(vertical, horizontal)`.
        dilation_rate: distance of neighbouring taps in pixels; a number or
            `(vertical, horizontal)`.
        offset_groups: number of groups of input channels, each with its own
            offsets and masks.

    Returns:
        Tensor `(batch, new_height, new_width, filters)` of the dtype of `x`,
        with the output size of a regular convolution.

    Raises:
        ValueError: if shapes do not match or an argument is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.ones((1, 5, 6, 2), "float32")
    >>> offset, mask = np.zeros((1, 5, 6, 18)), np.ones((1, 5, 6, 9))
    >>> y = deform_conv2d(x, offset, mask, np.ones((3, 3, 2, 4), "float32"))
    >>> float(y[0, 2, 2, 0])
    18.0

    References:
        - Zhu et al., "Deformable ConvNets v2", CVPR 2019, equation 1; padding
          and channel order are those of torchvision's `deform_conv2d`.
    """
    strides = whole_pair("strides", strides, 1)
    padding = whole_pair("padding", padding, 0)
    dilation_rate = whole_pair("dilation_rate", dilation_rate, 1)
    (offset_groups,) = whole_numbers("offset_groups", [offset_groups], 1)
    x, offset, kernel = map(ops.convert_to_tensor, (x, offset, kernel))
    mask = None if mask is None else ops.convert_to_tensor(mask)
    _check_shapes(x, offset, mask, kernel, bias, offset_groups)
    _, height, width, channels = ops.shape(x)
    _, new_height, new_width, _ = ops.shape(offset)
    rows, columns, _, filters = kernel.shape
    for axis, side in enumerate(("height", "width")):
        given, size = offset.shape[1 + axis], x.shape[1 + axis]
        if given is None or size is None:
            continue
        covered = dilation_rate[axis] * (kernel.shape[axis] - 1) + 1
        wanted = (size + 2 * padding[axis] - covered) // strides[axis] + 1
        if given != wanted:
            raise ValueError(
                f"The {side} of the offsets must be that of the output, "
                f"{wanted} for an input of {size}, got {given}; compute them "
                "with a convolution of the same size, strides and padding."
            )

    # Offsets in at least float32, and split before they are added to a
    # position: the fractional part keeps full precision in large images.
    precise = keras.backend.standardize_dtype(offset.dtype)
    precise = precise if precise == "float64" else "float32"
    taps = rows * columns
    tap_rows, tap_columns = (
        [dilation_rate[axis] * tap - padding[axis] for tap in range(count)]
        for axis, count in enumerate((rows, columns))
    )
    at_rows = ops.reshape(
        strides[0] * ops.arange(new_height), (1, -1, 1, 1)
    ) + ops.convert_to_tensor(
        [row for row in tap_rows for _ in tap_columns] * offset_groups
    )
    at_columns = ops.reshape(
        strides[1] * ops.arange(new_width), (1, 1, -1, 1)
    ) + ops.convert_to_tensor(tap_columns * rows * offset_groups)
    (top, down), (left, right) = (
        _split(ops.cast(offset[..., axis::2], precise), at, size)
        for axis, (at, size) in enumerate(
            ((at_rows, height), (at_columns, width))
        )
    )
    moves = [top, left, down, right]
    if mask is not None:
        moves.append(ops.cast(mask, precise))
    moves = [ops.reshape(x, (-1, offset_groups * taps)) for x in moves]
    images = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    table = ops.reshape(images, (-1, channels))
    kernel = ops.reshape(ops.cast(kernel, x.dtype), (taps, channels, filters))
    part = channels // offset_groups
    sample = DeformSampler(x, part, new_height * new_width, taps)
    output = 0
    for group in range(offset_groups):
        some = slice(group * part, (group + 1) * part)
        mine = slice(group * taps, (group + 1) * taps)
        output = output + sample(
            table[:, some], kernel[:, some], *[x[:, mine] for x in moves]
        )
    output = ops.reshape(output, (-1, new_height, new_width, filters))
    if bias is not None:
        output = output + ops.cast(bias, output.dtype)
    return output


def _split(offset, at, size):
    """Splits the positions of samples along one axis.

    Args:
        offset: offsets of the samples in pixels.
        at: integer positions that the offsets are relative to.
        size: size of the image along the axis.

    Returns:
        The pixel before a sample, -1 for the zero padding before the image,
        and the fractional distance of the sample from it, both of the dtype of
        the offsets. Samples farther out are moved onto the zero padding.
    """
    whole = ops.floor(offset)
    before = ops.cast(at, offset.dtype) + whole
    last = ops.cast(size, offset.dtype) - 1
    beyond = offset - whole
    beyond = ops.where(before < -1, ops.zeros_like(beyond), beyond)
    beyond = ops.where(before > last, ops.ones_like(beyond), beyond)
    return ops.stop_gradient(ops.clip(before, -1, last)), beyond


def _check_shapes(x, offset, mask, kernel, bias, groups):
    given = {"x": x, "offset": offset, "kernel": kernel}
    if mask is not None:
        given["mask"] = mask
    for name, tensor in given.items():
        if len(tensor.shape) != 4:
            raise ValueError(
                f"deform_conv2d needs tensors with 4 axes, got {name} of the "
                f"shape {tuple(tensor.shape)}; add the missing axes."
            )
    rows, columns, channels, filters = kernel.shape
    if x.shape[-1] != channels or channels % groups:
        raise ValueError(
            f"The kernel has {channels} input channels in {groups} groups of "
            f"equal size, got an input with {x.shape[-1]}; make them agree."
        )
    per_tap = {"offset": 2, "mask": 1}
    for name, many in per_tap.items():
        wanted = many * groups * rows * columns
        if name in given and given[name].shape[-1] != wanted:
            raise ValueError(
                f"{groups} offset groups of a {rows}x{columns} kernel need "
                f"{wanted} channels in {name}, got {given[name].shape[-1]}."
            )
    if None not in (x.shape[0], offset.shape[0]) and (
        x.shape[0] != offset.shape[0]
    ):
        raise ValueError(
            f"Every image needs its own offsets, got {x.shape[0]} images and "
            f"offsets for {offset.shape[0]}; use the same batch size."
        )
    if mask is not None and tuple(mask.shape[:3]) != tuple(offset.shape[:3]):
        raise ValueError(
            "mask needs one value for every offset, got the shapes "
            f"{tuple(mask.shape)} and {tuple(offset.shape)}; compute both with "
            "the same convolution."
        )
    if bias is not None and tuple(bias.shape) != (filters,):
        raise ValueError(
            f"A kernel with {filters} filters needs a bias of the shape "
            f"({filters},), got {tuple(bias.shape)}."
        )
