"""Deformable convolution: a convolution that chooses where it looks."""

import math

import keras
from keras import ops

from kerasrestore.ops.arguments import whole_numbers, whole_pair

# Numbers that the samples of all positions may take before they are taken in
# several blocks: 64 MB of float32.
BLOCK_FLOATS = 2**24
# Tensors of the size of the samples that exist at once.
SAMPLE_COPIES = 4


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
    sample = _Sampler(x, part, new_height * new_width, taps)
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
        The pixel before a sample, -1 if that is the zero ahead of the image,
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


class _Sampler:
    """Interpolation and product with the kernel, block by block.

    The sampled pixels of all taps are many times the input. Only those of
    one block of output positions exist at a time; the backward pass samples
    them anew.

    Args:
        x: the images, for their sizes.
        channels: channels that are sampled together.
        per_image: output positions of an image.
        taps: taps of the kernel.
    """

    def __init__(self, x, channels, per_image, taps):
        self.batch, self.height, self.width, _ = ops.shape(x)
        self.per_image = per_image
        self.positions = self.batch * per_image
        self.count = _block_count(self.positions, taps, channels)
        self.block = (self.positions + self.count - 1) // self.count

    def __call__(self, table, kernel, *moves):
        """Samples and multiplies.

        Args:
            table: framed images, a row for each pixel.
            kernel: `(taps, channels, filters)`.
            *moves: row and column of the pixel before each sample, how far
                the sample is below and to the right of it and, if there is
                one, the mask, each `(positions, taps)`.

        Returns:
            Tensor `(positions, filters)`.
        """
        return ops.custom_gradient(self._run)(table, kernel, *moves)

    def _run(self, table, kernel, *moves):
        def step(_, block):
            output = self._forward(table, kernel, *block)
            # A scan gives back what is of the shape of what it carries.
            return output, output

        if self.count == 1:
            _, output = step(None, [0, *moves])
        else:
            blank = ops.zeros((self.block, kernel.shape[-1]), table.dtype)
            _, output = ops.scan(step, blank, self._cut(moves))
            output = ops.reshape(output, (-1, kernel.shape[-1]))
            output = output[: self.positions]

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return self._gradient(table, kernel, moves, upstream)

        return output, gradient

    def _gradient(self, table, kernel, moves, upstream):
        _, *blocks = self._cut([upstream, *moves])
        precise = moves[0].dtype

        def step(_, carry):
            number, of_table, of_kernel, of_moves = carry
            rows, values, more_kernel, more_moves = self._backward(
                table, kernel, number, *[x[number] for x in blocks]
            )
            of_table = ops.scatter_update(
                of_table, rows, ops.cast(values, precise), reduction="add"
            )
            of_moves = ops.slice_update(
                of_moves,
                (number * self.block, ops.zeros_like(number)),
                more_moves,
            )
            # TensorFlow would begin with several blocks at once if the next
            # one did not wait for something of this one.
            wait = 0 * ops.cast(ops.isnan(of_table[0, 0]), "int32")
            return (
                number + 1 + wait,
                of_table,
                of_kernel + ops.cast(more_kernel, precise),
                of_moves,
            )

        width = sum(x.shape[-1] for x in moves)
        _, of_table, of_kernel, of_moves = ops.fori_loop(
            0,
            self.count,
            step,
            (
                ops.zeros((), "int32"),
                ops.zeros(ops.shape(table), precise),
                ops.zeros(kernel.shape, precise),
                ops.zeros((self.count * self.block, width), precise),
            ),
        )
        return (
            ops.cast(of_table, table.dtype),
            ops.cast(of_kernel, kernel.dtype),
            *ops.split(of_moves[: self.positions], len(moves), axis=-1),
        )

    def _cut(self, maps):
        """Numbers of the blocks and the blocks of maps, for a scan."""
        missing = self.count * self.block - self.positions
        return [
            ops.arange(self.count, dtype="int32"),
            *[
                ops.reshape(
                    ops.pad(x, ((0, missing), (0, 0))),
                    (self.count, self.block, x.shape[-1]),
                )
                for x in maps
            ],
        ]

    def _corners(self, number, top, left):
        """Rows of the table with the four pixels around each sample."""
        # What is no number would have no row.
        top, left = (
            ops.clip(ops.cast(at, "int32"), -1, size - 1)
            for at, size in ((top, self.height), (left, self.width))
        )
        position = number * self.block + ops.arange(self.block, dtype="int32")
        # Positions that fill up the last block belong to no image.
        image = ops.minimum(position // self.per_image, self.batch - 1)
        framed = self.width + 2
        first = image[:, None] * (self.height + 2) + top + 1
        first = first * framed + left + 1
        return [first, first + 1, first + framed, first + framed + 1]

    def _forward(
        self, table, kernel, number, top, left, down, right, mask=None
    ):
        corners = self._corners(number, top, left)
        weight = 1 if mask is None else mask
        sampled = 0
        for rows, share in zip(corners, _shares(down, right), strict=True):
            part = ops.cast(share * weight, table.dtype)[..., None]
            sampled = sampled + part * ops.take(table, rows, axis=0)
        filters = kernel.shape[-1]
        return ops.matmul(
            ops.reshape(sampled, (self.block, -1)),
            ops.reshape(kernel, (-1, filters)),
        )

    def _backward(
        self,
        table,
        kernel,
        number,
        upstream,
        top,
        left,
        down,
        right,
        mask=None,
    ):
        """Gradients of one block: rows of the table and what is added to
        them, the kernel's, and the moves' side by side."""
        corners = self._corners(number, top, left)
        taps, channels, filters = kernel.shape
        weight = ops.ones_like(down) if mask is None else mask
        slope = ops.matmul(
            upstream, ops.transpose(ops.reshape(kernel, (-1, filters)))
        )
        slope = ops.reshape(slope, (self.block, taps, channels))
        shares = _shares(down, right)
        sampled, values, dots = 0, [], []
        for rows, share in zip(corners, shares, strict=True):
            pixels = ops.take(table, rows, axis=0)
            part = ops.cast(share * weight, table.dtype)[..., None]
            sampled = sampled + part * pixels
            values.append(part * slope)
            dots.append(ops.cast(ops.sum(slope * pixels, axis=-1), down.dtype))
        of_kernel = ops.matmul(
            ops.transpose(ops.reshape(sampled, (self.block, -1))), upstream
        )
        of_row = (1 - right) * (dots[2] - dots[0]) + right * (dots[3] - dots[1])
        of_column = (1 - down) * (dots[1] - dots[0]) + down * (
            dots[3] - dots[2]
        )
        # Whole pixels have no gradient.
        none = ops.zeros_like(down)
        of_moves = [none, none, weight * of_row, weight * of_column]
        if mask is not None:
            of_moves.append(
                sum(a * b for a, b in zip(shares, dots, strict=True))
            )
        return (
            ops.reshape(ops.concatenate(corners, axis=0), (-1, 1)),
            ops.reshape(ops.concatenate(values, axis=0), (-1, channels)),
            ops.reshape(of_kernel, kernel.shape),
            ops.concatenate(of_moves, axis=-1),
        )


def _shares(down, right):
    """Shares of the four corners in a sample."""
    up, left = 1 - down, 1 - right
    return up * left, up * right, down * left, down * right


def _block_count(positions, taps, channels):
    """In how many blocks the positions are taken: one as long as the samples
    are few, and never so many that a block is less than twice the input."""
    most = 2 * taps
    if not isinstance(positions, int):
        return most
    needed = SAMPLE_COPIES * positions * taps * channels / BLOCK_FLOATS
    return min(most, max(1, math.ceil(needed)))


def workspace_floats(input_shape, taps, filters):
    """Numbers that `deform_conv2d` takes beside its arguments and its output
    when it is not trained.

    Args:
        input_shape: shape of `x`.
        taps: taps of the kernel, those of all groups together.
        filters: channels of the output.
    """
    *positions, channels = input_shape
    positions = math.prod(positions)
    count = _block_count(positions, taps, channels)
    samples = SAMPLE_COPIES * positions * taps * channels / count
    # Framed images; offsets, mask and what they are split into; two outputs
    # of which one is in blocks.
    return int(samples + positions * (channels + 8 * taps + 2 * filters))


def _check_shapes(x, offset, mask, kernel, bias, groups):
    given = {"x": x, "offset": offset, "kernel": kernel}
    if mask is not None:
        given["mask"] = mask
    for name, tensor in given.items():
        if len(tensor.shape) != 4:
            raise ValueError(
                f"deform_conv2d wants tensors with 4 axes, got {name} of the "
                f"shape {tuple(tensor.shape)}; add the missing ones."
            )
    rows, columns, channels, filters = kernel.shape
    if x.shape[-1] != channels or channels % groups:
        raise ValueError(
            f"The kernel wants {channels} channels in {groups} groups of "
            f"equal size, got an input with {x.shape[-1]}; make them agree."
        )
    per_tap = {"offset": 2, "mask": 1}
    for name, many in per_tap.items():
        wanted = many * groups * rows * columns
        if name in given and given[name].shape[-1] != wanted:
            raise ValueError(
                f"{groups} offset groups of a {rows}x{columns} kernel want "
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
            f"A kernel with {filters} filters wants a bias of the shape "
            f"({filters},), got {tuple(bias.shape)}."
        )
