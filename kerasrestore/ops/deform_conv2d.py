"""Deformable convolution: a convolution that chooses where it looks."""

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

    Tap n of the kernel at the position p reads the input at
    `p + p_n + offset`, between pixels bilinearly, and its value is multiplied
    by `mask`. Beyond the border the input is zero, also for single corners
    of the interpolation.

    Args:
        x: tensor `(batch, height, width, channels)`.
        offset: tensor `(batch, new_height, new_width, 2 * groups * taps)`,
            in pixels; channel `2 * (group * taps + tap)` is the offset
            along the height, the next one along the width. Taps are counted
            row by row.
        mask: tensor `(batch, new_height, new_width, groups * taps)`, used as
            it is (apply the sigmoid first); `None` for no modulation.
        kernel: tensor `(kernel_height, kernel_width, channels, filters)`.
        bias: tensor `(filters,)` or `None`.
        strides: steps between output positions in pixels; a number or
            `(vertical, horizontal)`.
        padding: rows and columns of zeros on each side; likewise.
        dilation_rate: pixels between neighbouring taps; likewise.
        offset_groups: groups of input channels that have offsets and masks
            of their own.

    Returns:
        Tensor `(batch, new_height, new_width, filters)` of the dtype of `x`,
        with the size that an ordinary convolution would have.

    Raises:
        ValueError: if shapes do not fit each other or an argument is out of
            its range.

    Example:
    >>> import numpy as np
    >>> x = np.ones((1, 5, 6, 2), "float32")
    >>> offset, mask = np.zeros((1, 5, 6, 18)), np.ones((1, 5, 6, 9))
    >>> y = deform_conv2d(x, offset, mask, np.ones((3, 3, 2, 4), "float32"))
    >>> float(y[0, 2, 2, 0])
    18.0

    References:
        - Zhu et al., "Deformable ConvNets v2", CVPR 2019, equation 1; border
          rule and order of channels are torchvision's `deform_conv2d`.
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
                f"The {side} of the offsets is the output's, {wanted} for an "
                f"input of {size}, got {given}; make them with a convolution "
                "of the same size, strides and padding."
            )

    # Offsets in float32 at least, and split before they are added to a
    # position: the fraction of a pixel keeps all its digits in large images.
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
    """Where samples lie along one axis.

    Args:
        offset: their offsets in pixels.
        at: whole positions that the offsets start from.
        size: pixels of the image along the axis.

    Returns:
        The pixel before a sample, -1 if that is the zero before the image,
        and how far the sample is beyond it, both of the dtype of the offsets.
        All that lies farther out is put on one of the zeros around the image.
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
                f"shape {tuple(tensor.shape)}; add the missing ones."
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
            f"Every image has offsets of its own, got {x.shape[0]} images and "
            f"offsets for {offset.shape[0]}; make the batches agree."
        )
    if mask is not None and tuple(mask.shape[:3]) != tuple(offset.shape[:3]):
        raise ValueError(
            "mask has one value for every offset, got the shapes "
            f"{tuple(mask.shape)} and {tuple(offset.shape)}; make both with "
            "the same convolution."
        )
    if bias is not None and tuple(bias.shape) != (filters,):
        raise ValueError(
            f"A kernel with {filters} filters needs a bias of the shape "
            f"({filters},), got {tuple(bias.shape)}."
        )
