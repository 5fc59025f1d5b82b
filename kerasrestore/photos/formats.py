"""Which photo formats there are, and what each can hold."""

import struct
from dataclasses import dataclass

# The size from which Pillow, too, takes a file for a decompression bomb.
MAX_PIXELS = 178_956_970


@dataclass(frozen=True)
class Format:
    """A format that can be written.

    Attributes:
        suffixes: endings of file names, the usual one first.
        sixteen_bits: whether it holds uint16.
        floats: whether it holds float32.
        alpha: whether it holds transparency.
        extra: whether it holds bands beside colour and transparency.
        exif: whether it holds EXIF with GPS.
        xmp: whether it holds XMP.
        iptc: whether it holds IPTC captions and keywords.
        icc: whether it holds an ICC profile.
        longest_side: pixels, `None` where no photo reaches the limit.
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
# Formats that are read and not written, with the ending that a restored photo
# gets in their place: one that holds all that they can hold.
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
    """The kind of photo that a file's first bytes announce.

    Args:
        data: bytes of a file.

    Returns:
        A key of `WRITTEN`, `"HEIC"`, `"JXL"`, `"EXR"` or `"RAW"`; `None` for
        anything else. A TIFF may turn out to be raw when its pages are
        looked at.

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
        # The major brand, a version, then the compatible ones.
        (length,) = struct.unpack_from(">I", data)
        brands = data[8:12] + data[16 : min(length, 256)]
        brands = {brands[i : i + 4] for i in range(0, len(brands), 4)}
        for brand, kind in _BRANDS:
            if brand in brands:
                return kind
    return None
