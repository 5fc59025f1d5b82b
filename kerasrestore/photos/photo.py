"""A photo with all of its metadata."""

import dataclasses
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image

from kerasrestore.photos.formats import MAX_PIXELS


class PhotoError(ValueError):
    """A photo cannot be read, restored or written."""


class PhotoWarning(UserWarning):
    """Data of a photo that the output format does not support."""


@dataclass(frozen=True)
class JpegSettings:
    """Compression settings of a JPEG, reused for writing.

    Attributes:
        tables: quantization tables, lists of 64 numbers by index.
        subsampling: chroma subsampling: 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0.
        progressive: whether it is a progressive JPEG.
    """

    tables: dict
    subsampling: int = 0
    progressive: bool = False


@dataclass(eq=False, repr=False)
class Photo:
    """A photo in upright orientation.

    `np.asarray(photo)` returns all channels: colour, alpha, extra.

    Attributes:
        pixels: uint8, uint16 or float32 array, `(H, W)` for gray or
            `(H, W, 3)` for RGB. Floats have black at 0 and white at 1.
        alpha: straight (unassociated) alpha, `(H, W)` of the same type, or
            `None`.
        extra: extra channels such as infrared, `(H, W, N)` of the same type,
            or `None`.
        exif: EXIF block as bytes, starting with `Exif\\0\\0`, with upright
            orientation and without thumbnail, or `None`.
        xmp: XMP packet as bytes or `None`.
        iptc: IPTC captions and keywords (IIM) as bytes or `None`.
        icc_profile: ICC profile as bytes or `None`.
        cicp: ITU-T H.273 code points of the colour primaries and the transfer
            function, if the file specifies them, or `None`.
        chunks: pairs of name and bytes of PNG chunks such as texts and gamma.
        comment: comment of a JPEG as bytes or `None`.
        dpi: horizontal and vertical resolution in dots per inch, or `None`.
        linear: whether floats are linear light, as in film and rendering,
            rather than gamma-encoded for display.
        format: format of the source file, such as `"JPEG"`.
        jpeg: `JpegSettings` of the source file or `None`.
        lossless: whether the source file used lossless compression.
        notes: messages about what was dropped or changed while reading.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    extra: np.ndarray | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    icc_profile: bytes | None = None
    cicp: tuple | None = None
    chunks: tuple = ()
    comment: bytes | None = None
    dpi: tuple | None = None
    linear: bool = False
    format: str | None = None
    jpeg: JpegSettings | None = None
    lossless: bool = True
    notes: tuple = ()

    @classmethod
    def read(cls, source, *, max_pixels=MAX_PIXELS):
        """Reads a photo; see `kerasrestore.photos.read_photo`."""
        from kerasrestore.photos.reading import read_photo

        return read_photo(source, max_pixels=max_pixels)

    def save(self, target, *, format=None, quality=None):
        """Writes the photo; see `kerasrestore.photos.write_photo`.

        Emits a `PhotoWarning` for data that the format does not support.

        Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/a.png"
        >>> Photo(np.zeros((4, 6, 3), "uint16")).save(path)
        >>> Photo.read(path).pixels.dtype
        dtype('uint16')
        """
        from kerasrestore.photos.writing import write_photo

        for loss in write_photo(target, self, format=format, quality=quality):
            warnings.warn(loss, PhotoWarning, stacklevel=2)

    @property
    def size(self):
        """Width and height in pixels, in PIL's order."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def __repr__(self):
        width, height = self.size
        return f"Photo({width}x{height}, {self.pixels.dtype}, {self.format})"

    def _repr_png_(self):
        """PNG for display in a notebook."""
        from kerasrestore.photos.png import encode

        return encode(self.with_bits(8))

    def __array__(self, dtype=None, copy=None):
        return np.array(self.joined(), dtype=dtype, copy=copy)

    def joined(self):
        """All channels in one array: `(H, W)` for plain gray, else
        `(H, W, C)` with colour, alpha and extra channels."""
        if self.alpha is None and self.extra is None:
            return self.pixels
        bands = (self.pixels, self.alpha, self.extra)
        return np.dstack([band for band in bands if band is not None])

    def mapped(self, function):
        """A copy with `function` applied to pixels, alpha and extra channels,
        each an array `(H, W)` or `(H, W, C)`."""
        bands = {
            name: function(band)
            for name in ("pixels", "alpha", "extra")
            if (band := getattr(self, name)) is not None
        }
        return dataclasses.replace(self, **bands)

    def with_bits(self, bits, white_level=None):
        """A copy converted to 8 or 16 bits, with white at the highest value.

        Floats are clipped to black and white; linear ones without an ICC
        profile are converted to sRGB encoding.

        Args:
            bits: 8 or 16.
            white_level: value of white, such as 4095 for 12 bits stored in
                uint16; by default the highest value of the type, and 1 for
                floats. Alpha and extra channels of integers have the same
                full scale if none of their values is above it, else that of
                their type; those of floats always have 1.

        Raises:
            PhotoError: if `white_level` is not positive, or integer pixels
                are above it.

        Example:
        >>> photo = Photo(np.full((2, 2), 4095, "uint16"))
        >>> photo.with_bits(8).pixels[0, 0]
        np.uint8(16)
        >>> photo.with_bits(8, white_level=4095).pixels[0, 0]
        np.uint8(255)
        """
        dtype = np.dtype({8: np.uint8, 16: np.uint16}[bits])
        full = np.float32(np.iinfo(dtype).max)
        pixels = self.pixels
        floats = pixels.dtype.kind == "f"
        top = 1.0 if floats else float(np.iinfo(pixels.dtype).max)
        white = top if white_level is None else float(white_level)
        if not (white > 0 and (floats or pixels.max() <= white)):
            raise PhotoError(
                f"The photo has values up to {pixels.max():g}, which does not "
                f"fit a white level of {white:g}; give the actual value of "
                "white."
            )

        def convert(band, white):
            if band.dtype == dtype and white == full:
                return band
            if floats:
                # NaN becomes black.
                band = np.fmin(np.fmax(band, 0), white)
            return np.rint(band * (full / np.float32(white))).astype(dtype)

        others = {
            name: convert(
                band, white if not floats and band.max() <= white else top
            )
            for name in ("alpha", "extra")
            if (band := getattr(self, name)) is not None
        }
        if self.linear and self.icc_profile is None:
            from kerasrestore.photos.restoring import from_linear

            pixels = from_linear(np.clip(pixels / np.float32(white), 0, 1))
            white = 1.0
        return dataclasses.replace(
            self, pixels=convert(pixels, white), linear=False, **others
        )

    @classmethod
    def from_pil(cls, image):
        """Creates a photo from a PIL image, applying its orientation.

        Raises:
            PhotoError: if the image mode is not supported.
        """
        from kerasrestore.photos.pillow import photo_of_image

        return photo_of_image(image)

    def to_pil(self):
        """Converts to a PIL image with profile and metadata in its `info`.

        Raises:
            PhotoError: for floats, 16-bit colour and 16 bits with alpha,
                which Pillow does not support.
        """
        deep = self.pixels.dtype == np.uint16
        if self.pixels.dtype == np.float32 or (
            deep and (self.pixels.ndim == 3 or self.alpha is not None)
        ):
            raise PhotoError(
                "Pillow supports 8 bits, and 16 bits only for gray without "
                "alpha; use photo.pixels or photo.with_bits(8)."
            )
        image = Image.fromarray(dataclasses.replace(self, extra=None).joined())
        for key in ("exif", "icc_profile", "xmp", "dpi", "comment"):
            value = getattr(self, key)
            if value is not None:
                image.info[key] = value
        return image
