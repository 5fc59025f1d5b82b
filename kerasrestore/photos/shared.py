"""Helpers for all formats: size checks, orientation, metadata, bit depth."""

import dataclasses
import struct

import numpy as np

from kerasrestore.photos import directories, xmp
from kerasrestore.photos.photo import PhotoError


def check_size(width, height, max_pixels):
    """Raises PhotoError if there are more than `max_pixels` pixels."""
    if width * height > max_pixels:
        raise PhotoError(
            f"has {width}x{height} pixels, more than the limit of "
            f"{max_pixels / 1e6:.0f} million pixels; raise the limit "
            "(--max-megapixels, max_pixels) if you trust the file."
        )


def orient(array, orientation):
    """Rotates pixels upright.

    Args:
        array: `(H, W)` or `(H, W, C)`.
        orientation: EXIF orientation, 1 to 8.

    Returns:
        The rotated and mirrored array.
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def orientation_of(exif):
    """The orientation in an EXIF block, 1 if there is none."""
    data = (exif or b"").removeprefix(directories.PREFIX)
    try:
        entry = directories.read_tree(data).get(directories.ORIENTATION)
        order = directories.byte_order(data)
        return struct.unpack_from(f"{order}H", entry.value)[0]
    except (struct.error, AttributeError):
        return 1


def upright(photo, orientation):
    """Applies the orientation to a photo and updates its metadata.

    Args:
        photo: `Photo` as stored in its file.
        orientation: EXIF orientation; values other than 1 to 8 are ignored.
    """
    if orientation in range(2, 9):
        photo = photo.mapped(lambda band: orient(band, orientation))
        if orientation > 4 and photo.dpi is not None:
            photo = dataclasses.replace(photo, dpi=photo.dpi[::-1])
    packet, notes = photo.xmp, photo.notes
    if packet is not None:
        packet, announced = xmp.clean(packet)
        if announced:
            notes += (
                "The embedded gain map, video or depth map is dropped, "
                "including its XMP.",
            )
    exif = photo.exif and directories.clean_exif(photo.exif)
    return dataclasses.replace(photo, exif=exif, xmp=packet, notes=notes)


def deeper(array, bits):
    """Scales integers with `bits` bits to the full uint8 or uint16 range."""
    dtype, white = (np.uint8, 255) if bits <= 8 else (np.uint16, 65535)
    top = (1 << bits) - 1
    if top == white:
        return array.astype(dtype, copy=False)
    table = (np.arange(top + 1) * white + top // 2) // top
    return table.astype(dtype)[np.minimum(array, top)]


def divided(pixels, alpha):
    """Converts premultiplied (associated) to straight alpha."""
    share = alpha if pixels.ndim == 2 else alpha[..., None]
    clear = share <= 0
    if pixels.dtype.kind == "f":
        return pixels / np.where(clear, np.float32(1), share)
    white = np.float32(np.iinfo(pixels.dtype).max)
    whole = pixels * (white / np.where(clear, white, share)).astype(np.float32)
    return np.rint(np.minimum(whole, white)).astype(pixels.dtype)


def usable_dpi(dpi):
    """A pair of finite numbers, or `None`."""
    try:
        pair = tuple(float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    usable = len(pair) == 2 and all(0 < value < 1e6 for value in pair)
    return pair if usable else None
