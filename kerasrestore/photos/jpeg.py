"""JPEG files: segments, and files with several images (MPO).

References:
    ITU-T T.81, annex B; CIPA DC-007 (multi-picture format); Photoshop file
    formats, image resources; XMP specification, part 3.
"""

import hashlib
import io
import re
import struct

import numpy as np
from PIL import Image, JpegImagePlugin

from kerasrestore.photos import directories, shared, xmp
from kerasrestore.photos.directories import PREFIX
from kerasrestore.photos.photo import JpegSettings, Photo, PhotoError
from kerasrestore.photos.pillow import metadata_of, pixels_of

XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION_HEAD = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP_HEAD = b"Photoshop 3.0\0"
IPTC_RESOURCE = 0x0404
_KNOWN = (
    b"JFIF", b"JFXX", b"Adobe", b"ICC_PROFILE", b"MPF\0", PREFIX,
    PHOTOSHOP_HEAD,
)  # fmt: skip
# Maximum payload of a segment in bytes.
SEGMENT = 65533
# Share of the rows that may be missing at the end.
MISSING = 0.1
_APP1, _APP2, _APP13, _COMMENT, _SCAN = 0xE1, 0xE2, 0xED, 0xFE, 0xDA
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def decode(data, max_pixels):
    """Decodes a JPEG file into a `Photo` and its orientation."""
    parts = segments(data)
    video = _has_video(data, parts)
    picture, others = _main_picture(data, parts)
    if picture is not data:
        data, parts = picture, segments(picture)
    image, notes = _load(data, max_pixels)
    with image:
        pixels, alpha = pixels_of(image)
        subsampling = JpegImagePlugin.get_sampling(image)
        photo = Photo(
            pixels,
            alpha,
            format="JPEG",
            lossless=False,
            jpeg=JpegSettings(
                image.quantization,
                max(subsampling, 0),
                bool(image.info.get("progressive")),
            ),
            exif=_exif(parts),
            xmp=_xmp(parts),
            iptc=_iptc(parts),
            icc_profile=metadata_of(image)["icc_profile"],
            comment=next(iter(_bodies(parts, _COMMENT, b"")), None),
            dpi=shared.usable_dpi(image.info.get("dpi")),
        )
    if others:
        notes += (
            f"The file contains {others + 1} images (including previews, "
            "depth and gain maps); only the main one is used.",
        )
    if video:
        notes += ("The embedded video is dropped.",)
    if unknown := _unknown(parts):
        notes += (f"Dropped: {', '.join(unknown)}.",)
    photo.notes = notes
    return photo, shared.orientation_of(photo.exif)


def encode(photo, quality):
    """Encodes a `Photo` as a JPEG file.

    Args:
        photo: `Photo` of type uint8 without alpha.
        quality: 1 to 100; `None` for the quantization tables of the source
            file, or 95 if that was not a JPEG.
    """
    image = Image.fromarray(photo.pixels)
    settings = photo.jpeg
    if quality is None and settings and _fits(settings, image):
        options = {
            "qtables": settings.tables,
            "subsampling": settings.subsampling,
            "progressive": settings.progressive,
        }
    else:
        options = {"quality": quality or 95, "subsampling": 0}
    buffer = io.BytesIO()
    image.save(
        buffer,
        "JPEG",
        icc_profile=photo.icc_profile,
        **({"dpi": photo.dpi} if photo.dpi else {}),
        **options,
    )
    del image
    data = buffer.getbuffer()
    added = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
        for marker, body in _segments_of(photo)
    )
    # After the JFIF header, which must come first.
    first = 2
    if data[2:4] == b"\xff\xe0":
        first += 2 + struct.unpack_from(">H", data, 4)[0]
    return b"".join((data[:first], added, data[first:]))


def segments(data):
    """Marker, payload and payload offset of each segment before the scan."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        found.append((marker, data[at + 4 : at + 2 + length], at + 4))
        at += 2 + length
        if marker == _SCAN:
            break
    return found


def iptc_of_photoshop(block):
    """IPTC in a Photoshop image resource block, `None` without one."""
    at = 0
    while at + 12 <= len(block) and block[at : at + 4] == b"8BIM":
        kind, length = struct.unpack_from(">HB", block, at + 4)
        start = at + 6 + (length + 2) // 2 * 2
        if start + 4 > len(block):
            break
        (size,) = struct.unpack_from(">I", block, start)
        if kind == IPTC_RESOURCE:
            return block[start + 4 : start + 4 + size] or None
        at = start + 4 + size + size % 2
    return None


def photoshop_of_iptc(iptc):
    """A Photoshop image resource block with IPTC only."""
    head = struct.pack(">4sHHI", b"8BIM", IPTC_RESOURCE, 0, len(iptc))
    return head + iptc + b"\0" * (len(iptc) % 2)


def holds_iptc(iptc):
    """Whether IPTC fits into one segment."""
    return len(iptc) + len(PHOTOSHOP_HEAD) + 13 <= SEGMENT


def xmp_parts(packet):
    """Segment payloads for an XMP packet; `None` if it does not even fit as
    extended XMP."""
    if len(XMP_HEAD) + len(packet) <= SEGMENT:
        return [XMP_HEAD + packet]

    def digest(second):
        return hashlib.md5(second, usedforsecurity=False).hexdigest().upper()

    halves = xmp.split(packet, SEGMENT - len(XMP_HEAD), digest)
    if halves is None:
        return None
    first, second = halves
    name, size = digest(second).encode(), len(second)
    return [XMP_HEAD + first] + [
        EXTENSION_HEAD
        + name
        + struct.pack(">II", size, start)
        + second[start : start + 65000]
        for start in range(0, size, 65000)
    ]


def _segments_of(photo):
    if photo.exif is not None:
        # Split into several segments if needed; readers join them.
        body, room = photo.exif.removeprefix(PREFIX), SEGMENT - len(PREFIX)
        for start in range(0, len(body), room):
            yield _APP1, PREFIX + body[start : start + room]
    for body in xmp_parts(photo.xmp) or () if photo.xmp else ():
        yield _APP1, body
    if photo.iptc is not None and holds_iptc(photo.iptc):
        yield _APP13, PHOTOSHOP_HEAD + photoshop_of_iptc(photo.iptc)
    if photo.comment is not None:
        yield _COMMENT, photo.comment[:SEGMENT]


def _fits(settings, image):
    """Whether these quantization tables suit this image."""
    wanted = 1 if image.mode == "L" else 2
    return len(settings.tables) >= wanted and all(
        index in settings.tables for index in range(len(settings.tables))
    )


def _main_picture(data, parts):
    """Bytes of the main image, and the number of other images.

    Phones and cameras store previews, depth and gain maps, or the second
    image of a stereo pair in the same file.
    """
    for marker, body, at in parts:
        if marker == _APP2 and body.startswith(b"MPF\0"):
            base, index = at + 4, body[4:]
            break
    else:
        return data, 0
    try:
        table = directories.read_tree(index)[0xB002].value
        order = directories.byte_order(index)
    except (struct.error, KeyError):
        return data, 0
    pictures, flagged = [], 0
    for entry in struct.iter_unpack(
        f"{order}IIIHH", table[: len(table) // 16 * 16]
    ):
        attribute, size, offset = entry[:3]
        start = base + offset if offset else 0
        if attribute & 0xFFFFFF == 0x030000:
            flagged = len(pictures)
        pictures.append(data[start : start + size] if start else data)
    sizes = [_size_of(segments(picture)) for picture in pictures]
    main = flagged
    for index, (width, height) in enumerate(sizes):
        if width >= 2 * sizes[main][0] and height >= 2 * sizes[main][1]:
            main = index
    return (pictures[main] if pictures else data), max(len(pictures) - 1, 0)


def _size_of(parts):
    """Width and height from the frame header, 0 without one."""
    for marker, body, _ in parts:
        frame = 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
        if frame and len(body) >= 5:
            height, width = struct.unpack_from(">HH", body, 1)
            return width, height
    return 0, 0


def _load(data, max_pixels):
    """The decoded PIL image and notes on truncation."""
    image = _open(data)
    shared.check_size(image.width, image.height, max_pixels)
    try:
        image.load()
    except OSError as error:
        if "truncated" not in str(error):
            raise
    else:
        return image, ()
    # With an end marker appended, libjpeg decodes what is there and fills the
    # rest with mid-gray.
    image = _open(data + b"\xff\xd9")
    pixels = np.asarray(image)
    gray = (pixels.reshape(len(pixels), -1) == 128).all(axis=1)
    missing = len(gray) if gray.all() else int(np.argmin(gray[::-1]))
    if missing > MISSING * len(gray):
        raise PhotoError(
            f"is damaged (the last {missing} of {len(gray)} rows are missing); "
            "copy the file again."
        )
    lost = f"the last {missing} rows are" if missing else "some detail is"
    return image, (f"The file is truncated: {lost} missing.",)


def _open(data):
    return Image.open(io.BytesIO(data), formats=["JPEG", "MPO"])


def _exif(parts):
    blocks = _bodies(parts, _APP1, PREFIX)
    return PREFIX + b"".join(blocks) if blocks else None


def _iptc(parts):
    block = b"".join(_bodies(parts, _APP13, PHOTOSHOP_HEAD))
    return iptc_of_photoshop(block)


def _xmp(parts):
    """XMP, including extended XMP from further segments."""
    packets = _bodies(parts, _APP1, XMP_HEAD)
    if not packets:
        return None
    pieces = {}
    for body in _bodies(parts, _APP1, EXTENSION_HEAD):
        if len(body) > 40 and body[:32] in packets[0]:
            _, start = struct.unpack_from(">II", body, 32)
            pieces[start] = body[40:]
    if not pieces:
        return packets[0]
    extension = b"".join(pieces[start] for start in sorted(pieces))
    return xmp.join(packets[0], extension)


def _bodies(parts, wanted, head):
    return [
        body.removeprefix(head)
        for marker, body, _ in parts
        if marker == wanted and body.startswith(head)
    ]


def _unknown(parts):
    """Names of segments that cannot be kept, such as thermal images or
    content credentials."""
    names = []
    for marker, body, _ in parts:
        known = body.startswith(_KNOWN) or body[:4].lower() == b"http"
        if not 0xE0 <= marker <= 0xEF or known:
            continue
        head = re.match(rb"[\w.:-]*", body)[0][:32].decode("latin-1")
        names.append(f"APP{marker - 0xE0} {head}".strip())
    return list(dict.fromkeys(names))


def _has_video(data, parts):
    """Whether a video is appended to the image."""
    at = parts[-1][2] if parts else 0
    while (found := _MARKER.search(data, at)) and data[found.end() - 1] != 0xD9:
        at = found.end()
    return found is not None and b"ftyp" in data[found.end() :]
