"""TIFF files of any bit depth: main page, channels and tags."""

import io
import logging
import struct

import numpy as np
from PIL import Image

from kerasrestore.photos import directories, shared
from kerasrestore.photos.directories import (
    ICC,
    IPTC,
    ORIENTATION,
    PHOTOSHOP,
    XMP,
    Entry,
)
from kerasrestore.photos.jpeg import iptc_of_photoshop
from kerasrestore.photos.photo import Photo, PhotoError
from kerasrestore.photos.pillow import pixels_of
from kerasrestore.photos.restoring import is_linear

# tifffile logs warnings about unusual tags, which would go to the terminal
# without a handler.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

GRAY_INVERTED, GRAY, RGB, PALETTE, MASK, CMYK, YCBCR = range(7)
CFA, LINEAR_RAW = 32803, 34892
DNG_VERSION = 50706
JPEG = 7
_KINDS = {
    MASK: "a mask only",
    8: "CIELAB colours",
    9: "ICCLAB colours",
    10: "ITULAB colours",
    32844: "LogL luminance",
    32845: "LogLuv colours",
    51177: "a depth map only",
}
_REDUCED, _MASK = 1, 4
_MOST_PICTURES = 256
_MOST_BANDS = 16
# Maximum size of an unmarked preview relative to the photo.
_PREVIEW = 0.6


def decode(data, max_pixels):
    """Decodes a TIFF file into a `Photo` and its orientation.

    Raises:
        PhotoError: if the file has no main image or its type is not
            supported.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page, notes = _main_page(file)
        shared.check_size(page.imagewidth, page.imagelength, max_pixels)
        pixels, alpha, extra = _bands(page, data, file)
        first = file.pages[0]
        tree = directories.read_tree(data, first.offset)
        if page is not first:
            tree |= directories.read_tree(data, page.offset)
    order = directories.byte_order(data)

    def value(tag):
        entry = tree.get(tag)
        return entry.value if isinstance(entry, Entry) else None

    icc = value(ICC)
    photo = Photo(
        pixels,
        alpha,
        extra,
        format="TIFF",
        exif=directories.exif_of_tree(tree, order),
        xmp=value(XMP),
        icc_profile=icc,
        iptc=_iptc(value(IPTC), value(PHOTOSHOP)),
        dpi=_dpi(tree, order),
        linear=pixels.dtype.kind == "f" and (icc is None or is_linear(icc)),
        notes=notes,
    )
    return photo, _number(tree, ORIENTATION, order, 1)


def is_raw(data):
    """Whether a TIFF is a camera raw file: it has a DNG version tag or
    contains a sensor mosaic."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return DNG_VERSION in file.pages[0].tags or any(
            page.photometric in (CFA, LINEAR_RAW) for page in _pictures(file)
        )


def encode(photo):
    """Encodes a `Photo` with its metadata as a TIFF file."""
    import tifffile

    bands = np.ascontiguousarray(photo.joined())
    colour = photo.pixels.ndim == 3
    extra = [] if photo.alpha is None else ["unassalpha"]
    if photo.extra is not None:
        extra += ["unspecified"] * photo.extra.shape[2]
    order, tree = directories.exif_tree(photo.exif)
    for tag, kind in ((XMP, 1), (IPTC, 7), (ICC, 7)):
        value = {XMP: photo.xmp, IPTC: photo.iptc, ICC: photo.icc_profile}[tag]
        if value is not None:
            tree[tag] = Entry(kind, len(value), value)
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        bands,
        bigtiff=False,
        byteorder=order,
        photometric="rgb" if colour else "minisblack",
        planarconfig="contig" if bands.ndim == 3 else None,
        extrasamples=extra or None,
        compression="zlib",
        predictor=bands.dtype.kind != "f",
        resolution=photo.dpi,
        resolutionunit=2 if photo.dpi else None,
        software=False,
        metadata=None,
    )
    return _with_tags(buffer.getvalue(), tree)


def _with_tags(data, tree):
    """Adds tags and directories to a single-page TIFF.

    They are appended together with an extended copy of the first directory.
    The tags that describe the file layout are kept.
    """
    order = directories.byte_order(data)
    start = directories.first_directory(data)
    whole = tree | directories.read_tree(data, start)
    out = bytearray(data + b"\0" * (len(data) % 2))
    struct.pack_into(f"{order}I", out, 4, len(out))
    return bytes(out + directories.write_tree(whole, order, len(out)))


def _pictures(file):
    """All pages and subpages."""
    found = []
    for page in file.pages:
        found += [page, *(page.pages or ())]
        if len(found) > _MOST_PICTURES:
            raise PhotoError(
                f"contains more than {_MOST_PICTURES} images; save the one "
                "you want as a separate file."
            )
    # Damaged sizes may be anything, long tuples too.
    sides = [(page, page.imagewidth, page.imagelength) for page in found]
    return [
        page
        for page, width, height in sides
        if isinstance(width, int) and isinstance(height, int) and width * height
    ]


def _main_page(file):
    """The page of the main image, and notes about other pages.

    Previews may come before or after it and are not always marked as such.
    """
    pictures = _pictures(file)
    whole = [page for page in pictures if not _role(page) & (_REDUCED | _MASK)]
    whole = whole or [page for page in pictures if not _role(page) & _MASK]
    if not whole:
        raise PhotoError("contains no image; use another file.")
    main = max(whole, key=lambda page: page.imagewidth * page.imagelength)
    equals = [
        page
        for page in whole
        if page.imagewidth > _PREVIEW * main.imagewidth
        or page.imagelength > _PREVIEW * main.imagelength
    ]
    if len(equals) > 1:
        raise PhotoError(
            f"contains {len(equals)} images; save the one you want as a "
            "separate file."
        )
    if len(pictures) == 1:
        return main, ()
    return main, (
        f"The file contains {len(pictures)} images (including previews and "
        "masks); only the main one is used.",
    )


def _role(page):
    """Flags that mark a page as a preview or a mask."""
    tag = page.tags.get(254)
    role = int(tag.value) if tag is not None else 0
    old = page.tags.get(255)
    if old is not None and old.value == 2:
        role |= _REDUCED
    if page.photometric in (MASK, 51177, 52527):
        role |= _MASK
    return role


def _bands(page, data, file):
    """Pixels, alpha and extra channels of a page."""
    kind = page.photometric
    colours = {GRAY_INVERTED: 1, GRAY: 1, PALETTE: 1, RGB: 3, YCBCR: 3}.get(
        kind
    )
    if kind == CMYK:
        raise PhotoError("is a CMYK image for print; convert it to RGB first.")
    if colours is None:
        named = _KINDS.get(kind, f"the photometric interpretation {int(kind)}")
        raise PhotoError(f"has {named}; convert it to gray or RGB first.")
    if page.samplesperpixel < colours or page.imagedepth != 1:
        raise PhotoError("is damaged; copy the file again.")
    if page.samplesperpixel > _MOST_BANDS:
        raise PhotoError(
            f"has {page.samplesperpixel} bands, more than the {_MOST_BANDS} "
            "that are supported; remove some first."
        )
    if kind == YCBCR and page.compression != JPEG:
        return *_through_pillow(page, data, file), None
    bits, samples = page.bitspersample, int(page.sampleformat)
    deep = samples == 3 and bits in (16, 32, 64)
    if not deep and not (samples in (1, 4) and bits in range(1, 17)):
        word = {
            1: "integer ",
            2: "signed ",
            3: "float ",
            5: "complex ",
            6: "complex ",
        }
        raise PhotoError(
            f"has {bits}-bit {word.get(samples, '')}samples; convert it to 8 "
            "or 16 bits or to 32-bit floats first."
        )
    bands = page.asarray()
    if page.planarconfig == 2 and bands.ndim == 3:
        bands = np.moveaxis(bands, 0, -1)
    bands = bands.reshape(page.imagelength, page.imagewidth, -1)
    if kind == PALETTE:
        table = np.asarray(page.colormap)
        table = table >> 8 if table.max() > 255 else table
        painted = table.T.astype(np.uint8)[bands[..., 0]]
        return painted, None, None
    bands = bands.astype(np.float32) if deep else shared.deeper(bands, bits)
    pixels = bands[..., 0] if colours == 1 else bands[..., :3]
    if kind == GRAY_INVERTED:
        pixels = (1 if deep else np.iinfo(bands.dtype).max) - pixels
    return _split_extra(pixels, bands[..., colours:], page.extrasamples)


def _split_extra(pixels, rest, meanings):
    """Separates alpha from other extra channels, and converts premultiplied
    to straight alpha."""
    meanings = [int(m) for m in meanings] + [0] * rest.shape[-1]
    found = [i for i in range(rest.shape[-1]) if meanings[i] in (1, 2)][:1]
    others = [i for i in range(rest.shape[-1]) if i not in found]
    extra = rest[..., others] if others else None
    if not found:
        return pixels, None, extra
    alpha = rest[..., found[0]]
    if meanings[found[0]] == 1:
        pixels = shared.divided(pixels, alpha)
    return pixels, alpha, extra


def _through_pillow(page, data, file):
    """Pixels and alpha of YCbCr data that only libtiff converts to RGB."""
    pages = list(file.pages)
    if page not in pages:
        raise PhotoError("has YCbCr colours; convert it to RGB first.")
    with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
        image.seek(pages.index(page))
        return pixels_of(image)


def _iptc(block, resources):
    if block is None:
        return iptc_of_photoshop(resources or b"")
    if block[:1] != b"\x1c" and block[3:4] == b"\x1c":
        # Stored as 32-bit integers in the opposite byte order.
        block = np.frombuffer(block[: len(block) // 4 * 4], ">u4")
        block = block.astype("<u4").tobytes()
    return block


def _number(tree, tag, order, default):
    """First value of an integer or rational tag."""
    entry = tree.get(tag)
    layout = {3: "H", 4: "I", 5: "II"}.get(getattr(entry, "kind", None))
    if layout is None:
        return default
    first, *divisor = struct.unpack_from(f"{order}{layout}", entry.value)
    return first / (divisor[0] or 1) if divisor else first


def _dpi(tree, order):
    unit = {2: 1, 3: 2.54}.get(_number(tree, 296, order, 2))
    sides = [_number(tree, tag, order, 0) for tag in (282, 283)]
    return shared.usable_dpi([side * unit for side in sides]) if unit else None
