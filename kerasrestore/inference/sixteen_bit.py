"""16-bit colour in PNG and TIFF, which Pillow reads as 8 bits."""

import io
import struct
import zlib

import numpy as np

from kerasrestore.inference.metadata import (
    XMP_TAG,
    add_tiff_directories,
    tiff_tags,
)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_GRAY = 0
ICC_TAG = 34675


def needed(photo):
    """Whether Pillow cannot hold this photo."""
    return photo.pixels.dtype == np.uint16 and (
        photo.pixels.ndim == 3 or photo.alpha is not None
    )


def stored(image, data):
    """Whether an opened file holds 16 bits that Pillow would not give."""
    if image.format == "PNG":
        depth, kind = data[24], data[25]
        return depth == 16 and kind != PNG_GRAY
    if image.format == "TIFF":
        bits = image.tag_v2.get(258, (1,))
        return len(bits) > 1 and max(bits) == 16
    return False


def decode(data, kind):
    """uint16 array `(H, W, C)` with 2, 3 or 4 channels."""
    if kind == "PNG":
        import imagecodecs

        return imagecodecs.png_decode(data)
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        array = page.asarray()
        if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            array = np.moveaxis(array, 0, -1)
    if array.dtype != np.uint16:
        raise ValueError(f"its samples are {array.dtype}, not 16 bits")
    return array


def split(channels):
    """Pixels and alpha of an interleaved array."""
    count = channels.shape[-1]
    if count == 2:
        return channels[..., 0], channels[..., 1]
    if count == 3:
        return channels, None
    if count == 4:
        return channels[..., :3], channels[..., 3]
    raise ValueError(f"it has {count} channels")


def encode(photo, kind):
    """Bytes of a PNG or TIFF file with profile and metadata."""
    pixels = photo.pixels
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if photo.alpha is not None:
        pixels = np.concatenate([pixels, photo.alpha[..., None]], axis=-1)
    pixels = np.ascontiguousarray(pixels)
    return _png(photo, pixels) if kind == "PNG" else _tiff(photo, pixels)


def _png(photo, pixels):
    import imagecodecs

    data = imagecodecs.png_encode(pixels, level=6)
    chunks = []
    if photo.icc_profile is not None:
        packed = zlib.compress(photo.icc_profile)
        chunks.append((b"iCCP", b"icc\0\0" + packed))
    if photo.dpi is not None:
        per_metre = [round(value / 0.0254) for value in photo.dpi]
        chunks.append((b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if photo.exif is not None:
        chunks.append((b"eXIf", photo.exif.removeprefix(b"Exif\0\0")))
    if photo.xmp is not None:
        head = b"XML:com.adobe.xmp\0\0\0\0\0"
        chunks.append((b"iTXt", head + photo.xmp))
    # Signature and IHDR come first; ours follow at once.
    first = len(PNG_SIGNATURE) + 12 + 13
    packed = b"".join(
        struct.pack(">I", len(body))
        + name
        + body
        + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return data[:first] + packed + data[first:]


def _tiff(photo, pixels):
    import tifffile

    texts, directories = tiff_tags(photo)
    extra = [(tag, 2, 0, text, True) for tag, text in texts.items()]
    for tag, value in ((ICC_TAG, photo.icc_profile), (XMP_TAG, photo.xmp)):
        if value is not None:
            extra.append((tag, 7, len(value), value, True))
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels,
        byteorder="<",
        photometric="rgb" if pixels.shape[-1] > 2 else "minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"] if photo.alpha is not None else None,
        compression="zlib",
        predictor=True,
        resolution=photo.dpi,
        resolutionunit=2 if photo.dpi else None,
        software=False,
        metadata=None,
        extratags=extra,
    )
    return add_tiff_directories(buffer.getvalue(), directories)
