"""Images in records, read window by window."""

import numpy as np

from kerasrestore.data.images import rgb_to_gray


class TiledImage:
    """One image of `Records`, read window by window.

    Indexing is bit-identical to slicing the whole image. Created by
    `Records.image`.

    Args:
        records: the `Records` with the image.
        index: index of the image.
        role: `"clean"` or `"degraded"`.
        channels: 3 for colour (gray images are replicated to three
            channels), 1 for gray.
        to_gray: function that converts colour to gray; images stored as gray
            are used as they are.

    Attributes:
        shape: `(height, width, channels)` of the whole image.

    Raises:
        ValueError: if the records do not contain the role, or `channels` is
            neither 1 nor 3.
    """

    # For the samplers' cache limit: no pixels are held in memory.
    nbytes = 0

    def __init__(self, records, index, role, channels=3, to_gray=rgb_to_gray):
        if channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {channels!r}.")
        if role not in records.roles:
            raise ValueError(
                f"{records.path} contains only {' and '.join(records.roles)} "
                f"images, got {role!r}; use records that have both."
            )
        self.records = records
        self.index = index
        self.role = role
        self.channels = channels
        self.to_gray = to_gray
        layout = records.layouts[index]
        self.ratio = layout.ratio if role == "degraded" else 1
        sides = (layout.height // self.ratio, layout.width // self.ratio)
        self.shape = (*sides, channels)

    def __getitem__(self, window):
        """Reads a window, given by two slices without steps."""
        rows, columns = (
            slice(*(self.ratio * edge for edge in axis.indices(side)[:2]))
            for axis, side in zip(window, self.shape, strict=False)
        )
        pixels = self.records.crop(self.index, rows, columns, (self.role,))
        return self.converted(pixels[self.role])

    def converted(self, pixels):
        """Stored pixels, converted to the channels of this image."""
        if pixels.shape[-1] == self.channels:
            return pixels
        if self.channels == 3:
            return np.repeat(pixels, 3, axis=-1)
        if pixels.dtype != np.uint8:
            raise ValueError(
                f"{self.records.path} contains colour images of type "
                f"{pixels.dtype}; only uint8 images can be converted to gray."
            )
        return self.to_gray(pixels)[..., None]
