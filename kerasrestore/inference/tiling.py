"""Tiles with context: one algorithm for Python, Kotlin and JavaScript.

The image is extended beyond its borders by reflection. Each tile is read with
`halo` pixels of context on every side, so that border effects of the network
do not reach the pixels that are kept. With a halo of at least the network's
receptive radius, the result does not depend on the tiling at all; with a
smaller one, neighbouring tiles are blended over `feather` pixels on either
side of the line where their cores meet.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Span:
    """One tile along one axis: `[read, read + tile)` is the network's input
    and `[start, stop)` is the tile's core."""

    read: int
    start: int
    stop: int


@dataclass(frozen=True)
class TilePlan:
    """Where the tiles of an image lie.

    Args:
        height: image height in pixels.
        width: image width in pixels.
        tile: `(height, width)` of the network's input, context included.
        halo: context in pixels on each side of a tile's core.
        feather: pixels on either side of a line between two cores over
            which they are blended; at most `halo`, 0 for a hard cut.

    Raises:
        ValueError: if the tile leaves no core or the feather is too wide.

    Example:
    >>> plan = TilePlan(100, 40, tile=(64, 64), halo=8)
    >>> [(span.read, span.start, span.stop) for span in plan.rows]
    [(-8, 0, 48), (40, 48, 96), (88, 96, 100)]
    >>> len(plan)
    3
    """

    height: int
    width: int
    tile: tuple
    halo: int
    feather: int = 0

    def __post_init__(self):
        core = min(self.tile) - 2 * self.halo
        if self.height < 1 or self.width < 1:
            raise ValueError(
                f"An image must have at least one pixel, got {self.width}x"
                f"{self.height}."
            )
        if core < 1:
            raise ValueError(
                f"A tile of {self.tile[1]}x{self.tile[0]} leaves nothing "
                f"between {self.halo} pixels of overlap on each side; use a "
                f"tile of more than {2 * self.halo}."
            )
        if not 0 <= self.feather <= min(self.halo, core // 2):
            raise ValueError(
                f"A feather of {self.feather} does not fit a halo of "
                f"{self.halo} and a core of {core} pixels; use at most "
                f"{min(self.halo, core // 2)}."
            )

    @property
    def rows(self):
        """Spans of the tile rows, top to bottom."""
        return self._spans(self.height, self.tile[0])

    @property
    def columns(self):
        """Spans of the tile columns, left to right."""
        return self._spans(self.width, self.tile[1])

    def __len__(self):
        return len(self.rows) * len(self.columns)

    def _spans(self, size, tile):
        core = tile - 2 * self.halo
        return [
            Span(start - self.halo, start, min(start + core, size))
            for start in range(0, size, core)
        ]


def reflect(start, stop, size):
    """Indices of `[start, stop)` in a line of `size` pixels that is extended
    by reflection about its first and last pixel, repeatedly if needed.

    Example:
    >>> reflect(-2, 6, 4).tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    if size == 1:
        return np.zeros(stop - start, np.intp)
    period = 2 * (size - 1)
    index = np.arange(start, stop) % period
    return np.minimum(index, period - index)


def blend_weights(span, size, feather):
    """Weight of a tile along one axis.

    Returns:
        float32 array for the pixels from `max(0, start - feather)` to
        `min(size, stop + feather)`; the weights of neighbouring tiles add up
        to one. Pixel `p` of the ramp at a line `b` between two cores has the
        weight `(p - b + feather + 0.5) / (2 * feather)` on the far side.
    """
    first = max(0, span.start - feather) if span.start else 0
    last = min(size, span.stop + feather)
    weights = np.ones(last - first, np.float32)
    if not feather:
        return weights
    position = np.arange(first, last, dtype=np.float32) + np.float32(0.5)
    if span.start:
        rise = (position - (span.start - feather)) / (2 * feather)
        weights = np.minimum(weights, rise)
    if span.stop < size:
        fall = (span.stop + feather - position) / (2 * feather)
        weights = np.minimum(weights, fall)
    return weights.astype(np.float32)


def run_tiles(plan, read, run, channels, *, scale=1, tick=None):
    """Runs an image through a network, tile by tile and band by band.

    Args:
        plan: `TilePlan`.
        read: function `(rows, columns) -> (tile, tile, channels)` that
            returns the pixels at two index arrays.
        run: function from such a tile to the restored one, float32, `scale`
            times as large.
        channels: channels of the restored image.
        scale: upscaling factor of the network.
        tick: called after each tile.

    Yields:
        Finished rows from top to bottom, float32 `(rows, width * scale,
        channels)`, which may be overwritten.
    """
    feather, width = plan.feather, plan.width
    columns = plan.columns
    carry = np.zeros((0, width * scale, channels), np.float32)
    for row in plan.rows:
        top = max(0, row.start - feather) if row.start else 0
        down = np.repeat(blend_weights(row, plan.height, feather), scale)
        down = down[:, None, None]
        band = np.zeros((len(down), width * scale, channels), np.float32)
        band[: len(carry)] = carry
        row_indices = reflect(row.read, row.read + plan.tile[0], plan.height)
        for column in columns:
            left = max(0, column.start - feather) if column.start else 0
            across = blend_weights(column, width, feather)
            across = np.repeat(across, scale)[None, :, None]
            restored = run(
                read(
                    row_indices,
                    reflect(column.read, column.read + plan.tile[1], width),
                )
            )
            y = (top - row.read) * scale
            x = (left - column.read) * scale
            part = restored[y : y + band.shape[0], x : x + across.shape[1]]
            target = band[:, left * scale : left * scale + across.shape[1]]
            if feather:
                target += part * (down * across)
            else:
                target[...] = part
            # Freed before the next tile is read.
            del restored, part
            if tick is not None:
                tick()
        last = row.stop >= plan.height
        done = len(band) if last else (row.stop - feather - top) * scale
        carry = band[done:].copy()
        yield band[:done]
        # Freed before the next one is allocated.
        del band
