"""Photos that Pillow decodes fully: WebP, BMP, 8-bit AVIF, PIL images."""

import io
import warnings

import numpy as np
from PIL import Image

from kerasrestore.photos import shared
from kerasrestore.photos.directories import (
    EXIF,
    GPS,
    ORIENTATION,
    PREFIX,
)
from kerasrestore.photos.photo import Photo, PhotoError

# Rows that are converted at a time.
STRIP = 256


def open_image(data, kind, max_pixels):
    """Opens an image of a given format with Pillow and checks its size.

    Raises:
        PhotoError: if it is too large or contains several images.
    """
    image = Image.open(io.BytesIO(data), formats=[kind])
    shared.check_size(image.width, image.height, max_pixels)
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise PhotoError(
            f"contains {frames} images; save the one you want as a separate "
            "file."
        )
    return image


def decode(data, kind, max_pixels):
    """Decodes a WebP or BMP file into a `Photo` and its orientation."""
    with open_image(data, kind, max_pixels) as image:
        pixels, alpha = pixels_of(image)
        metadata = metadata_of(image, stored=True)
    lossless = kind == "BMP" or b"VP8L" in data[12:64]
    if data[12:16] == b"VP8X":
        lossless = _webp_chunks(data).isdisjoint({b"VP8 "})
    photo = Photo(pixels, alpha, format=kind, lossless=lossless, **metadata)
    return photo, shared.orientation_of(metadata["exif"])


def photo_of_image(image):
    """Creates a `Photo` from a PIL image, applying its orientation."""
    with warnings.catch_warnings():
        # Pillow warns about unusual metadata, which is irrelevant here.
        warnings.simplefilter("ignore")
        check_mode(image.mode, "The image ")
        pixels, alpha = pixels_of(image)
        photo = Photo(pixels, alpha, format=image.format, **metadata_of(image))
        try:
            orientation = image.getexif().get(ORIENTATION, 1)
        except Exception:
            # Broken metadata must not prevent a restoration.
            orientation = 1
    return shared.upright(photo, orientation)


def check_mode(mode, name=""):
    """Raises PhotoError for unsupported colour modes."""
    if mode == "CMYK":
        raise PhotoError(
            f"{name}is a CMYK image for print; convert it to RGB first."
        )
    if mode in ("F", "I", "LAB", "HSV"):
        raise PhotoError(
            f"{name}has the unsupported mode {mode}; convert it to gray or "
            "RGB with 8 or 16 bits first."
        )


def pixels_of(image):
    """Pixels and alpha of a PIL image as arrays."""
    check_mode(image.mode)
    transparent = "transparency" in image.info
    if image.mode.startswith("I;16"):
        pixels = np.asarray(image).astype(np.uint16)
        if image.format == "TIFF" and image.tag_v2.get(262) == 0:
            pixels = 65535 - pixels  # white is 0
        if not transparent:
            return pixels, None
        clear = pixels == image.info["transparency"]
        return pixels, np.where(clear, 0, 65535).astype(np.uint16)
    if image.mode in ("1", "L", "LA", "La"):
        transparent = transparent or image.mode in ("LA", "La")
        mode = "LA" if transparent else "L"
    else:
        transparent = transparent or image.mode in ("RGBA", "RGBa", "PA")
        mode = "RGBA" if transparent else "RGB"
    array = _array_of(image if image.mode == mode else image.convert(mode))
    if not transparent:
        return array, None
    return (array[..., 0] if mode == "LA" else array[..., :3]), array[..., -1]


def _array_of(image):
    """The array of an image with 8 bits per channel. `np.asarray` would hold
    the pixels twice more for a moment, which counts for 200 megapixels."""
    image.load()
    bands = len(image.getbands())
    shape = (image.height, image.width, bands)[: 2 + (bands > 1)]
    array = np.empty(shape, np.uint8)
    for top in range(0, image.height, STRIP):
        strip = array[top : top + STRIP]
        box = (0, top, image.width, top + len(strip))
        strip[:] = np.asarray(image.crop(box))
    return array


def metadata_of(image, stored=False):
    """`exif`, `xmp`, `icc_profile`, `dpi` and `comment` of a PIL image, each
    `None` if missing or unreadable.

    Args:
        image: PIL image.
        stored: whether EXIF is only what the file stores as such: Pillow makes
            up an orientation from XMP.
    """
    found = {
        key: value if isinstance(value, bytes) and value else None
        for key in ("exif", "xmp", "icc_profile", "comment")
        for value in [image.info.get(key)]
    }
    if found["exif"] is None:
        found["exif"] = None if stored else _exif_of_tags(image)
    elif not found["exif"].startswith(PREFIX):
        found["exif"] = PREFIX + found["exif"]
    return {**found, "dpi": shared.usable_dpi(image.info.get("dpi"))}


def _exif_of_tags(image):
    """EXIF of an image that stores it as tags, such as TIFF."""
    try:
        tags = image.getexif()
        exif = Image.Exif()
        exif.update(
            {
                tag: tags[tag]
                for tag in (271, 272, 306, 315, 33432, ORIENTATION)
                if tag in tags
            }
        )
        for tag in (EXIF, GPS):
            if values := tags.get_ifd(tag):
                exif.get_ifd(tag).update(values)
                exif[tag] = exif.get_ifd(tag)
        return exif.tobytes() if len(exif) else None
    except Exception:
        # Broken metadata must not prevent a restoration.
        return None


def _webp_chunks(data):
    names, at = set(), 12
    while at + 8 <= len(data) and len(names) < 64:
        names.add(data[at : at + 4])
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return names
