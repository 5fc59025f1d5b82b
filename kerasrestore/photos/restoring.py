"""One path for a photo through a restorer, whoever asks for it."""

import dataclasses
import io

import numpy as np
from PIL import Image

from kerasrestore.photos.photo import PhotoError


def restore_photo(photo, restore):
    """Restores a photo and keeps all that belongs to it.

    Floats are restored between black and white, in sRGB's encoding where they
    are linear; what lies beyond, such as highlights, is added again as it
    was. Opacity and further bands stay as they are; where the restorer
    enlarges, they are enlarged by bicubic interpolation.

    Args:
        photo: `Photo`.
        restore: function that takes and gives pixels, `(H, W)` or
            `(H, W, 3)` of uint8, uint16 or float32.

    Returns:
        A `Photo` of the same kind.

    Raises:
        PhotoError: if floats do not have white near 1 or are no numbers.

    Example:
    >>> from kerasrestore.photos import Photo
    >>> gray = Photo(np.full((4, 6), 100, "uint8"))
    >>> restore_photo(gray, lambda pixels: pixels // 2).pixels[0, 0]
    np.uint8(50)
    """
    if photo.pixels.dtype.kind == "f":
        pixels = _restore_floats(photo, restore)
    else:
        pixels = restore(photo.pixels)
    height, width = pixels.shape[:2]
    if (width, height) != photo.size:
        photo = photo.mapped(lambda band: enlarge(band, width, height))
    return dataclasses.replace(photo, pixels=pixels)


def enlarge(array, width, height):
    """An array `(H, W)` or `(H, W, C)` at another size, by bicubic
    interpolation, of the same type.

    Example:
    >>> enlarge(np.zeros((2, 3), "uint16"), 6, 4).shape
    (4, 6)
    """
    if array.ndim == 3:
        bands = [
            enlarge(array[..., band], width, height)
            for band in range(array.shape[2])
        ]
        return np.stack(bands, axis=-1)
    image = Image.fromarray(np.ascontiguousarray(array, np.float32))
    larger = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    if array.dtype.kind == "f":
        return np.clip(larger, array.min(), array.max())
    white = np.iinfo(array.dtype).max
    return np.rint(np.clip(larger, 0, white)).astype(array.dtype)


def is_linear(profile):
    """Whether an ICC profile is of numbers in proportion to light.

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
        # Half of the light is 188 in sRGB.
        return found.getpixel((0, 0))[1] > 165
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False


def _restore_floats(photo, restore):
    pixels = photo.pixels
    if np.isnan(pixels).any():
        raise PhotoError("The photo has values that are no numbers; fill them.")
    middle = float(np.median(pixels))
    if middle > 1.0:
        raise PhotoError(
            "Float photos have white at 1, but half of this one's values are "
            f"above {middle:g}; scale it first."
        )
    inside = np.clip(pixels, 0, 1)
    beyond = pixels - inside
    if photo.linear:
        restored = to_linear(np.clip(restore(from_linear(inside)), 0, 1))
    else:
        restored = restore(inside)
    if restored.shape != beyond.shape:
        beyond = enlarge(beyond, *restored.shape[1::-1])
    return (restored + beyond).astype(np.float32)


def from_linear(light):
    """sRGB's encoding of light in [0, 1] (IEC 61966-2-1)."""
    curved = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, 12.92 * light, curved).astype("f4")


def to_linear(values):
    curved = ((np.maximum(values, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(values <= 0.04045, values / 12.92, curved).astype("f4")
