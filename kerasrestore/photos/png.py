"""PNG files: 8- and 16-bit pixels, and metadata chunks.

References:
    PNG (third edition), W3C, 2025: sections 5 and 11.
"""

import binascii
import dataclasses
import io
import re
import struct
import zlib

import numpy as np
from PIL import Image

from kerasrestore.messages import one_line
from kerasrestore.photos import shared
from kerasrestore.photos.directories import PREFIX
from kerasrestore.photos.jpeg import iptc_of_photoshop, photoshop_of_iptc
from kerasrestore.photos.photo import Photo, PhotoError
from kerasrestore.photos.pillow import pixels_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, PALETTE = 0, 3
XMP_HEAD = b"XML:com.adobe.xmp\0"
# Chunks that are copied unchanged.
COLOURS = (b"cICP", b"gAMA", b"cHRM", b"sRGB", b"mDCV", b"cLLI")
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_KNOWN = {
    *_PICTURE, *COLOURS, *TEXTS, b"iCCP", b"pHYs", b"eXIf", b"bKGD", b"tIME",
    b"sBIT", b"hIST", b"sPLT", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_LARGEST = 1 << 26
_RAW = b"Raw profile type "


def decode(data, max_pixels):
    """Decodes a PNG file into a `Photo` and its orientation."""
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise PhotoError("is damaged; copy the file again.")
    width, height, bits, colour = struct.unpack(">IIBB", chunks[0][1][:10])
    shared.check_size(width, height, max_pixels)
    for name, body, _ in chunks:
        frames = int.from_bytes(body[:4], "big") if name == b"acTL" else 1
        if frames > 1:
            raise PhotoError(
                f"contains {frames} images; save the one you want as a "
                "separate file."
            )
    picture = SIGNATURE + b"".join(
        whole for name, _, whole in chunks if name in _PICTURE
    )
    if bits == 16 and colour != GRAY:
        import imagecodecs

        bands = imagecodecs.png_decode(picture)
        if bands.shape[:2] != (height, width):
            raise PhotoError("is damaged; copy the file again.")
        count = bands.shape[2]
        pixels = bands[..., 0] if count < 3 else bands[..., :3]
        alpha = bands[..., -1] if count in (2, 4) else None
    else:
        # Pillow handles palettes, low bit depths and transparent colours.
        with Image.open(io.BytesIO(picture), formats=["PNG"]) as image:
            pixels, alpha = pixels_of(image)
    names = dict.fromkeys(name for name, _, _ in chunks)
    unknown = [
        one_line(name.decode("latin-1")) for name in names if name not in _KNOWN
    ]
    photo = Photo(
        pixels,
        alpha,
        format="PNG",
        **_metadata(chunks),
        notes=(f"Dropped: {one_line(', '.join(unknown))}.",) if unknown else (),
    )
    return photo, shared.orientation_of(photo.exif)


def encode(photo):
    """Encodes a `Photo` with its metadata as a PNG file.

    Args:
        photo: `Photo` of type uint8 or uint16; extra channels are dropped.
    """
    import imagecodecs

    bands = dataclasses.replace(photo, extra=None).joined()
    data = imagecodecs.png_encode(np.ascontiguousarray(bands), level=6)
    # Insert right after signature and header: some chunks must precede the
    # pixels.
    first = len(SIGNATURE) + 12 + 13
    added = b"".join(_packed(name, body) for name, body in _chunks_of(photo))
    return data[:first] + added + data[first:]


def text_keywords(chunks):
    """Keywords of the text chunks in `chunks`, in order."""
    return [
        one_line(body.partition(b"\0")[0].decode("latin-1"))
        for name, body in chunks
        if name in TEXTS
    ]


def colour_chunks(chunks):
    """Names of the chunks that define a colour space other than sRGB."""
    usual = {
        b"gAMA": (45455).to_bytes(4, "big"),
        b"cHRM": struct.pack(
            ">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000
        ),
    }
    return [
        name.decode()
        for name, body in chunks
        if name in COLOURS and name != b"sRGB" and usual.get(name) != body
    ]


def _chunks(data):
    """Name, data and raw bytes of each chunk; the last may be truncated."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        whole = data[at : at + 12 + length]
        yield name, whole[8 : 8 + length], whole
        at += 12 + length


def _packed(name, body):
    checksum = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + checksum.to_bytes(4)


def _metadata(chunks):
    """Keyword arguments of a `Photo` from the metadata chunks."""
    found = {"chunks": []}
    profiles = {}
    palette, bits, colour = b"", 8, 2
    for name, body, whole in chunks:
        if name in (b"IHDR", b"PLTE"):
            if name == b"IHDR":
                bits, colour = body[8], body[9]
            else:
                palette = body
            continue
        if zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:]):
            continue
        if name == b"eXIf":
            found["exif"] = PREFIX + body.removeprefix(PREFIX)
        elif name == b"iTXt" and body.startswith(XMP_HEAD):
            found["xmp"] = _international(body)
        elif name == b"iCCP":
            found["icc_profile"] = _inflated(body.partition(b"\0")[2][1:])
        elif name == b"pHYs" and len(body) == 9 and body[8] == 1:
            sides = struct.unpack(">II", body[:8])
            found["dpi"] = shared.usable_dpi([side * 0.0254 for side in sides])
        elif name == b"cICP" and body[2:] == b"\0\1":
            found["cicp"] = tuple(body[:2])
        elif name in TEXTS and body.startswith(_RAW):
            profiles[body.partition(b"\0")[0][len(_RAW) :]] = _raw(name, body)
        elif name == b"bKGD":
            background = _background(body, palette, bits, colour)
            if background is not None:
                found["chunks"].append((name, background))
        elif name in COLOURS or name in TEXTS:
            found["chunks"].append((name, body))
    _take_profiles(found, profiles)
    return {**found, "chunks": tuple(found["chunks"])}


def _take_profiles(found, profiles):
    """Adds the profiles that ImageMagick and ExifTool store as hexadecimal
    text, for lack of a dedicated chunk."""
    exif = profiles.get(b"exif") or profiles.get(b"APP1")
    if exif and exif.startswith(PREFIX):
        found.setdefault("exif", exif)
    if xmp := profiles.get(b"xmp"):
        found.setdefault("xmp", xmp)
    if iptc := profiles.get(b"iptc"):
        found["iptc"] = iptc_of_photoshop(iptc) or iptc


def _chunks_of(photo):
    if photo.cicp is not None:
        # PNG supports only full-range RGB.
        yield b"cICP", bytes((*photo.cicp, 0, 1))
    if photo.icc_profile is not None:
        yield b"iCCP", b"icc\0\0" + zlib.compress(photo.icc_profile)
    if photo.dpi is not None:
        metre = [round(value / 0.0254) for value in photo.dpi]
        yield b"pHYs", struct.pack(">IIB", *metre, 1)
    if photo.exif is not None:
        yield b"eXIf", photo.exif.removeprefix(PREFIX)
    if photo.xmp is not None:
        yield b"iTXt", XMP_HEAD + b"\0\0\0\0" + photo.xmp
    if photo.iptc is not None:
        block = photoshop_of_iptc(photo.iptc)
        text = b"\niptc\n%8d\n%s\n" % (len(block), binascii.hexlify(block))
        yield b"zTXt", _RAW + b"iptc\0\0" + zlib.compress(text)
    yield from photo.chunks


def _background(body, palette, bits, colour):
    """Converts a background colour for 8- or 16-bit pixels, no palette."""
    if colour == PALETTE:
        entry = palette[3 * body[0] : 3 * body[0] + 3] if body else b""
        return struct.pack(">3H", *entry) if len(entry) == 3 else None
    wanted = 2 if colour in (GRAY, 4) else 6
    if len(body) != wanted:
        return None
    samples = struct.unpack(f">{wanted // 2}H", body)
    scale = 255 // ((1 << bits) - 1) if bits < 8 else 1
    return struct.pack(f">{wanted // 2}H", *(s * scale for s in samples))


def _raw(name, body):
    """Bytes of a profile stored as hexadecimal text, `None` if damaged."""
    if name == b"iTXt":
        text = _international(body)
    else:
        text = body.partition(b"\0")[2]
        text = _inflated(text[1:]) if name == b"zTXt" else text
    match = re.match(rb"\n?[^\n]*\n *\d+\n([0-9a-fA-F\s]*)\Z", text or b"")
    try:
        return match and binascii.unhexlify(b"".join(match[1].split()))
    except binascii.Error:
        return None


def _international(body):
    """The text of an iTXt chunk, `None` if damaged."""
    _, _, rest = body.partition(b"\0")
    packed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.split(b"\0", 2)[-1]
    return _inflated(text) if packed else text


def _inflated(data):
    """Decompressed bytes, `None` if damaged or too large."""
    try:
        stream = zlib.decompressobj()
        found = stream.decompress(data, _LARGEST)
    except zlib.error:
        return None
    return found if stream.eof else None
