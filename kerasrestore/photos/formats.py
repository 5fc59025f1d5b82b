"""Supported photo formats and their capabilities."""

import struct
from dataclasses import dataclass

# Pillow's own limit for decompression bombs.
MAX_PIXELS = 178_956_970


@dataclass(frozen=True)
class Format:
    """A format that can be written.

    Attributes:
        suffixes: file extensions, the usual one first.
        sixteen_bits: whether it supports uint16.
        floats: whether it supports float32.
        alpha: whether it supports transparency.
        extra: whether it supports extra channels.
        exif: whether it supports EXIF with GPS.
        xmp: whether it supports XMP.
        iptc: whether it supports IPTC captions and keywords.
        icc: whether it supports an ICC profile.
        longest_side: maximum width and height in pixels, `None` if no photo
            reaches the limit.
    """

    suffixes: tuple
    sixteen_bits: bool = False
    floats: bool = False
    alpha: bool = True
    extra: bool = False
    exif: bool = True
    xmp: bool = True
    iptc: bool = False
    icc: bool = True
    longest_side: int | None = None


WRITTEN = {
    "JPEG": Format(
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        alpha=False,
        iptc=True,
        longest_side=65535,
    ),
    "PNG": Format((".png",), sixteen_bits=True, iptc=True),
    "TIFF": Format(
        (".tif", ".tiff"),
        sixteen_bits=True,
        floats=True,
        extra=True,
        iptc=True,
    ),
    "WEBP": Format((".webp",), longest_side=16383),
    "AVIF": Format((".avif",), longest_side=65535),
    "BMP": Format((".bmp", ".dib"), exif=False, xmp=False, icc=False),
}
FORMATS = {
    suffix: kind for kind, item in WRITTEN.items() for suffix in item.suffixes
}
# fmt: off
RAW_SUFFIXES = (
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff",
    ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef",
    ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
)
# fmt: on
# Read-only formats, with the extension of the output: a format that supports
# everything they contain.
READ_ONLY = {
    ".heic": ".png",
    ".heif": ".png",
    ".hif": ".png",
    ".jxl": ".png",
    ".exr": ".tif",
    **dict.fromkeys(RAW_SUFFIXES, ".tif"),
}
SUFFIXES = frozenset({*FORMATS, *READ_ONLY})
READ = "JPEG, PNG, TIFF, WebP, AVIF, HEIC, JPEG XL, OpenEXR, BMP or camera raw"

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"v/1\1", "EXR"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"IIU\0", "RAW"),
    (b"IIRO", "RAW"),
    (b"IIRS", "RAW"),
    (b"MMOR", "RAW"),
    (b"FOVb", "RAW"),
    (b"\0MRM", "RAW"),
    (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
    (b"II*\0\x10\0\0\0CR", "RAW"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_BRANDS = (
    (b"crx ", "RAW"),
    (b"avif", "AVIF"),
    (b"avis", "AVIF"),
    (b"heic", "HEIC"),
    (b"heix", "HEIC"),
    (b"heim", "HEIC"),
    (b"heis", "HEIC"),
    (b"hevc", "HEIC"),
    (b"hevx", "HEIC"),
    (b"mif1", "HEIC"),
    (b"mif2", "HEIC"),
    (b"msf1", "HEIC"),
)


def kind_of(data):
    """Detects the format of a photo from its first bytes.

    Args:
        data: bytes of a file.

    Returns:
        A key of `WRITTEN`, `"HEIC"`, `"JXL"`, `"EXR"` or `"RAW"`; `None` for
        anything else. Some raw files are only recognized by their TIFF
        pages and are reported as `"TIFF"` here.

    Example:
    >>> kind_of(b"GIF89a"), kind_of(b"BM123")
    (None, 'BMP')
    """
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and len(data) >= 16:
        # Major brand, version, compatible brands.
        (length,) = struct.unpack_from(">I", data)
        brands = data[8:12] + data[16 : min(length, 256)]
        brands = {brands[i : i + 4] for i in range(0, len(brands), 4)}
        for brand, kind in _BRANDS:
            if brand in brands:
                return kind
    return None
