"""Reading AVIF, HEIC, JPEG XL, OpenEXR and camera raw files.

References:
    ISO/IEC 14496-12 (boxes), 23008-12 (HEIF), 18181-2 (JPEG XL file format);
    ITU-T H.273 (colour space code points).
"""

import contextlib
import io
import struct

import numpy as np

from kerasrestore.messages import one_line
from kerasrestore.photos import directories, shared
from kerasrestore.photos.directories import PREFIX
from kerasrestore.photos.photo import Photo, PhotoError
from kerasrestore.photos.pillow import metadata_of, open_image, pixels_of

_LARGEST = 1 << 26
# Code points for unspecified, sRGB and BT.709: the default interpretation of
# pixels without a profile.
_USUAL_PRIMARIES, _USUAL_TRANSFERS = (1, 2), (1, 2, 6, 13)


def decode_avif(data, max_pixels):
    """Decodes an AVIF file into a `Photo` and its orientation."""
    with open_image(data, "AVIF", max_pixels) as image:
        metadata = metadata_of(image, stored=True)
        orientation = shared.orientation_of(metadata["exif"])
        # Pillow rewrites the EXIF if the container specifies a rotation.
        metadata["exif"] = _exif_item(data) or metadata["exif"]
        bits = _avif_bits(data)
        if bits > 8:
            # Pillow would reduce it to 8 bits.
            import imagecodecs

            bands = shared.deeper(imagecodecs.avif_decode(data), bits)
            pixels, alpha = _split(bands)
        else:
            pixels, alpha = pixels_of(image)
    photo = Photo(
        pixels,
        alpha,
        format="AVIF",
        lossless=False,
        cicp=_cicp(*_nclx(data)),
        **metadata,
    )
    return photo, orientation


def decode_heic(data, max_pixels):
    """Decodes a HEIC or HEIF file into a `Photo` and its orientation;
    libheif applies the rotation itself."""
    try:
        import pillow_heif
    except ImportError:
        raise PhotoError(
            "is a HEIC file; install kerasrestore[heif] to read it, or "
            "convert it to JPEG first."
        ) from None
    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    image = file[file.primary_index]
    shared.check_size(*image.size, max_pixels)
    bands = np.asarray(image)
    bits = image.info["bit_depth"]
    if bands.dtype == np.uint16:
        # Values are shifted to the most significant of 16 bits.
        bands = shared.deeper(bands >> (16 - bits), bits)
    pixels, alpha = _split(bands)
    if image.mode.startswith("RGBa"):
        pixels = shared.divided(pixels, alpha)
    exif = image.info.get("exif")
    colour = image.info.get("nclx_profile") or {}
    others = len(file) - 1 + len(image.info.get("aux") or ())
    others += len(image.info.get("depth_images") or ())
    notes = ()
    if others:
        notes = (
            f"The file contains {others + 1} images (including gain and depth "
            "maps); only the main one is used.",
        )
    photo = Photo(
        pixels,
        alpha,
        format="HEIC",
        lossless=False,
        exif=exif and PREFIX + exif.removeprefix(PREFIX),
        xmp=image.info.get("xmp") or None,
        icc_profile=image.info.get("icc_profile") or None,
        cicp=_cicp(
            colour.get("color_primaries", 2),
            colour.get("transfer_characteristics", 2),
        ),
        notes=notes,
    )
    return photo, 1


def decode_jxl(data, max_pixels):
    """Decodes a JPEG XL file into a `Photo` and its orientation; libjxl
    applies the rotation itself."""
    import imagecodecs

    boxes = {} if data[:2] == b"\xff\x0a" else _jxl_boxes(data)
    stream = boxes.get(b"jxlc") or boxes.get(b"jxlp", b"")[4:] or data
    width, height, usual = _jxl_header(stream)
    shared.check_size(width, height, max_pixels)
    bands = imagecodecs.jpegxl_decode(data)
    if bands.dtype.kind == "f":
        raise PhotoError(
            "has floating-point samples; convert it to 16 bits first."
        )
    if bands.ndim == 4:
        raise PhotoError(
            f"contains {len(bands)} images; save the one you want as a "
            "separate file."
        )
    pixels, alpha = _split(bands)
    exif = boxes.get(b"Exif")
    photo = Photo(
        pixels,
        alpha,
        format="JXL",
        lossless=False,
        # Skip the 4-byte offset, which is 0.
        exif=exif and PREFIX + exif[4:].removeprefix(PREFIX),
        xmp=boxes.get(b"xml "),
        notes=()
        if usual
        else ("Colour profiles in JPEG XL are not read; sRGB is assumed.",),
    )
    return photo, 1


def decode_exr(data, max_pixels):
    """Decodes an OpenEXR file into a linear float `Photo` and its
    orientation."""
    try:
        import OpenEXR
    except ImportError:
        raise PhotoError(
            "is an OpenEXR file; install kerasrestore[exr] to read it, or "
            "convert it to a 32-bit TIFF first."
        ) from None
    with OpenEXR.File(io.BytesIO(data), header_only=True) as file:
        header = dict(file.header())
        if len(file.parts) > 1:
            raise PhotoError(
                f"contains {len(file.parts)} images; save the one you want as "
                "a separate file."
            )
    low, high = (np.asarray(corner) for corner in header["dataWindow"])
    shared.check_size(*(int(side) for side in high - low + 1), max_pixels)
    with OpenEXR.File(io.BytesIO(data)) as file:
        channels = file.channels().items()
        bands = {name: np.array(band.pixels) for name, band in channels}
    name = next((n for n in ("RGBA", "RGB", "Y") if n in bands), None)
    if name is None or bands[name].dtype.kind != "f":
        raise PhotoError(
            f"has the channels {one_line(', '.join(sorted(bands)))}, expected "
            "floating-point RGB, RGBA or Y; convert it first."
        )
    notes = []
    others = sorted(set(bands) - {name, "A"})
    if others:
        named = one_line(", ".join(others))
        notes.append(f"The channels {named} are dropped.")
    if "chromaticities" in header:
        notes.append("The OpenEXR chromaticities are dropped.")
    pixels, alpha = _split(bands[name].astype(np.float32))
    if alpha is None and name == "Y" and "A" in bands:
        alpha = bands["A"].astype(np.float32)
    if alpha is not None:
        pixels = shared.divided(pixels, alpha)
    photo = Photo(pixels, alpha, format="EXR", linear=True, notes=tuple(notes))
    return photo, 1


def decode_raw(data, max_pixels):
    """Develops a camera raw file with LibRaw into a 16-bit sRGB `Photo`,
    using the camera's white balance."""
    try:
        import rawpy
    except ImportError:
        raise PhotoError(
            "is a camera raw file, which must be developed first; install "
            "kerasrestore[raw] for that, or export a 16-bit TIFF."
        ) from None
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            sizes = raw.sizes
            shared.check_size(sizes.width, sizes.height, max_pixels)
            bands = raw.postprocess(
                output_bps=16, use_camera_wb=True, no_auto_bright=True
            )
    except rawpy.LibRawError as error:
        reason = error.args[0] if error.args else error
        if isinstance(reason, bytes):
            reason = reason.decode("utf-8", "replace")
        raise PhotoError(
            f"is a camera raw file that cannot be developed ({reason}); "
            "export a 16-bit TIFF instead."
        ) from None
    order, tree = directories.byte_order(data), {}
    # Broken metadata must not prevent a restoration.
    with contextlib.suppress(struct.error):
        tree = directories.read_tree(data)
    packet = tree.get(directories.XMP)
    photo = Photo(
        _split(bands)[0],  # a single channel for monochrome cameras
        format="RAW",
        exif=directories.exif_of_tree(tree, order),
        xmp=packet and packet.value,
        notes=(
            "Developed from raw with the camera's white balance and LibRaw's "
            "default settings.",
        ),
    )
    return photo, 1


def _split(bands):
    """Splits an array with 1 to 4 channels into pixels and alpha."""
    if bands.ndim == 2:
        return bands, None
    count = bands.shape[2]
    pixels = bands[..., 0] if count < 3 else bands[..., :3]
    return pixels, bands[..., -1] if count in (2, 4) else None


def _cicp(primaries, transfer):
    usual = primaries in _USUAL_PRIMARIES and transfer in _USUAL_TRANSFERS
    known = max(primaries, transfer) < 256
    return (primaries, transfer) if known and not usual else None


def _nclx(data):
    """Code points of primaries and transfer function in an AVIF header."""
    at = data.find(b"colrnclx", 0, 1 << 16)
    return struct.unpack_from(">HH", data, at + 8) if at >= 0 else (2, 2)


def _avif_bits(data):
    """Bits per channel from the header of an AVIF file."""
    at = data.find(b"pixi", 0, 1 << 16)
    # Version and flags, number of channels, bits per channel.
    return max(data[at + 9 : at + 9 + data[at + 8]]) if at >= 0 else 8


def _boxes(data):
    """Name and content of consecutive ISO boxes."""
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        size = size or len(data) - at
        if size < head:
            return
        yield name, data[at + head : at + size]
        at += size


def _jxl_boxes(data):
    """Contents of the boxes in a JPEG XL file, the first of each name."""
    import imagecodecs

    found = {}
    for name, body in _boxes(data):
        if name == b"brob" and body[:4] in (b"Exif", b"xml "):
            packed = imagecodecs.brotli_decode(body[4:], out=_LARGEST)
            found.setdefault(body[:4], bytes(packed))
        found.setdefault(name, body)
    return found


def _exif_item(data):
    """The EXIF block as stored in an AVIF file; `None` without one."""
    try:
        meta = dict(_boxes(dict(_boxes(data))[b"meta"][4:]))
        number = _item_number(meta[b"iinf"], b"Exif")
        start, size = _item_place(meta[b"iloc"], number)
        item = data[start : start + size]
        # Starts with the offset of the TIFF header.
        head = 4 + struct.unpack_from(">I", item)[0]
        return PREFIX + item[head:] if item[head:] else None
    except (KeyError, IndexError, TypeError, struct.error):
        return None


def _item_number(infos, wanted):
    """ID of the first item of a type (`iinf`)."""
    first = 6 if infos[0] == 0 else 8
    for _, info in _boxes(infos[first:]):
        short = info[0] == 2
        number = struct.unpack_from(">H" if short else ">I", info, 4)[0]
        if info[8:12] == wanted if short else info[10:14] == wanted:
            return number
    raise KeyError(wanted)


def _item_place(places, wanted):
    """Offset and size of an item with a single extent (`iloc`)."""
    version = places[0]
    widths = [places[4] >> 4, places[4] & 15, places[5] >> 4]
    widths.append(places[5] & 15 if version else 0)
    offset_width, length_width, base_width, index_width = widths
    at = 6

    def take(width):
        nonlocal at
        at += width
        return int.from_bytes(places[at - width : at])

    for _ in range(take(4 if version == 2 else 2)):
        number = take(4 if version == 2 else 2)
        method = take(2) & 15 if version else 0
        take(2)
        base = take(base_width)
        pieces = []
        for _ in range(take(2)):
            take(index_width)
            pieces.append((base + take(offset_width), take(length_width)))
        if number == wanted and method == 0 and len(pieces) == 1:
            return pieces[0]
        if at > len(places):
            break
    raise KeyError(wanted)


def _jxl_header(stream):
    """Width, height, and whether the rest is default: 8 bits in sRGB."""
    number = int.from_bytes(stream[2:34], "little")

    def bits(count):
        nonlocal number
        value, number = number & ((1 << count) - 1), number >> count
        return value

    small = bits(1)

    def side():
        if small:
            return 8 * (bits(5) + 1)
        return bits((9, 13, 18, 30)[bits(2)]) + 1

    height, ratio = side(), bits(3)
    if ratio == 0:
        width = side()
    else:
        shapes = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
        wide, high = shapes[ratio - 1]
        width = height * wide // high
    return width, height, bits(1) == 1
