"""What a photo file tells beside its pixels."""

import struct

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

ORIENTATION = 0x0112
XMP_TAG = 700
EXIF_IFD = 0x8769
GPS_IFD = 0x8825
# Tags of a TIFF that describe the photo and not the layout of the file.
DESCRIPTIVE = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)


def orient(array, orientation):
    """Turns pixels upright.

    Args:
        array: `(H, W)` or `(H, W, C)`.
        orientation: EXIF orientation, 1 to 8.

    Returns:
        The array, turned and mirrored as the orientation asks for.
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def read_metadata(image):
    """Orientation and metadata of an opened PIL image.

    Returns:
        The EXIF orientation, 1 to 8, and a dictionary with `exif`,
        `icc_profile`, `xmp` and `dpi`, each `None` where there is none or
        it is unreadable.
    """
    try:
        exif = image.getexif()
        orientation = exif.get(ORIENTATION, 1)
    except Exception:
        # Broken metadata is no reason not to restore the picture.
        exif, orientation = Image.Exif(), 1
    if orientation not in range(1, 9):
        orientation = 1
    block = image.info.get("exif")
    if isinstance(block, bytes) and block:
        block = _upright(block)
    else:
        block = _exif_of_tags(exif)
    xmp = image.info.get("xmp")
    if xmp is None and image.format == "TIFF":
        xmp = image.tag_v2.get(XMP_TAG)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    profile = image.info.get("icc_profile")
    return orientation, {
        "exif": block,
        "icc_profile": profile if isinstance(profile, bytes) else None,
        "xmp": xmp if isinstance(xmp, bytes) else None,
        "dpi": _dpi(image.info.get("dpi")),
    }


def tiff_tags(photo):
    """Descriptive tags and sub-directories of a `Photo` for a TIFF.

    Returns:
        Dictionary of texts by tag; dictionary of EXIF and GPS directories
        by tag, each as `PIL` gives it.
    """
    exif = Image.Exif()
    try:
        exif.load(photo.exif or b"")
        texts = {t: str(v) for t, v in exif.items() if t in DESCRIPTIVE}
        folders = {tag: dict(exif.get_ifd(tag)) for tag in (EXIF_IFD, GPS_IFD)}
    except Exception:
        # What cannot be parsed cannot be rewritten as tags.
        return {}, {}
    return texts, {tag: values for tag, values in folders.items() if values}


def add_tiff_directories(data, directories):
    """Adds EXIF and GPS directories to the bytes of a one-page TIFF.

    Neither libtiff through Pillow nor tifffile writes them. They are put at
    the end, and with them the first directory, longer by their entries.
    """
    if not directories:
        return data
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    start = struct.unpack_from(f"{order}I", data, 4)[0]
    (count,) = struct.unpack_from(f"{order}H", data, start)
    first = start + 2
    entries = {}
    for index in range(count):
        entry = data[first + 12 * index : first + 12 * index + 12]
        entries[struct.unpack_from(f"{order}H", entry)[0]] = entry
    out = bytearray(data)
    for tag, values in directories.items():
        out += b"\0" * (len(out) % 2)
        entries[tag] = struct.pack(f"{order}HHII", tag, 4, 1, len(out))
        directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=data[:2])
        for key, value in values.items():
            directory[key] = value
        out += directory.tobytes(len(out))
    out += b"\0" * (len(out) % 2)
    struct.pack_into(f"{order}I", out, 4, len(out))
    out += struct.pack(f"{order}H", len(entries))
    out += b"".join(entries[tag] for tag in sorted(entries))
    return bytes(out + b"\0\0\0\0")


def xmp_chunk(xmp):
    """XMP as the text chunk that PNG has for it."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    return info


def _upright(block):
    """Sets the orientation inside an EXIF block to 1, byte for byte, so that
    all else (maker notes, thumbnails) stays exactly as it was."""
    start = 6 if block.startswith(b"Exif\0\0") else 0
    order = {b"II": "<", b"MM": ">"}.get(block[start : start + 2])
    if order is None:
        return None
    changed = bytearray(block)
    try:
        (offset,) = struct.unpack_from(f"{order}I", block, start + 4)
        (count,) = struct.unpack_from(f"{order}H", block, start + offset)
        for index in range(count):
            entry = start + offset + 2 + 12 * index
            (tag,) = struct.unpack_from(f"{order}H", block, entry)
            if tag == ORIENTATION:
                struct.pack_into(f"{order}H", changed, entry + 8, 1)
    except struct.error:
        return None
    return bytes(changed)


def _exif_of_tags(tags):
    """EXIF block from the tags of a TIFF."""
    exif = Image.Exif()
    try:
        for tag in DESCRIPTIVE:
            if tag in tags:
                exif[tag] = tags[tag]
        for tag in (EXIF_IFD, GPS_IFD):
            values = tags.get_ifd(tag)
            if values:
                exif.get_ifd(tag).update(values)
                exif[tag] = exif.get_ifd(tag)
        return exif.tobytes() if len(exif) else None
    except Exception:
        # Broken metadata is no reason not to restore the picture.
        return None


def _dpi(dpi):
    try:
        pair = tuple(float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    usable = len(pair) == 2 and all(0 < value < 1e6 for value in pair)
    return pair if usable else None
