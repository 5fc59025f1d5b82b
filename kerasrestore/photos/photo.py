"""A photograph with everything that its file tells."""

import dataclasses
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image

from kerasrestore.photos.formats import MAX_PIXELS


class PhotoError(ValueError):
    """A photograph that cannot be read or written, in one sentence."""


class PhotoWarning(UserWarning):
    """What a file of this format cannot hold of a photograph."""


@dataclass(frozen=True)
class JpegSettings:
    """How a JPEG was compressed, so that it can be written so again.

    Attributes:
        tables: quantization tables, lists of 64 numbers by their index.
        subsampling: of the colours: 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0.
        progressive: whether it is a progressive JPEG.
    """

    tables: dict
    subsampling: int = 0
    progressive: bool = False


@dataclass(eq=False, repr=False)
class Photo:
    """A photograph, upright.

    `np.asarray(photo)` gives all bands, opacity behind the colours.

    Attributes:
        pixels: uint8, uint16 or float32 array, `(H, W)` for gray or
            `(H, W, 3)` for RGB. Floats have black at 0 and white at 1.
        alpha: opacity, `(H, W)` of the same type, not multiplied into the
            pixels, or `None`.
        extra: bands beside colour and opacity, `(H, W, N)` of the same type,
            infrared for example, or `None`.
        exif: EXIF block as bytes, beginning with `Exif\\0\\0`, its
            orientation set to upright and its thumbnail taken out, or `None`.
        xmp: XMP packet as bytes or `None`.
        iptc: IPTC captions and keywords (IIM) as bytes or `None`.
        icc_profile: ICC profile as bytes or `None`.
        cicp: colour primaries and transfer function by their numbers in
            ITU-T H.273, where the file tells them, or `None`.
        chunks: pairs of name and bytes: texts, gamma and the like that PNG
            alone has.
        comment: comment of a JPEG as bytes or `None`.
        dpi: pair of dots per inch or `None`.
        linear: whether floats are in proportion to light, as in files for
            film and rendering, rather than encoded for a screen.
        format: format of the file it came from, `"JPEG"` for example.
        jpeg: `JpegSettings` of the file it came from or `None`.
        lossless: whether that file was compressed without loss.
        notes: sentences on what was left out or changed in reading.
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
        """Reads a photo: see `kerasrestore.photos.read_photo`."""
        from kerasrestore.photos.reading import read_photo

        return read_photo(source, max_pixels=max_pixels)

    def save(self, target, *, format=None, quality=None):
        """Writes the photo: see `kerasrestore.photos.write_photo`.

        Warns with a `PhotoWarning` of what the format cannot hold.

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
        """Width and height in pixels, as PIL has them."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def __repr__(self):
        width, height = self.size
        return f"Photo({width}x{height}, {self.pixels.dtype}, {self.format})"

    def _repr_png_(self):
        """What a notebook shows."""
        from kerasrestore.photos.png import encode

        return encode(self.with_bits(8))

    def __array__(self, dtype=None, copy=None):
        return np.array(self.joined(), dtype=dtype, copy=copy)

    def joined(self):
        """All bands in one array: `(H, W)` for gray alone, else
        `(H, W, C)` with colour, opacity and extra bands."""
        if self.alpha is None and self.extra is None:
            return self.pixels
        bands = (self.pixels, self.alpha, self.extra)
        return np.dstack([band for band in bands if band is not None])

    def mapped(self, function):
        """A copy with every band taken through `function`, each an array
        `(H, W)` or `(H, W, C)`."""
        bands = {
            name: function(band)
            for name in ("pixels", "alpha", "extra")
            if (band := getattr(self, name)) is not None
        }
        return dataclasses.replace(self, **bands)

    def with_bits(self, bits):
        """A copy with integers of 8 or 16 bits.

        Floats are clipped to 0..1; linear ones without a profile that says so
        get sRGB's encoding.

        Example:
        >>> Photo(np.full((2, 2), 65535, "uint16")).with_bits(8).pixels[0, 0]
        np.uint8(255)
        """
        dtype = np.dtype({8: np.uint8, 16: np.uint16}[bits])
        white = np.float32(np.iinfo(dtype).max)

        def convert(band):
            if band.dtype == dtype:
                return band
            if band.dtype.kind == "f":
                return np.rint(np.clip(band, 0, 1) * white).astype(dtype)
            scale = white / np.float32(np.iinfo(band.dtype).max)
            return np.rint(band * scale).astype(dtype)

        photo = self
        if self.linear and self.icc_profile is None:
            from kerasrestore.photos.restoring import from_linear

            encoded = from_linear(np.clip(self.pixels, 0, 1))
            photo = dataclasses.replace(self, pixels=encoded)
        return dataclasses.replace(photo.mapped(convert), linear=False)

    @classmethod
    def from_pil(cls, image):
        """A photo from a PIL image, orientation applied.

        Raises:
            PhotoError: if its mode cannot be restored.
        """
        from kerasrestore.photos.pillow import photo_of_image

        return photo_of_image(image)

    def to_pil(self):
        """A PIL image with profile and metadata in its `info`.

        Raises:
            PhotoError: for floats, 16-bit colour and 16 bits with alpha,
                which Pillow cannot hold.
        """
        deep = self.pixels.dtype == np.uint16
        if self.pixels.dtype == np.float32 or (
            deep and (self.pixels.ndim == 3 or self.alpha is not None)
        ):
            raise PhotoError(
                "Pillow holds 8 bits, and 16 in gray images without alpha "
                "alone; use photo.pixels or photo.with_bits(8)."
            )
        image = Image.fromarray(dataclasses.replace(self, extra=None).joined())
        for key in ("exif", "icc_profile", "xmp", "dpi", "comment"):
            value = getattr(self, key)
            if value is not None:
                image.info[key] = value
        return image
