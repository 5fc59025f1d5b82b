"""An image that is read from top to bottom, a few rows at a time."""

import numpy as np

from kerasrestore.inference.image_array import check_image


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
