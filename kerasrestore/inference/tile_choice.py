"""Chooses the tiles of an image by the memory limit."""

import math
import numbers

from kerasrestore.inference.memory import (
    DEFAULT_LIMIT,
    parse_bytes,
    process_bytes,
    return_freed_memory,
)
from kerasrestore.inference.tiling import TilePlan

# Overlap for networks that see the whole image, for which none is exact.
WIDE_OVERLAP = 64


def choose_tiles(
    restorer,
    height,
    width,
    tile,
    overlap,
    memory_limit,
    output_bytes=0,
    row_bytes=0,
    square=False,
):
    """Plans the tiles of an image.

    Args:
        restorer: `ImageRestorer` that they are for.
        height: image height in pixels.
        width: image width in pixels.
        tile: as in `ImageRestorer.restore`.
        overlap: as in `ImageRestorer.restore`.
        memory_limit: as in `ImageRestorer.restore`.
        output_bytes: size of the restored image, allocated later.
        row_bytes: bytes held for each row of the image that a row of tiles
            restores.
        square: whether tiles must be square, so that they can be rotated.

    Returns:
        A `TilePlan`.

    Raises:
        ValueError: if an argument does not fit the restorer.
        MemoryError: if not even the smallest tile fits the limit.
    """
    if memory_limit is not None and restorer.fixed_tile is None:
        return_freed_memory()
    limit = DEFAULT_LIMIT if memory_limit is None else memory_limit
    free = parse_bytes(limit) - process_bytes() - output_bytes
    if memory_limit is None:
        # Without a limit set, a process that is already large must not fail.
        free = max(free, DEFAULT_LIMIT // 2)

    def forecast(sides):
        return forecast_bytes(restorer, height, sides, overlap, row_bytes)

    def check(sides):
        need = forecast(sides)
        if memory_limit is not None and need > free:
            taken = (parse_bytes(limit) - free) / 1e9
            given = memory_limit
            if not isinstance(given, str):
                given = f"of {given / 1e9:.2f} GB"
            raise MemoryError(
                f"The process and the result take {taken:.2f} GB of the "
                f"memory limit {given}, and a tile of {sides[1]}x{sides[0]} "
                f"needs {max(0.01, need / 1e9):.2f} GB more; raise the limit "
                "or use smaller tiles."
            )
        return sides

    def shaped(sides):
        return (max(sides),) * 2 if square else tuple(sides)

    multiple = restorer.tile_multiple
    fixed = restorer.fixed_tile
    if fixed is not None:
        if square and fixed[0] != fixed[1]:
            raise ValueError(
                "The ensemble rotates tiles and requires square ones, but "
                f"{restorer.name} has {fixed[1]}x{fixed[0]}; leave ensemble "
                "out."
            )
        if not _open(tile) and pair(tile) != tuple(fixed):
            raise ValueError(
                f"{restorer.name} runs at a fixed tile of {fixed[1]}x"
                f"{fixed[0]}, got tile={tile!r}; leave tile out or run it "
                "with Keras (--runtime keras)."
            )
        sides = check(tuple(fixed))
        return TilePlan(
            height, width, sides, *context(restorer, overlap, min(sides))
        )
    if not _open(tile):
        sides = [round_up(side, multiple) for side in pair(tile)]
        sides = check(shaped(sides))
        return TilePlan(
            height, width, sides, *context(restorer, overlap, min(sides))
        )
    halo, feather = context(restorer, overlap, None)
    sides = shaped(
        [round_up(size, multiple) + 2 * halo for size in (height, width)]
    )
    if tile is None or (
        max(sides) <= 2 * restorer.largest_tile and forecast(sides) <= free
    ):
        return TilePlan(height, width, check(sides), halo, feather)
    smallest = 2 * round_up(halo + 8, multiple)
    side = max(round_up(restorer.largest_tile, multiple), smallest)
    while side > smallest and forecast((side, side)) > free:
        side -= round_up(16, multiple)
    check((side, side))
    halo, feather = context(restorer, overlap, side)
    # As many tiles as with that side, but no larger than needed.
    sides = []
    for size in (height, width):
        count = -(-size // (side - 2 * halo))
        sides.append(round_up(-(-size // count), multiple) + 2 * halo)
    return TilePlan(height, width, shaped(sides), halo, feather)


def forecast_bytes(restorer, height, sides, overlap, row_bytes):
    """Memory needed besides the restored image.

    Args:
        restorer: `ImageRestorer`.
        height: image height in pixels.
        sides: `(height, width)` of a tile.
        overlap: as in `ImageRestorer.restore`.
        row_bytes: as in `choose_tiles`.

    Returns:
        Bytes as an int.
    """
    halo, _ = context(restorer, overlap, min(sides))
    rows = min(height, max(sides[0] - 2 * halo, 1))
    return restorer.memory_forecast(*sides) + row_bytes * rows


def context(restorer, overlap, tile):
    """Halo and feather of tiles.

    Args:
        restorer: `ImageRestorer` that they are for.
        overlap: pixels or `"auto"`.
        tile: shorter side of a tile, `None` for the whole image at once.

    Returns:
        The halo, a multiple of the restorer's `tile_multiple`, and the
        feather: 0 where the halo makes tiles exact.
    """
    exact = restorer.halo
    if isinstance(overlap, str) and overlap == "auto":
        if exact is not None and (tile is None or tile > 2 * exact):
            return exact, 0
        halo = 0 if tile is None else min(WIDE_OVERLAP, tile // 8)
        # Rounded down, so that a core is left.
        halo -= halo % restorer.tile_multiple
    elif not _whole(overlap) or overlap < 0:
        raise ValueError(
            f"overlap must be a number of pixels or 'auto', got {overlap!r}."
        )
    else:
        halo = round_up(overlap, restorer.tile_multiple)
    if tile is None or (exact is not None and halo >= exact):
        return halo, 0
    return halo, min(halo // 2, max(0, tile - 2 * halo) // 2)


def round_up(value, multiple):
    """The next multiple of `multiple` that is not below `value`."""
    return -(-int(value) // multiple) * multiple


def pair(tile):
    """`(height, width)` of a tile, given as its side or as a pair.

    Raises:
        ValueError: if it is neither.

    Example:
    >>> pair(96), pair((96, 128))
    ((96, 96), (96, 128))
    """
    sides = tuple(tile) if isinstance(tile, (tuple, list)) else (tile, tile)
    if len(sides) != 2 or any(not _whole(side) or side < 1 for side in sides):
        raise ValueError(
            "tile must be 'auto', None, the side of a tile in pixels or "
            f"(height, width), got {tile!r}."
        )
    return tuple(int(side) for side in sides)


def _open(tile):
    # Checked by type, as `==` with an array has no truth value.
    return tile is None or (isinstance(tile, str) and tile == "auto")


def _whole(value):
    return (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value == int(value)
    )
