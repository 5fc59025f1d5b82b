"""How photo files are restored and written."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class FileOptions:
    """Options that hold for every file of a run. They can be pickled, so that
    other processes and machines work with the same.

    Args:
        format: output format, as in `write_photo`; by default that of the
            target's extension, or of the source.
        quality: as in `write_photo`.
        bits: 8 or 16 bits for the restored photo; as the source by default.
        suffix: appended to file names, before the extension.
        max_megapixels: larger photos are rejected; `None` for the default
            limit of `read_photo`.
        white_level: as in `ImageRestorer.restore`, as are the following.
        sigma: noise level.
        strength: 0 to 2.
        pattern: Bayer pattern.
        tile: side of the tiles.
        overlap: context on each side of a tile.
        ensemble: mean over flips and rotations.
        memory_limit: of the process.

    Raises:
        ValueError: if an option is outside its range.

    Example:
    >>> FileOptions(format="jpg").format
    'JPEG'
    """

    format: str | None = None
    quality: int | None = None
    bits: int | None = None
    suffix: str = ""
    max_megapixels: float | None = None
    white_level: float | None = None
    sigma: float | None = None
    strength: float = 1.0
    pattern: str | None = None
    tile: object = "auto"
    overlap: object = "auto"
    ensemble: bool = False
    memory_limit: str | int | None = None

    def __post_init__(self):
        from pathlib import Path

        from kerasrestore.inference.memory import parse_bytes
        from kerasrestore.photos.writing import format_named

        if self.memory_limit is not None:
            parse_bytes(self.memory_limit)
        if self.format is not None:
            object.__setattr__(self, "format", format_named(self.format))
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ValueError(
                f"--quality must be a number from 1 to 100, got {self.quality}."
            )
        if self.max_megapixels is not None and not self.max_megapixels > 0:
            raise ValueError(
                f"--max-megapixels must be positive, got {self.max_megapixels}."
            )
        if Path(self.suffix).name != self.suffix:
            raise ValueError(
                "--suffix must be part of a file name, got "
                f"{self.suffix!r}; leave folders out."
            )

    @property
    def max_pixels(self):
        """The largest number of pixels that is read."""
        from kerasrestore.photos.formats import MAX_PIXELS

        if self.max_megapixels is None:
            return MAX_PIXELS
        return int(self.max_megapixels * 1e6)

    def check(self, restorer):
        """Raises ValueError if a restorer does not take the options."""
        restorer.check_options(
            sigma=self.sigma, strength=self.strength, pattern=self.pattern
        )
