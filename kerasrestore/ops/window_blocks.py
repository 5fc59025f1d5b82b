"""Square blocks of a map, each with the windows around its pixels."""

import keras
from keras import ops

# Side of a block: smaller ones read more surroundings per pixel, in larger ones
# more of these are outside the window of a pixel.
BLOCK = 16


def block_sides(size, window, padding="circular", block_size=BLOCK):
    """Size of a block of queries and of the union of its windows.

    Args:
        size: `(height, width)` of the map.
        window: side of a window.
        padding: as in `window_attention`.
        block_size: as in `window_attention`.

    Returns:
        Two lists `[height, width]`.

    Example:
    >>> block_sides((100, 50), window=45)
    ([16, 16], [60, 50])
    """
    block = [_smaller(block_size, side) for side in size]
    around = [side + 2 * (window // 2) for side in block]
    if padding == "circular":
        # The whole map is enough, as `window_counts` counts repetitions.
        around = [
            _smaller(sees, side)
            for sees, side in zip(around, size, strict=True)
        ]
    return block, around


class WindowBlocks:
    """Loop over the blocks of a map.

    Sizes may be unknown until the loop runs. Blocks that extend beyond the
    map wrap around, and their results there are discarded.

    Args:
        x: one of the maps, for its size and dtype.
        window: side of a window.
        padding: `"circular"` or `"zero"`.
        block_size: side of a block, smaller on smaller maps.
    """

    def __init__(self, x, window, padding, block_size):
        self.batch, *self.size = ops.shape(x)[:3]
        self.dtype = precise_dtype(x)
        self.window = window
        self.radius = window // 2
        self.circular = padding == "circular"
        self.block, self.around = block_sides(
            self.size, window, padding, block_size
        )
        self.grid = [
            (size + block - 1) // block
            for size, block in zip(self.size, self.block, strict=True)
        ]

    def window_counts(self):
        """How often the window of each pixel of a block contains each
        position around the block, `(positions, positions)`."""
        counts = []
        for size, block, around in zip(
            self.size, self.block, self.around, strict=True
        ):
            far = ops.arange(around)[None] - ops.arange(block)[:, None]
            far = far - self.radius
            if self.circular:
                # Offsets within the radius that differ by multiples of size.
                counts.append(
                    (self.radius - far) // size
                    + (self.radius + far) // size
                    + 1
                )
            else:
                counts.append(ops.cast(ops.abs(far) <= self.radius, "int32"))
        rows, columns = (ops.cast(count, self.dtype) for count in counts)
        count = rows[:, None, :, None] * columns[None, :, None, :]
        return ops.reshape(
            count,
            (self.block[0] * self.block[1], self.around[0] * self.around[1]),
        )

    def run(self, function, centres, surroundings, channels):
        """Applies a function to the blocks of maps, one block at a time.

        Args:
            function: takes the pixels of a block, as a list of
                `(batch, positions, channels)`, and those around it; returns a
                list of results for the pixels of the block.
            centres: maps whose blocks are the first argument.
            surroundings: maps whose surroundings are the second argument.
            channels: numbers of channels of the results.

        Returns:
            List of maps.
        """

        def step(_, number):
            place = number // self.grid[1], number % self.grid[1]
            inside = self._cutter(place, self.block, 0)
            outside = self._cutter(place, self.around, self.radius)
            results = function(
                [inside(x) for x in centres], [outside(x) for x in surroundings]
            )
            # The outputs of a scan must have the shape of its carry.
            return results, results

        positions = self.block[0] * self.block[1]
        blank = [
            ops.zeros((self.batch, positions, count), self.dtype)
            for count in channels
        ]
        numbers = ops.arange(self.grid[0] * self.grid[1], dtype="int32")
        _, results = ops.scan(step, blank, numbers)
        return [self._join(x) for x in results]

    def _cutter(self, place, sides, margin):
        """Returns a function that crops a rectangle of a map, as
        `(batch, positions, channels)`."""
        rows, columns = (
            number * block - margin + ops.arange(side, dtype="int32")
            for number, block, side in zip(
                place, self.block, sides, strict=True
            )
        )
        height, width = self.size
        index = (rows % height)[:, None] * width + (columns % width)[None]
        index = ops.reshape(index, (-1,))
        exists = None
        if margin and not self.circular:
            exists = ((rows >= 0) & (rows < height))[:, None] & (
                (columns >= 0) & (columns < width)
            )
            exists = ops.cast(ops.reshape(exists, (-1, 1)), self.dtype)

        def cut(x):
            x = ops.reshape(x, (self.batch, -1, x.shape[-1]))
            x = ops.cast(ops.take(x, index, axis=1), self.dtype)
            return x if exists is None else x * exists

        return cut

    def _join(self, x):
        """Assembles a map from its blocks, cropped to its size."""
        channels = x.shape[-1]
        (rows, columns), (down, across) = self.grid, self.block
        # In two steps with merged axes, as mobile delegates do not support
        # tensors with more than four axes.
        x = ops.reshape(
            x, (rows, columns, self.batch * down, across * channels)
        )
        x = ops.transpose(x, (0, 2, 1, 3))
        x = ops.reshape(x, (rows, self.batch, -1))
        x = ops.transpose(x, (1, 0, 2))
        x = ops.reshape(
            x, (self.batch, rows * down, columns * across, channels)
        )
        return x[:, : self.size[0], : self.size[1]]


def precise_dtype(x):
    """float32, or float64 for a tensor of that dtype."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    return "float64" if dtype == "float64" else "float32"


def _smaller(a, b):
    known = isinstance(a, int) and isinstance(b, int)
    return min(a, b) if known else ops.minimum(a, b)
