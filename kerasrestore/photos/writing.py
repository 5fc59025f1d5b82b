"""Writing a `Photo` in any format that supports its pixels."""

import dataclasses
import io
import os
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from kerasrestore.files import check_place, write_atomically
from kerasrestore.photos import directories, jpeg, png, xmp
from kerasrestore.photos.formats import FORMATS, WRITTEN
from kerasrestore.photos.photo import PhotoError


def write_photo(target, photo, *, format=None, quality=None):
    """Writes a photo.

    Files are written atomically. The image size in the metadata is updated.

    Args:
        target: path (`~` is expanded) or binary file.
        photo: `Photo`.
        format: `"JPEG"`, `"PNG"`, `"TIFF"`, `"WEBP"`, `"AVIF"` or `"BMP"`; by
            default derived from the file extension.
        quality: 1 to 100 for JPEG, WebP and AVIF. By default, JPEG to JPEG
            keeps quantization tables and subsampling, lossless WebP stays
            lossless, and everything else uses 95.

    Returns:
        Messages about data that the format does not support.

    Raises:
        PhotoError: if the format does not support the pixels or the file
            cannot be written.

    Example:
    >>> from kerasrestore.photos import Photo
    >>> file = io.BytesIO()
    >>> write_photo(file, Photo(np.zeros((4, 6), "uint8")), format="PNG")
    []
    """
    kind = check_writable(target, photo, format=format, quality=quality)
    width, height = photo.size
    fitted = dataclasses.replace(
        photo,
        exif=photo.exif and directories.fit_exif(photo.exif, width, height),
        xmp=photo.xmp and xmp.fit(photo.xmp, width, height),
    )
    data = _ENCODERS[kind](fitted, quality)
    if hasattr(target, "write"):
        target.write(data)
    else:
        try:
            write_atomically(_path(target), lambda file: file.write(data))
        except OSError as error:
            raise PhotoError(_unwritable(target, error)) from None
    return losses(photo, kind)


def check_writable(target, photo, *, format=None, quality=None):
    """Raises the PhotoError that `write_photo` would raise, ahead of time.

    Args:
        target: as in `write_photo`.
        photo: `Photo` with the type and size of the output.
        format: as in `write_photo`.
        quality: as in `write_photo`.

    Returns:
        The name of the output format.
    """
    named = None if hasattr(target, "write") else _path(target)
    kind = format_named(format) if format else None
    if kind is None:
        kind = named and FORMATS.get(named.suffix.lower())
    if kind is None:
        raise PhotoError(
            f"{named} does not have the extension of an output format; use "
            f"one of {', '.join(sorted(FORMATS))}."
            if named
            else "A file object needs a format, such as PNG."
        )
    if quality is not None and not 1 <= quality <= 100:
        raise PhotoError(f"quality must be from 1 to 100, got {quality}.")
    _check_pixels(named or kind, kind, photo)
    if named is not None:
        _check_place(named)
    return kind


def format_named(name):
    """Looks up a format by name or file extension.

    Example:
    >>> format_named("jpg"), format_named("TIFF"), format_named(".webp")
    ('JPEG', 'TIFF', 'WEBP')
    """
    kind = FORMATS.get("." + name.lower().lstrip("."), name.upper())
    if kind not in WRITTEN:
        endings = ", ".join(item.suffixes[0][1:] for item in WRITTEN.values())
        raise PhotoError(
            f"{name} is not an output format; use one of {endings}."
        )
    return kind


def losses(photo, kind):
    """Messages about data of a photo that a format does not support."""
    holds = WRITTEN[kind]
    lost = [
        name
        for name, value, held in (
            ("EXIF", photo.exif, holds.exif),
            ("XMP", photo.xmp, holds.xmp),
            ("IPTC", photo.iptc, holds.iptc),
            ("the ICC profile", photo.icc_profile, holds.icc),
            ("the extra channels", photo.extra, holds.extra),
            ("the comment", photo.comment, kind == "JPEG"),
        )
        if value is not None and not held
    ]
    if kind == "JPEG":
        if photo.xmp is not None and jpeg.xmp_parts(photo.xmp) is None:
            lost.append(f"XMP of {len(photo.xmp)} bytes")
        if photo.iptc is not None and not jpeg.holds_iptc(photo.iptc):
            lost.append(f"IPTC of {len(photo.iptc)} bytes")
    if kind != "PNG":
        if photo.icc_profile is None:
            names = png.colour_chunks(photo.chunks)
            names += ["cICP"] if photo.cicp else []
            if names:
                lost.append(f"the colour space ({', '.join(names)})")
        if keywords := png.text_keywords(photo.chunks):
            lost.append(f"PNG texts ({', '.join(keywords)})")
        if any(name == b"bKGD" for name, _ in photo.chunks):
            lost.append("the background colour")
    if not lost:
        return []
    return [f"Not written, as {kind} does not support it: {', '.join(lost)}."]


def _check_pixels(named, kind, photo):
    """Raises PhotoError if the format does not support the pixels."""
    holds = WRITTEN[kind]
    dtype = photo.pixels.dtype
    if dtype.kind == "f" and not holds.floats:
        raise PhotoError(
            f"{named} cannot store floats; use .tif, or convert to 16 bits."
        )
    if dtype == np.uint16 and not holds.sixteen_bits:
        raise PhotoError(
            f"{named} cannot store 16 bits; use .png or .tif, or convert to 8 "
            "bits."
        )
    if photo.alpha is not None and not holds.alpha:
        raise PhotoError(
            f"{named} cannot store transparency; use .png, .webp or .tif."
        )
    longest = holds.longest_side
    if longest is not None and max(photo.size) > longest:
        raise PhotoError(
            f"{named} cannot store more than {longest} pixels per side; use "
            ".png or .tif."
        )


def _check_place(path):
    """Raises PhotoError if no file can be written at a path."""
    try:
        if path.is_dir():
            raise PhotoError(f"{path} is a folder; give a file name.")
        if not path.parent.is_dir():
            raise PhotoError(
                f"{path.parent} is not a folder; create it first or choose "
                "another one."
            )
        check_place(path)
    except OSError as error:
        raise PhotoError(_unwritable(path, error)) from None


def _path(target):
    return Path(os.fsdecode(target)).expanduser()


def _unwritable(path, error):
    reason = getattr(error, "strerror", None) or error
    return (
        f"{path} cannot be written ({reason}); choose another folder or free "
        "some space."
    )


def _through_pillow(photo, kind, **options):
    """Encodes a photo with its metadata through Pillow."""
    image = Image.fromarray(dataclasses.replace(photo, extra=None).joined())
    for key in ("exif", "icc_profile", "xmp"):
        if (value := getattr(photo, key)) is not None:
            options[key] = value
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Pillow reads the EXIF for AVIF and warns if it is unusual.
        warnings.simplefilter("ignore")
        image.save(buffer, kind, **options)
    return buffer.getvalue()


def _webp(photo, quality):
    if quality is None and photo.format == "WEBP" and photo.lossless:
        return _through_pillow(photo, "WEBP", lossless=True, exact=True)
    return _through_pillow(photo, "WEBP", quality=quality or 95, exact=True)


def _avif(photo, quality):
    if photo.exif is not None:
        # Pillow would remove the orientation and re-encode all texts.
        exif = directories.without_orientation(photo.exif)
        photo = dataclasses.replace(photo, exif=exif)
    return _through_pillow(
        photo, "AVIF", quality=quality or 95, subsampling="4:4:4"
    )


def _bmp(photo, quality):
    if photo.alpha is None:
        image = Image.fromarray(photo.pixels)
        buffer = io.BytesIO()
        image.save(buffer, "BMP", **({"dpi": photo.dpi} if photo.dpi else {}))
        return buffer.getvalue()
    # With alpha: BITMAPV4HEADER, which Pillow reads but does not write.
    pixels = photo.pixels
    pixels = pixels[..., None].repeat(3, 2) if pixels.ndim == 2 else pixels
    rows = np.dstack([pixels[..., ::-1], photo.alpha])[::-1].tobytes()
    width, height = photo.size
    dpi = photo.dpi or (0, 0)
    metre = [round(value / 0.0254) for value in dpi]
    head = struct.pack(
        "<IiiHHIIiiII", 108, width, height, 1, 32, 3, len(rows), *metre, 0, 0
    )
    masks = struct.pack(
        "<4I4s", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs"
    ).ljust(108 - len(head), b"\0")
    first = 14 + 108
    return (
        struct.pack("<2sIII", b"BM", first + len(rows), 0, first)
        + head
        + masks
        + rows
    )


def _tiff(photo, quality):
    from kerasrestore.photos import tiff

    return tiff.encode(photo)


_ENCODERS = {
    "JPEG": jpeg.encode,
    "PNG": lambda photo, quality: png.encode(photo),
    "TIFF": _tiff,
    "WEBP": _webp,
    "AVIF": _avif,
    "BMP": _bmp,
}
