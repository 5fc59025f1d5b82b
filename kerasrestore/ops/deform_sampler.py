"""Memory-bounded sampling for deformable convolutions."""

import math

from keras import ops

# Maximum number of sampled values per block of output positions: 64 MB of
# float32.
BLOCK_FLOATS = 2**24
# Tensors of the size of a block's samples that are live at the same time.
SAMPLE_COPIES = 4


class DeformSampler:
    """Interpolation and multiplication by the kernel, block by block.

    The samples of all taps are many times larger than the input. Only those
    of one block of output positions exist at a time; the backward pass
    recomputes them.

    Args:
        x: the images, for their size.
        channels: number of channels that are sampled together.
        per_image: number of output positions per image.
        taps: number of kernel taps.
    """

    def __init__(self, x, channels, per_image, taps):
        self.batch, self.height, self.width, _ = ops.shape(x)
        self.per_image = per_image
        self.positions = self.batch * per_image
        self.count = block_count(self.positions, taps, channels)
        self.block = (self.positions + self.count - 1) // self.count

    def __call__(self, table, kernel, *moves):
        """Samples the images and multiplies by the kernel.

        Args:
            table: padded images, one row per pixel.
            kernel: `(taps, channels, filters)`.
            *moves: row and column of the pixel before each sample, vertical
                and horizontal distance of the sample from it and optionally
                the mask, each `(positions, taps)`.

        Returns:
            Tensor `(positions, filters)`.
        """
        return ops.custom_gradient(self._run)(table, kernel, *moves)

    def _run(self, table, kernel, *moves):
        def step(_, block):
            output = self._forward(table, kernel, *block)
            # The outputs of a scan must have the shape of its carry.
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
            # A data dependency on the previous block; without it TensorFlow
            # would start several blocks at once.
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
        """Indices of the blocks and the blocks of maps, for a scan."""
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
        """Table rows of the four pixels around each sample."""
        # Clipping, as NaN would have no row.
        top, left = (
            ops.clip(ops.cast(at, "int32"), -1, size - 1)
            for at, size in ((top, self.height), (left, self.width))
        )
        position = number * self.block + ops.arange(self.block, dtype="int32")
        # Positions that pad the last block belong to no image.
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
        """Gradients of one block: table rows and their increments, gradient
        of the kernel, and concatenated gradients of the moves."""
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
        # The integer positions have no gradient.
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
    """Bilinear weights of the four corners of a sample."""
    up, left = 1 - down, 1 - right
    return up * left, up * right, down * left, down * right


def block_count(positions, taps, channels):
    """Number of blocks of positions: one for few samples, and never so many
    that a block needs less than twice the input."""
    most = 2 * taps
    if not isinstance(positions, int):
        return most
    needed = SAMPLE_COPIES * positions * taps * channels / BLOCK_FLOATS
    return min(most, max(1, math.ceil(needed)))


def workspace_floats(input_shape, taps, filters):
    """Number of floats that `deform_conv2d` allocates in inference beyond
    its arguments and output.

    Args:
        input_shape: shape of `x`.
        taps: number of kernel taps in all groups together.
        filters: output channels.
    """
    *positions, channels = input_shape
    positions = math.prod(positions)
    count = block_count(positions, taps, channels)
    samples = SAMPLE_COPIES * positions * taps * channels / count
    # Padded images; offsets, mask and their parts; two outputs, one of them in
    # blocks.
    return int(samples + positions * (channels + 8 * taps + 2 * filters))
