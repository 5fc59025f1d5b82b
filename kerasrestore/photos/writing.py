"""A `Photo` out, into any format that can hold it."""

import dataclasses
import io
import os
import secrets
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from kerasrestore.files import write_atomically
from kerasrestore.photos import directories, jpeg, png, xmp
from kerasrestore.photos.formats import FORMATS, WRITTEN
from kerasrestore.photos.photo import PhotoError


def write_photo(target, photo, *, format=None, quality=None):
    """Writes a photo.

    The file appears whole or not at all. Metadata that tells the size is
    brought up to date.

    Args:
        target: path (`~` is the home folder) or binary file.
        photo: `Photo`.
        format: `"JPEG"`, `"PNG"`, `"TIFF"`, `"WEBP"`, `"AVIF"` or `"BMP"`;
            by default what the ending of the name says.
        quality: 1 to 100, of JPEG, WebP and AVIF; by default a JPEG that was
            a JPEG keeps its quantization and subsampling, a WebP that was
            lossless stays so, and all others get 95.

    Returns:
        Sentences on what the format cannot hold of the photo.

    Raises:
        PhotoError: if the format cannot hold the pixels or the file cannot be
            written.

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
    """Raises PhotoError if `write_photo` would refuse, before any work.

    Args:
        target: what is to be written to.
        photo: `Photo` of the kind and size that is to be written.
        format: as in `write_photo`.
        quality: as in `write_photo`.

    Returns:
        The format's name.
    """
    named = None if hasattr(target, "write") else _path(target)
    kind = format_named(format) if format else None
    if kind is None:
        kind = named and FORMATS.get(named.suffix.lower())
    if kind is None:
        raise PhotoError(
            f"{named} has no ending of a format that is written; use one of "
            f"{', '.join(sorted(FORMATS))}."
            if named
            else "A file without a name wants a format, PNG for example."
        )
    if quality is not None and not 1 <= quality <= 100:
        raise PhotoError(f"quality is a number from 1 to 100, got {quality}.")
    _check_pixels(named or kind, kind, photo)
    if named is not None:
        _check_place(named)
    return kind


def format_named(name):
    """The format of that name or ending.

    Example:
    >>> format_named("jpg"), format_named("TIFF"), format_named(".webp")
    ('JPEG', 'TIFF', 'WEBP')
    """
    kind = FORMATS.get("." + name.lower().lstrip("."), name.upper())
    if kind not in WRITTEN:
        endings = ", ".join(item.suffixes[0][1:] for item in WRITTEN.values())
        raise PhotoError(f"{name} is no format; use one of {endings}.")
    return kind


def losses(photo, kind):
    """Sentences on what of a photo a format cannot hold."""
    holds = WRITTEN[kind]
    lost = [
        name
        for name, value, held in (
            ("EXIF", photo.exif, holds.exif),
            ("XMP", photo.xmp, holds.xmp),
            ("IPTC", photo.iptc, holds.iptc),
            ("the ICC profile", photo.icc_profile, holds.icc),
            ("the bands beside colour and opacity", photo.extra, holds.extra),
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
                lost.append(f"what tells its colours ({', '.join(names)})")
        if keywords := png.text_keywords(photo.chunks):
            lost.append(f"its texts ({', '.join(keywords)})")
        if any(name == b"bKGD" for name, _ in photo.chunks):
            lost.append("the background colour")
    if not lost:
        return []
    return [f"Not written, as {kind} cannot hold it: {', '.join(lost)}."]


def _check_pixels(named, kind, photo):
    """Raises PhotoError if the format cannot hold the pixels."""
    holds = WRITTEN[kind]
    dtype = photo.pixels.dtype
    if dtype.kind == "f" and not holds.floats:
        raise PhotoError(
            f"{named} cannot hold floats; use an ending of .tif, or 16 bits."
        )
    if dtype == np.uint16 and not holds.sixteen_bits:
        raise PhotoError(
            f"{named} cannot hold 16 bits; use an ending of .png or .tif, or "
            "8 bits."
        )
    if photo.alpha is not None and not holds.alpha:
        raise PhotoError(
            f"{named} cannot hold transparency; use an ending of .png, .webp "
            "or .tif."
        )
    longest = holds.longest_side
    if longest is not None and max(photo.size) > longest:
        raise PhotoError(
            f"{named} cannot hold a side of more than {longest} pixels; use "
            "an ending of .png or .tif."
        )


def _check_place(path):
    """Raises PhotoError if no file can be written there."""
    # The permission bits do not tell (root, network drives): try it.
    probe = path.with_name(f".{secrets.token_hex(8)}.probe")
    try:
        if path.is_dir():
            raise PhotoError(f"{path} is a folder; give the name of a file.")
        if not path.parent.is_dir():
            raise PhotoError(
                f"{path.parent} is not a folder; make it first or choose "
                "another."
            )
        with open(probe, "wb"):
            pass
        probe.unlink()
    except OSError as error:
        raise PhotoError(_unwritable(path, error)) from None


def _path(target):
    return Path(os.fsdecode(target)).expanduser()


def _unwritable(path, error):
    reason = getattr(error, "strerror", None) or error
    return (
        f"{path} cannot be written ({reason}); choose another folder or make "
        "room."
    )


def _through_pillow(photo, kind, **options):
    """Bytes of a file that Pillow writes, metadata included."""
    image = Image.fromarray(dataclasses.replace(photo, extra=None).joined())
    for key in ("exif", "icc_profile", "xmp"):
        if (value := getattr(photo, key)) is not None:
            options[key] = value
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _webp(photo, quality):
    if quality is None and photo.format == "WEBP" and photo.lossless:
        return _through_pillow(photo, "WEBP", lossless=True, exact=True)
    return _through_pillow(photo, "WEBP", quality=quality or 95, exact=True)


def _avif(photo, quality):
    if photo.exif is not None:
        # Pillow would take the orientation out and write all texts anew.
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
    # With opacity: BITMAPV4HEADER, which Pillow reads and does not write.
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
