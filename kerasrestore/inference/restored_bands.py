"""Restores an image from top to bottom, a few rows at a time."""

import numpy as np

from kerasrestore.inference.image_array import TOPS, check_image
from kerasrestore.inference.noise_map import noise_levels, run_by_map
from kerasrestore.inference.tile_runner import TileRunner
from kerasrestore.inference.tiling import run_tiles


class BandReader:
    """Reads tiles of an image while holding only some of its rows.

    Args:
        bands: iterable of arrays `(rows, W)` or `(rows, W, C)` of one type.
        shape: `(H, W)` or `(H, W, C)` of the image.
        plan: `TilePlan` of the image, in whose order it is read.
        white_level: as in `ImageRestorer.restore`.

    Attributes:
        dtype: type of the image.
        white: value of white, `None` for floats with white at 1.

    Raises:
        ValueError: if there is no band or one does not fit, also in `read`.
    """

    def __init__(self, bands, shape, plan, white_level):
        self._bands = iter(bands)
        self._shape = tuple(shape)
        self._plan = plan
        self._white_level = white_level
        self._first = 0
        self.dtype = None
        self._held = self._next(0)

    def read(self, rows, columns):
        """Pixels at index arrays; frees rows that no later tile row of the
        plan needs."""
        # The last tile row reads earlier rows by reflection at the border.
        height, halo = self._plan.height, self._plan.halo
        tail = height + halo - self._plan.tile[0]
        self._advance(max(0, min(rows.min(), tail)), rows.max() + 1)
        return self._held[(rows - self._first)[:, None], columns[None, :]]

    def finish(self):
        """Raises ValueError if there are more rows than the image has."""
        if next(self._bands, None) is not None:
            raise ValueError(
                f"The bands have more than the {self._plan.height} rows of the "
                "image; give the full height in shape."
            )

    def _advance(self, first, stop):
        count = self._first + len(self._held)
        if count >= stop:
            return
        held = [self._held[max(0, first - self._first) :]]
        self._first = max(self._first, first)
        self._held = None
        while count < stop:
            held.append(self._next(count))
            count += len(held[-1])
        self._held = np.concatenate(held)

    def _next(self, count):
        """The next band as `(rows, W, C)`, after `count` rows."""
        shape = self._shape
        band = next(self._bands, None)
        if band is None:
            raise ValueError(
                f"The bands end after {count} of {shape[0]} rows; give the "
                "whole image."
            )
        band, _, self.white = check_image(band, self._white_level)
        if (
            band.shape[1:] != shape[1:]
            or count + len(band) > shape[0]
            or (self.dtype is not None and band.dtype != self.dtype)
        ):
            raise ValueError(
                f"A band of shape {band.shape} and type {band.dtype} does not "
                f"fit after {count} rows of an image of shape {shape} and type "
                f"{self.dtype or band.dtype}; give bands of full width from "
                "top to bottom."
            )
        self.dtype = band.dtype
        return band if band.ndim == 3 else band[..., None]


def restored_bands(
    restorer, plan, read, dtype, white, channels, sigma, strength, overlap,
    ensemble, tick,
):  # fmt: skip
    """Restores an image from top to bottom.

    Args:
        restorer: `ImageRestorer`.
        plan: `TilePlan` of the image.
        read: function `(rows, columns) -> (tile, tile, channels)` that
            returns the image's pixels at two index arrays.
        dtype: type of the image.
        white: value of white, `None` for floats with white at 1.
        channels: channels of the image, 1 or 3.
        sigma: noise level, a map `(H, W)`, or `None`.
        strength: as in `ImageRestorer.restore`, up to 1 for blind networks.
        overlap: as in `ImageRestorer.restore`.
        ensemble: as in `ImageRestorer.restore`.
        tick: function `(done, total)` in tiles.

    Yields:
        Arrays `(rows, W * scale, channels)` of the image's type.
    """
    mapped = np.ndim(sigma) == 2
    if restorer.sigma_input:
        sigma = np.float32(np.asarray(sigma) * strength)
    levels = noise_levels(sigma) if mapped else None

    def read_floats(rows, columns):
        part = read(rows, columns).astype(np.float32)
        if white is not None:
            part /= np.float32(white)
        if mapped:
            # The map is carried along as an extra channel.
            part = np.dstack([part, sigma[rows[:, None], columns]])
        return part

    def run(part):
        if mapped:
            pixels = part[..., :-1]
            return run_by_map(
                lambda level: _run_channels(restorer, pixels, level, ensemble),
                part[..., -1],
                levels,
                restorer.scale,
            )
        restored = _run_channels(restorer, part, sigma, ensemble)
        if restorer.sigma_input or strength == 1.0:
            return restored
        return part + np.float32(strength) * (restored - part)

    total, done = len(plan), 0

    def count():
        nonlocal done
        done += 1
        tick(done, total)

    tick(0, total)
    for band in run_tiles(
        plan, read_floats, TileRunner(run, restorer, overlap, channels),
        channels, scale=restorer.scale, tick=count,
    ):  # fmt: skip
        typed = _as_type(band, dtype, white)
        del band
        yield typed


def _as_type(band, dtype, white):
    """Converts floats in [0, 1] to the image's type, overwriting them."""
    if dtype in TOPS:
        np.clip(band, 0, 1, out=band)
    if white is not None:
        band *= np.float32(white)
    if dtype in TOPS:
        # Round half to even in float32, as every runtime does.
        np.rint(band, out=band)
    return band.astype(dtype)


def _run_channels(restorer, tile, sigma, ensemble):
    """Runs a tile of 1 or 3 channels through a network of 1 or 3."""
    channels = tile.shape[-1]
    if channels == restorer.channels:
        batch = [tile]
    elif channels == 1:
        batch = [np.repeat(tile, 3, axis=-1)]
    else:
        batch = [tile[..., c : c + 1] for c in range(3)]
    restored = [_run_ensemble(restorer, one, sigma, ensemble) for one in batch]
    if channels == restorer.channels:
        return restored[0]
    if channels == 1:
        return restored[0].mean(axis=-1, keepdims=True)
    return np.concatenate(restored, axis=-1)


def _run_ensemble(restorer, tile, sigma, ensemble):
    if not ensemble:
        return np.asarray(restorer.restore_tile(tile[None], sigma))[0]
    total = 0.0
    for turn in range(4):
        for mirrored in (False, True):
            view = np.rot90(tile, turn)
            view = view[:, ::-1] if mirrored else view
            one = np.asarray(
                restorer.restore_tile(np.ascontiguousarray(view)[None], sigma)
            )[0]
            one = one[:, ::-1] if mirrored else one
            total = total + np.rot90(one, -turn)
    return total / np.float32(8)
