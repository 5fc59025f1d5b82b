"""How an image is cut into the tiles of a folder of records."""

from dataclasses import dataclass

VERSION = "1.0.0"
"""Version of the records' form."""

TILE = 96
"""Side of a tile in pixels, for scales that divide it: small enough that little
is read around a patch, large enough that a patch lies on few tiles. Between 48
and 240 those of 96 to 144 take the least time for patches of 48."""


@dataclass(frozen=True)
class TileLayout:
    """Where the tiles of one image are.

    They do not overlap and follow each other row by row; those at the right
    and lower edge are smaller.

    Attributes:
        name: name of the image in its set.
        height: rows of the ground truth.
        width: columns of the ground truth.
        ratio: factor from the low-quality image's sides to these.
        tile: side of a tile of the ground truth, a multiple of the ratio.

    Example:
    >>> layout = TileLayout("baby", 100, 200, ratio=1, tile=96)
    >>> layout.corners()
    [(0, 0), (0, 96), (0, 192), (96, 0), (96, 96), (96, 192)]
    >>> layout.touched(slice(90, 96), slice(90, 100))
    [(0, 0, 0), (1, 0, 96)]
    """

    name: str
    height: int
    width: int
    ratio: int
    tile: int

    def corners(self):
        """First row and first column of each tile, in order."""
        return [
            (top, left)
            for top in range(0, self.height, self.tile)
            for left in range(0, self.width, self.tile)
        ]

    def touched(self, rows, columns):
        """The tiles that a window lies on.

        Args:
            rows: slice of the window's rows in the ground truth.
            columns: slice of its columns.

        Returns:
            List of `(number, top, left)`: the tile's place in the order of
            all, and its corner.
        """
        tile = self.tile
        across = -(-self.width // tile)
        return [
            (down * across + right, down * tile, right * tile)
            for down in range(rows.start // tile, -(-rows.stop // tile))
            for right in range(columns.start // tile, -(-columns.stop // tile))
        ]
