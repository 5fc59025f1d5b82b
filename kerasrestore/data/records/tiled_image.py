"""An image of which only what is asked for is read."""

import numpy as np

from kerasrestore.data.images import rgb_to_gray


class TiledImage:
    """One image of `Records`, read window by window.

    A window of it is what the same slice of the whole image would give, bit
    for bit. `Records.image` makes it.

    Args:
        records: the `Records` that it lies in.
        index: number of the image.
        role: `"clean"` or `"degraded"`.
        channels: 3 for colour (gray images are repeated), 1 for gray.
        to_gray: function that makes colour gray; images that are stored as
            gray are taken as they are.

    Attributes:
        shape: `(height, width, channels)` of the whole image.

    Raises:
        ValueError: if the records hold no such images, or `channels` is
            neither 1 nor 3.
    """

    # Samplers keep images within a limit of bytes; this one holds no pixel.
    nbytes = 0

    def __init__(self, records, index, role, channels=3, to_gray=rgb_to_gray):
        if channels not in (1, 3):
            raise ValueError(f"channels is 1 or 3, got {channels!r}.")
        if role not in records.roles:
            raise ValueError(
                f"{records.path} holds {' and '.join(records.roles)} images "
                f"alone, got {role!r}; take records that have both."
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
        """The pixels of a window, given by two slices without steps."""
        rows, columns = (
            slice(*(self.ratio * edge for edge in axis.indices(side)[:2]))
            for axis, side in zip(window, self.shape, strict=False)
        )
        pixels = self.records.crop(self.index, rows, columns, (self.role,))
        return self.converted(pixels[self.role])

    def converted(self, pixels):
        """Pixels as they are stored, with the channels of this image."""
        if pixels.shape[-1] == self.channels:
            return pixels
        if self.channels == 3:
            return np.repeat(pixels, 3, axis=-1)
        if pixels.dtype != np.uint8:
            raise ValueError(
                f"{self.records.path} holds colour of {pixels.dtype}; only "
                "uint8 images are made gray."
            )
        return self.to_gray(pixels)[..., None]
