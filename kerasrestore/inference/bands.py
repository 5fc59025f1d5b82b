"""An image that arrives from top to bottom, a few rows at a time."""

import numpy as np

from kerasrestore.inference.image_array import check_image


class BandReader:
    """Gives tiles of an image of which only some rows are held.

    Args:
        bands: iterable of arrays `(rows, W)` or `(rows, W, C)` of one type.
        shape: `(H, W)` or `(H, W, C)` of the image.
        plan: `TilePlan` of the image, by which it will be read.
        white_level: as in `ImageRestorer.restore`.

    Attributes:
        dtype: type of the image.
        white: value of white, `None` for floats that have it at 1.

    Raises:
        ValueError: if there is no band or one does not fit; so does `read`.
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
        """Pixels at index arrays; rows that no later tile row of the plan
        asks for are let go."""
        # The last tile row looks back by reflection from the lower border.
        height, halo = self._plan.height, self._plan.halo
        tail = height + halo - self._plan.tile[0]
        self._advance(max(0, min(rows.min(), tail)), rows.max() + 1)
        return self._held[(rows - self._first)[:, None], columns[None, :]]

    def finish(self):
        """Raises ValueError if there are more rows than were announced."""
        if next(self._bands, None) is not None:
            raise ValueError(
                f"The bands go on after the {self._plan.height} rows of the "
                "image; give its whole height."
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
        """The next band as `(rows, W, C)`, after so many rows."""
        shape = self._shape
        band = next(self._bands, None)
        if band is None:
            raise ValueError(
                f"The bands end after {count} of {shape[0]} rows; give all "
                "of the image."
            )
        band, _, self.white = check_image(band, self._white_level)
        if (
            band.shape[1:] != shape[1:]
            or count + len(band) > shape[0]
            or (self.dtype is not None and band.dtype != self.dtype)
        ):
            raise ValueError(
                f"A band of the shape {band.shape} and the type {band.dtype} "
                f"does not fit after {count} rows of an image of {shape} and "
                f"{self.dtype or band.dtype}; give bands from top to bottom, "
                "each all across."
            )
        self.dtype = band.dtype
        return band if band.ndim == 3 else band[..., None]
