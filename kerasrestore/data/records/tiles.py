"""Tile layout of the images in a record folder."""

from dataclasses import dataclass

VERSION = "1.0.0"
"""Version of the record format."""

TILE = 96
"""Side of a tile in pixels, for scales that divide it: small enough to read
little beyond a patch, large enough that a patch touches few tiles. Of sizes
between 48 and 240, 96 to 144 are fastest for patches of 48."""


@dataclass(frozen=True)
class TileLayout:
    """Tile positions of one image.

    Tiles do not overlap and are in row-major order; those at the right and
    bottom edges are smaller.

    Attributes:
        name: name of the image in its dataset.
        height: height of the ground truth.
        width: width of the ground truth.
        ratio: scale factor from the low-quality image to the ground truth.
        tile: side of a ground-truth tile, a multiple of the ratio.

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

    def __post_init__(self):
        numbers = (self.height, self.width, self.ratio, self.tile)
        if not all(type(number) is int and number > 0 for number in numbers):
            raise ValueError(f"no image has the layout {self}")

    @property
    def count(self):
        """Number of tiles."""
        return -(-self.height // self.tile) * -(-self.width // self.tile)

    def corners(self):
        """First row and first column of each tile, in order."""
        return [
            (top, left)
            for top in range(0, self.height, self.tile)
            for left in range(0, self.width, self.tile)
        ]

    def touched(self, rows, columns):
        """Tiles that overlap a window.

        Args:
            rows: slice of the window's rows in the ground truth.
            columns: slice of its columns.

        Returns:
            List of `(number, top, left)`: index and top left corner of each
            tile.
        """
        tile = self.tile
        across = -(-self.width // tile)
        return [
            (down * across + right, down * tile, right * tile)
            for down in range(rows.start // tile, -(-rows.stop // tile))
            for right in range(columns.start // tile, -(-columns.stop // tile))
        ]
