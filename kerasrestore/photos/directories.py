"""Tag directories (IFDs), used by both TIFF files and EXIF blocks.

Values are kept as raw bytes, so that text keeps its encoding and maker notes
stay intact.

References:
    TIFF 6.0, section 2; Exif 2.32, section 4.6; BigTIFF.
"""

import struct
from typing import NamedTuple

PREFIX = b"Exif\0\0"
ORIENTATION = 0x0112
EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
MAKER_NOTE = 0x927C
SUBDIRECTORIES = (EXIF, GPS, INTEROPERABILITY)
# Image width and height, in IFD 0 and in the EXIF directory.
WIDTHS, HEIGHTS = (0x0100, 0xA002), (0x0101, 0xA003)
XMP, IPTC, PHOTOSHOP, ICC = 700, 33723, 34377, 34675
_BYTES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4,
    12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
# Tags below 700 that describe the photo; the others describe the file layout.
_DESCRIPTIVE = frozenset(
    (269, 270, 271, 272, 285, 301, 305, 306, 315, 316, 318, 319)
)
# Photoshop layers and DNG colour calibration do not apply to the output.
_EXCLUDED = frozenset((XMP, IPTC, PHOTOSHOP, ICC, 37724, 33421, 33422))
_LARGEST = 1 << 26


class Entry(NamedTuple):
    """A tag's value: TIFF type, number of values, bytes in file byte order."""

    kind: int
    count: int
    value: bytes


def byte_order(data):
    """`<` or `>` from the header of a TIFF structure, `None` if invalid."""
    return {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))


def first_directory(data):
    """Offset of the first directory of a TIFF structure."""
    order = byte_order(data)
    if data[2:4] not in (b"*\0", b"\0*", b"+\0", b"\0+"):
        raise struct.error("no TIFF structure")
    if data[2:4] in (b"+\0", b"\0+"):
        return struct.unpack_from(f"{order}Q", data, 8)[0]
    return struct.unpack_from(f"{order}I", data, 4)[0]


def read_tree(data, offset=None, depth=3):
    """Reads a directory with its EXIF, GPS and interoperability directories.

    Args:
        data: bytes of a TIFF structure, with its header.
        offset: offset of the directory, by default the first one.
        depth: maximum nesting depth.

    Returns:
        Dictionary from tag to `Entry`, or to a dictionary for a nested
        directory. Entries that point outside the data are skipped.

    Raises:
        struct.error: if there is no directory at that offset.
    """
    order = byte_order(data)
    if order is None:
        return {}
    if offset is None:
        offset = first_directory(data)
    big = data[2:4] in (b"+\0", b"\0+")
    pointer, number = (f"{order}{c}" for c in ("QQ" if big else "IH"))
    inline = struct.calcsize(pointer)
    (count,) = struct.unpack_from(number, data, offset)
    start, size = offset + struct.calcsize(number), 4 + 2 * inline
    tree = {}
    for at in range(start, start + size * min(count, 4096), size):
        if at + size > len(data):
            break
        tag, kind = struct.unpack_from(f"{order}HH", data, at)
        (values,) = struct.unpack_from(pointer, data, at + 4)
        length = _BYTES.get(kind, 0) * values
        place = at + 4 + inline
        if length > inline:
            (place,) = struct.unpack_from(pointer, data, place)
        if not 0 < length <= _LARGEST or place + length > len(data):
            continue
        value = data[place : place + length]
        if tag not in SUBDIRECTORIES:
            tree[tag] = Entry(kind, values, value)
        elif depth and length in (4, 8):
            (below,) = struct.unpack(f"{order}{'IQ'[length // 8]}", value)
            try:
                tree[tag] = read_tree(data, below, depth - 1)
            except struct.error:
                continue
    return tree


def write_tree(tree, order, at):
    """Bytes of a directory to be placed at offset `at`, followed by its
    values and nested directories."""
    out = bytearray(2 + 12 * len(tree) + 4)
    struct.pack_into(f"{order}H", out, 0, len(tree))
    for index, tag in enumerate(sorted(tree)):
        entry = tree[tag]
        where = 2 + 12 * index
        out += b"\0" * (len(out) % 2)
        place = struct.pack(f"{order}I", at + len(out))
        if isinstance(entry, dict):
            kind, values = 4, 1
            out += write_tree(entry, order, at + len(out))
        else:
            kind, values, value = entry
            if len(value) > 4:
                out += value
            else:
                place = value.ljust(4, b"\0")
        struct.pack_into(f"{order}HHI", out, where, tag, kind, values)
        out[where + 8 : where + 12] = place
    return bytes(out)


def descriptive_tags(tree):
    """Tags of a TIFF's first directory that describe the photo rather than
    the file layout: those that belong in an EXIF block."""
    return {
        tag: entry
        for tag, entry in tree.items()
        if tag in _DESCRIPTIVE
        or (tag > XMP and tag not in _EXCLUDED and not 50706 <= tag <= 52600)
    }


def exif_of_tree(tree, order):
    """EXIF block from a TIFF directory, `None` if it has no such tags."""
    tree = descriptive_tags(tree)
    if not tree:
        return None
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    head += struct.pack(f"{order}I", 8)
    return PREFIX + head + write_tree(tree, order, 8)


def exif_tree(block):
    """Byte order and tags of an EXIF block; no tags if it cannot be read."""
    data = (block or b"").removeprefix(PREFIX)
    try:
        return byte_order(data) or "<", descriptive_tags(read_tree(data))
    except struct.error:
        return "<", {}


def clean_exif(block):
    """Updates the EXIF of a photo that has been rotated upright.

    Sets the orientation to upright and removes the thumbnail, which shows the
    unrestored photo. Both happen in place, because maker notes contain
    offsets into the block.

    Args:
        block: EXIF block, with or without its prefix.

    Returns:
        The block with its prefix, `None` if it cannot be read.
    """
    data = bytearray(block.removeprefix(PREFIX))
    try:
        order, entries, following = _entries(data, first_directory(data))
        if ORIENTATION in entries:
            place = entries[ORIENTATION] + 2
            struct.pack_into(f"{order}HIHH", data, place, 3, 1, 1, 0)
        (second,) = struct.unpack_from(f"{order}I", data, following)
        struct.pack_into(f"{order}I", data, following, 0)
        if second:
            _clear_thumbnail(data, second)
    except (struct.error, TypeError):
        return None
    return PREFIX + bytes(data)


def without_orientation(block):
    """An EXIF block without the orientation tag."""
    data = bytearray(block.removeprefix(PREFIX))
    try:
        at = first_directory(data)
        order, entries, following = _entries(data, at)
        place = entries[ORIENTATION]
    except (struct.error, TypeError, KeyError):
        return block
    data[place : following - 8] = data[place + 12 : following + 4]
    data[following - 8 : following + 4] = bytes(12)
    struct.pack_into(f"{order}H", data, at, len(entries) - 1)
    return PREFIX + bytes(data)


def fit_exif(block, width, height):
    """Updates the image size in an EXIF block where it is present."""
    data = bytearray(block.removeprefix(PREFIX))
    try:
        order, entries, _ = _entries(data, first_directory(data))
        found = [entries]
        if EXIF in entries:
            (at,) = struct.unpack_from(f"{order}I", data, entries[EXIF] + 8)
            found.append(_entries(data, at)[1])
        for tags, pixels in ((WIDTHS, width), (HEIGHTS, height)):
            for tag in tags:
                for place in (item[tag] for item in found if tag in item):
                    struct.pack_into(
                        f"{order}HII", data, place + 2, 4, 1, pixels
                    )
    except struct.error:
        return block
    return PREFIX + bytes(data)


def _entries(data, at):
    """Byte order, offset of each tag's entry, and offset of the pointer to
    the next directory."""
    order = byte_order(data)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    places = range(at + 2, at + 2 + 12 * count, 12)
    entries = {
        struct.unpack_from(f"{order}HHII", data, place)[0]: place
        for place in places
    }
    return order, entries, at + 2 + 12 * count


def _clear_thumbnail(data, at):
    """Removes the JPEG thumbnail that the second directory points to."""
    try:
        order, entries, _ = _entries(data, at)
        start, length = (
            struct.unpack_from(f"{order}I", data, entries[tag] + 8)[0]
            for tag in (0x0201, 0x0202)
        )
    except (struct.error, KeyError):
        return
    if start + length > len(data) or start < at:
        return
    if start + length >= len(data) - 4:
        del data[start:]
    else:
        data[start : start + length] = bytes(length)
