"""Runs tiles, split into smaller ones if memory runs out."""

import numpy as np

from kerasrestore.inference.memory import out_of_memory
from kerasrestore.inference.tile_choice import context, round_up
from kerasrestore.inference.tiling import TilePlan, run_tiles

SMALLEST_CORE = 8


class TileRunner:
    """Runs a tile through a network, in smaller tiles if necessary.

    No forecast knows what else the machine is doing. If memory runs out, this
    tile and all later ones are split into tiles with half the core: with an
    exact halo the pixels are the same.

    Args:
        run: function from a tile `(h, w, C)` to the restored one.
        restorer: `ImageRestorer` that the function runs.
        overlap: as in `ImageRestorer.restore`.
        channels: channels of a restored tile.
    """

    def __init__(self, run, restorer, overlap, channels):
        self._run = run
        self._restorer = restorer
        self._overlap = overlap
        self._channels = channels
        self._side = None

    def __call__(self, tile):
        """Restores a tile.

        Raises:
            MemoryError: if memory runs out with the smallest tiles.
        """
        while True:
            try:
                if self._side is None:
                    return self._run(tile)
                return self._in_pieces(tile)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                self._side = self._smaller(tile, error)

    def _in_pieces(self, tile):
        sides = (self._side, self._side)
        plan = TilePlan(
            *tile.shape[:2], sides,
            *context(self._restorer, self._overlap, self._side),
        )  # fmt: skip
        bands = run_tiles(
            plan,
            lambda rows, columns: tile[np.ix_(rows, columns)],
            self._run,
            self._channels,
            scale=self._restorer.scale,
        )
        return np.concatenate([band.copy() for band in bands])

    def _smaller(self, tile, error):
        restorer = self._restorer
        side = self._side or max(tile.shape[:2])
        halo, _ = context(restorer, self._overlap, side)
        core = (side - 2 * halo) // 2
        if restorer.fixed_tile is not None or core < SMALLEST_CORE:
            raise MemoryError(
                f"Memory ran out with a tile of {side} pixels, the smallest "
                f"that {restorer.name} runs; close other programs or use a "
                "smaller model."
            ) from error
        return round_up(core, restorer.tile_multiple) + 2 * halo
