"""Photographs as files: pixels in, pixels out, everything else kept."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from kerasrestore.files import write_atomically
from kerasrestore.inference import sixteen_bit
from kerasrestore.inference.metadata import (
    XMP_TAG,
    add_tiff_directories,
    orient,
    read_metadata,
    tiff_tags,
    xmp_chunk,
)

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
SUFFIXES = frozenset(FORMATS)
# The size from which Pillow, too, takes a file for a decompression bomb.
MAX_PIXELS = 178_956_970
# Larger than any file of that many pixels has to be.
MAX_BYTES = 2 << 30
LONGEST_SIDE = {"JPEG": 65535, "WEBP": 16383}


class PhotoError(ValueError):
    """A photograph that cannot be read or written, in one sentence."""


@dataclass
class Photo:
    """A photograph, upright.

    Attributes:
        pixels: uint8 or uint16 array, `(H, W)` for gray or `(H, W, 3)` for
            RGB.
        alpha: opacity, `(H, W)` of the same type, or `None`.
        exif: EXIF block as bytes, its orientation set to upright, or `None`.
        icc_profile: ICC profile as bytes or `None`.
        xmp: XMP packet as bytes or `None`.
        dpi: pair of dots per inch or `None`.
        format: format of the file it came from: PNG, JPEG, WEBP, TIFF, BMP.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes | None = None
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple | None = None
    format: str = "PNG"


def read_photo(path, *, max_pixels=MAX_PIXELS):
    """Reads a PNG, JPEG, WebP, TIFF or BMP file.

    The EXIF orientation is applied to the pixels and noted as upright, so
    that nobody applies it again. Palettes become RGB, with an alpha channel
    where they have transparent colours.

    Args:
        path: file to read.
        max_pixels: pixels from which a file is refused before it is decoded.

    Returns:
        A `Photo`.

    Raises:
        PhotoError: if there is no such file, or it is not one whole picture
            of a kind that can be restored.

    Example:
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/a.png"
    >>> write_photo(path, Photo(np.zeros((4, 6, 3), "uint16")))
    >>> read_photo(path).pixels.dtype
    dtype('uint16')
    """
    path = Path(path)
    if path.is_dir():
        raise PhotoError(f"{path} is a folder; give an image file.")
    if path.exists() and not path.is_file():
        # A pipe or a device may never end.
        raise PhotoError(f"{path} is no ordinary file; give an image file.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PhotoError(
                f"{path} is larger than {MAX_BYTES >> 30} GiB; cut the "
                "picture up first."
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise PhotoError(f"{path} does not exist; check the name.") from None
    except OSError as error:
        raise PhotoError(
            f"{path} cannot be read ({error.strerror}); check its permissions."
        ) from None
    if not data:
        raise PhotoError(f"{path} is empty; copy the file again.")
    with warnings.catch_warnings():
        # Pillow warns of odd metadata and of large pictures; the former must
        # not stop a restoration, the latter is checked here.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data))
        except Image.DecompressionBombError:
            raise PhotoError(_too_large(path, max_pixels)) from None
        except Exception:
            # Decoders of strangers' files fail in many ways.
            raise PhotoError(
                f"{path} is not an image of a known kind; wanted PNG, JPEG, "
                "WebP, TIFF or BMP."
            ) from None
        with image:
            _check(image, path, max_pixels)
            try:
                return _decode(image, data, path)
            except PhotoError:
                raise
            except Exception as error:
                raise PhotoError(
                    f"{path} is damaged ({error}); copy the file again."
                ) from None


def photo_from_pil(image):
    """A `Photo` from a PIL image, orientation applied.

    Raises:
        PhotoError: if its mode cannot be restored.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _check_mode(image, "The image")
        return _with_metadata(image, *_pixels(image))


def photo_to_pil(photo):
    """A PIL image from a `Photo`, with profile and metadata in its `info`.

    Raises:
        PhotoError: for 16-bit colour or alpha, which Pillow cannot hold.
    """
    if sixteen_bit.needed(photo):
        raise PhotoError(
            "Pillow holds 16 bits in gray images without alpha alone; use "
            "photo.pixels."
        )
    image = Image.fromarray(_joined(photo))
    for key in ("exif", "icc_profile", "xmp", "dpi"):
        value = getattr(photo, key)
        if value is not None:
            image.info[key] = value
    return image


def check_writable(path, photo):
    """Raises PhotoError if `write_photo` would refuse, before any work.

    Args:
        path: file that is to be written.
        photo: `Photo` of the kind and size that is to be written.
    """
    path = Path(path)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise PhotoError(
            f"{path} has no ending of a known kind; use one of "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    if path.is_dir():
        raise PhotoError(f"{path} is a folder; give the name of a file.")
    if not path.parent.is_dir():
        raise PhotoError(
            f"{path.parent} is not a folder; make it first or choose another."
        )
    if photo.pixels.dtype == np.uint16 and kind not in ("PNG", "TIFF"):
        raise PhotoError(
            f"{path} cannot hold 16 bits; use an ending of .png or .tif."
        )
    if photo.alpha is not None and kind in ("JPEG", "BMP"):
        raise PhotoError(
            f"{path} cannot hold transparency; use an ending of .png, .webp "
            "or .tif."
        )
    if (
        kind == "TIFF"
        and photo.alpha is not None
        and photo.pixels.ndim == 2
        and photo.pixels.dtype == np.uint16
    ):
        # Few programs can read such a TIFF, Pillow is not among them.
        raise PhotoError(
            f"{path} cannot hold 16-bit gray with transparency; use an "
            "ending of .png."
        )
    longest = LONGEST_SIDE.get(kind)
    if longest is not None and max(photo.pixels.shape[:2]) > longest:
        raise PhotoError(
            f"{path} cannot hold a side of more than {longest} pixels; use "
            "an ending of .png or .tif."
        )
    # The permission bits do not tell (root, network drives): try it.
    probe = path.with_name(f".{path.name}.probe")
    try:
        with open(probe, "wb"):
            pass
        probe.unlink()
    except OSError as error:
        raise PhotoError(_unwritable(path, error)) from None


def write_photo(path, photo, *, quality=95):
    """Writes a photograph; the ending of the name says the format.

    The file appears whole or not at all.

    Args:
        path: file to write.
        photo: `Photo`.
        quality: of JPEG and WebP, 1 to 100.

    Raises:
        PhotoError: if the format cannot hold the photo or the file cannot be
            written.
    """
    path = Path(path)
    check_writable(path, photo)
    kind = FORMATS[path.suffix.lower()]
    try:
        if sixteen_bit.needed(photo):
            data = sixteen_bit.encode(photo, kind)
            write_atomically(path, lambda file: file.write(data))
        else:
            write_atomically(
                path, lambda file: _save(file, photo, kind, quality)
            )
    except OSError as error:
        raise PhotoError(_unwritable(path, error)) from None


def _save(file, photo, kind, quality):
    image = Image.fromarray(_joined(photo))
    options = {
        key: value
        for key in ("exif", "icc_profile", "dpi")
        if (value := getattr(photo, key)) is not None
    }
    if kind == "JPEG":
        options |= {"quality": quality, "subsampling": 0}
        if photo.xmp is not None:
            options["xmp"] = photo.xmp
    elif kind == "WEBP":
        options |= {"quality": quality, "exact": True}
        options.pop("dpi", None)
        if photo.xmp is not None:
            options["xmp"] = photo.xmp
    elif kind == "TIFF":
        options["compression"] = "tiff_adobe_deflate"
        options.pop("exif", None)
        texts, directories = tiff_tags(photo)
        options["tiffinfo"] = dict(texts)
        if photo.xmp is not None:
            options["tiffinfo"][XMP_TAG] = photo.xmp
        buffer = io.BytesIO()
        image.save(buffer, format=kind, **options)
        file.write(add_tiff_directories(buffer.getvalue(), directories))
        return
    elif kind == "PNG" and photo.xmp is not None:
        options["pnginfo"] = xmp_chunk(photo.xmp)
    elif kind == "BMP":
        options = {key: options[key] for key in ("dpi",) if key in options}
    image.save(file, format=kind, **options)


def _joined(photo):
    if photo.alpha is None:
        return photo.pixels
    pixels = photo.pixels
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.concatenate([pixels, photo.alpha[..., None]], axis=-1)


def _check(image, path, max_pixels):
    kind = image.format
    # Phones write several pictures into one JPEG and call it MPO; the first
    # is the photo.
    if kind not in {*FORMATS.values(), "MPO"}:
        raise PhotoError(
            f"{path} is a {kind} file; convert it to PNG, JPEG, WebP, TIFF "
            "or BMP first."
        )
    if image.width * image.height > max_pixels:
        raise PhotoError(_too_large(path, max_pixels))
    frames = getattr(image, "n_frames", 1) if kind != "MPO" else 1
    if frames > 1:
        raise PhotoError(
            f"{path} holds {frames} pictures; save the one that is wanted "
            "as a file of its own."
        )
    _check_mode(image, path)


def _check_mode(image, name):
    if image.mode == "CMYK":
        raise PhotoError(
            f"{name} is in CMYK, for printing; convert it to RGB first."
        )
    if image.mode in ("F", "I", "LAB", "HSV"):
        raise PhotoError(
            f"{name} has pixels of the kind {image.mode}; convert it to 8 or "
            "16 bits, gray or RGB, first."
        )


def _decode(image, data, path):
    if sixteen_bit.stored(image, data):
        # Pillow would read these as 8 bits.
        channels = sixteen_bit.decode(data, image.format)
        if channels.shape[:2] != (image.height, image.width):
            raise PhotoError(f"{path} is damaged; copy the file again.")
        return _with_metadata(image, *sixteen_bit.split(channels))
    return _with_metadata(image, *_pixels(image))


def _with_metadata(image, pixels, alpha):
    orientation, metadata = read_metadata(image)
    return Photo(
        pixels=orient(pixels, orientation),
        alpha=None if alpha is None else orient(alpha, orientation),
        format="JPEG" if image.format == "MPO" else image.format or "PNG",
        **metadata,
    )


def _pixels(image):
    """Pixels and alpha of a decoded PIL image."""
    transparent = "transparency" in image.info
    if image.mode.startswith("I;16"):
        pixels = np.asarray(image).astype(np.uint16)
        if image.format == "TIFF" and image.tag_v2.get(262) == 0:
            pixels = 65535 - pixels
        if not transparent:
            return pixels, None
        clear = pixels == image.info["transparency"]
        return pixels, np.where(clear, 0, 65535).astype(np.uint16)
    if image.mode in ("1", "L", "LA", "La"):
        transparent = transparent or image.mode in ("LA", "La")
        mode = "LA" if transparent else "L"
    else:
        transparent = transparent or image.mode in ("RGBA", "RGBa", "PA")
        mode = "RGBA" if transparent else "RGB"
    array = np.asarray(image if image.mode == mode else image.convert(mode))
    if not transparent:
        return array, None
    return (array[..., 0] if mode == "LA" else array[..., :3]), array[..., -1]


def _too_large(path, max_pixels):
    return (
        f"{path} has more than {max_pixels / 1e6:.0f} million pixels, which "
        "is how files look that are made to fill the memory; cut it up first."
    )


def _unwritable(path, error):
    return (
        f"{path} cannot be written ({error.strerror or error}); choose "
        "another folder or make room."
    )
