"""Restoring a photo with any restorer."""

import dataclasses
import io

import numpy as np
from PIL import Image

from kerasrestore.imaging.resizing import resized
from kerasrestore.photos.photo import PhotoError


def restore_photo(photo, restore, white=1.0):
    """Restores the pixels of a photo and keeps everything else.

    Floats are restored in [0, 1], and converted to sRGB encoding for that if
    they are linear; values outside, such as highlights, are clipped off before
    and added back unrestored. Alpha and extra channels are not restored; if
    the restorer enlarges the image, they are resized with bicubic
    interpolation.

    Args:
        photo: `Photo`.
        restore: function from pixels to pixels, `(H, W)` or `(H, W, 3)` of
            type uint8, uint16 or float32; it may make colours of gray.
        white: value of white of floats; `restore` is given floats with white
            at 1.

    Returns:
        A `Photo` with the same metadata.

    Raises:
        PhotoError: if more than half of the floats are above white, or one
            is NaN.

    Example:
    >>> from kerasrestore.photos import Photo
    >>> gray = Photo(np.full((4, 6), 100, "uint8"))
    >>> restore_photo(gray, lambda pixels: pixels // 2).pixels[0, 0]
    np.uint8(50)
    """
    if photo.pixels.dtype.kind == "f":
        pixels = _restore_floats(photo, restore, np.float32(white))
    else:
        pixels = restore(photo.pixels)
    height, width = pixels.shape[:2]
    if (width, height) != photo.size:
        photo = photo.mapped(
            lambda band: resized(band, height, width, clip=True)
        )
    return dataclasses.replace(photo, pixels=pixels)


def is_linear(profile):
    """Whether an ICC profile has a linear transfer function.

    Example:
    >>> from PIL import ImageCms
    >>> profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    >>> is_linear(profile.tobytes())
    False
    """
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "L" if source.profile.xcolor_space.strip() == "GRAY" else "RGB"
        middle = Image.new(mode, (1, 1), (128,) * len(mode))
        found = ImageCms.profileToProfile(
            middle, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
        # Linear 0.5 is 188 in sRGB.
        return found.getpixel((0, 0))[1] > 165
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False


def _restore_floats(photo, restore, white):
    with np.errstate(invalid="ignore"):  # of NaN, refused below
        pixels = photo.pixels / white
    if np.isnan(pixels).any():
        raise PhotoError("The photo contains NaN; replace them first.")
    middle = float(np.median(pixels))
    if middle > 1.0:
        raise PhotoError(
            f"Half of the values of this photo are above {middle * white:g}, "
            f"beyond white at {white:g}; give the value of white "
            "(--white-level, white_level)."
        )
    inside = np.clip(pixels, 0, 1)
    beyond = pixels - inside
    if photo.linear:
        restored = to_linear(np.clip(restore(from_linear(inside)), 0, 1))
    else:
        restored = restore(inside)
    if restored.ndim > beyond.ndim:  # a mosaic was demosaiced
        beyond = beyond[..., None]
    if restored.shape[:2] != beyond.shape[:2]:
        beyond = resized(beyond, *restored.shape[:2], clip=True)
    return ((restored + beyond) * white).astype(np.float32)


def from_linear(light):
    """sRGB encoding of linear light in [0, 1] (IEC 61966-2-1)."""
    curved = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, 12.92 * light, curved).astype("f4")


def to_linear(values):
    curved = ((np.maximum(values, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(values <= 0.04045, values / 12.92, curved).astype("f4")
