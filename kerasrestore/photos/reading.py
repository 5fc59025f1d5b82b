"""Reading photo files of any supported format."""

import contextlib
import io
import os
import threading
import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from kerasrestore.messages import reason
from kerasrestore.photos import jpeg, modern, pillow, png, shared
from kerasrestore.photos.formats import (
    MAX_PIXELS,
    RAW_SUFFIXES,
    READ,
    kind_of,
)
from kerasrestore.photos.photo import PhotoError

# More than a file within the pixel limit needs.
MAX_BYTES = 2 << 30


def read_photo(source, *, max_pixels=MAX_PIXELS):
    """Reads a photo in any supported format.

    The orientation is applied to the pixels and reset to upright in the
    metadata. Palettes become RGB; 2 to 7 bits become 8, 9 to 15 become 16;
    premultiplied alpha becomes straight alpha. From files with previews,
    masks or gain maps only the main image is read, and `Photo.notes` lists
    what was dropped.

    Args:
        source: path (`~` is expanded) or binary file.
        max_pixels: maximum number of pixels; larger images are rejected
            before decoding.

    Returns:
        A `Photo`.

    Raises:
        PhotoError: if the file does not exist, is damaged, contains several
            main images, or has an unsupported format.

    Example:
    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("L", (6, 4), 7).save(file, "PNG")
    >>> _ = file.seek(0)
    >>> read_photo(file).pixels.shape
    (4, 6)
    """
    name, suffix, data = _contents(source, max(MAX_BYTES, 8 * max_pixels))
    try:
        with _unguarded_pillow(max_pixels):
            photo, orientation = _decode(data, suffix, max_pixels)
        return shared.upright(photo, orientation)
    except PhotoError as error:
        raise PhotoError(f"{name} {error}") from None
    except Image.DecompressionBombError:
        raise PhotoError(
            f"{name} has more pixels than the limit of {max_pixels / 1e6:.0f} "
            "million; raise the limit (--max-megapixels, max_pixels) if you "
            "trust the file."
        ) from None
    except MemoryError:
        raise
    except UnidentifiedImageError:
        # Pillow's message names an object in memory.
        raise PhotoError(
            f"{name} is damaged (its header is not valid); copy the file again."
        ) from None
    except Exception as error:
        # Decoders fail in many ways on malformed files.
        raise PhotoError(
            f"{name} is damaged ({reason(error)}); copy the file again."
        ) from None


def _contents(source, max_bytes):
    """Name for messages, extension and bytes of a file."""
    if hasattr(source, "read"):
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "The photo"
        data = source.read(max_bytes + 1)
        if not isinstance(data, bytes):
            raise PhotoError(f"{name} is a text file; open it with mode 'rb'.")
        suffix = Path(name).suffix.lower()
    else:
        name = path = Path(os.fsdecode(source)).expanduser()
        suffix = path.suffix.lower()
        try:
            if path.is_dir():
                raise PhotoError(f"{path} is a folder; give an image file.")
            if path.exists() and not path.is_file():
                # A pipe or a device may never end.
                raise PhotoError(
                    f"{path} is not a regular file; give an image file."
                )
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size > max_bytes:
                    data = None
                else:
                    data = file.read()
        except FileNotFoundError:
            raise PhotoError(
                f"{path} does not exist; check the name."
            ) from None
        except OSError as error:
            raise PhotoError(
                f"{path} cannot be read ({error.strerror}); check its "
                "permissions."
            ) from None
    if data is None or len(data) > max_bytes:
        raise PhotoError(
            f"{name} is larger than {max_bytes >> 30} GiB; split the image "
            "first."
        )
    if not data:
        raise PhotoError(f"{name} is empty; copy the file again.")
    return name, suffix, data


def _decode(data, suffix, max_pixels):
    kind = kind_of(data)
    if kind == "TIFF":
        from kerasrestore.photos import tiff

        if suffix in RAW_SUFFIXES or tiff.is_raw(data):
            return modern.decode_raw(data, max_pixels)
        return tiff.decode(data, max_pixels)
    if kind in ("WEBP", "BMP"):
        return pillow.decode(data, kind, max_pixels)
    decode = {
        "JPEG": jpeg.decode,
        "PNG": png.decode,
        "AVIF": modern.decode_avif,
        "HEIC": modern.decode_heic,
        "JXL": modern.decode_jxl,
        "EXR": modern.decode_exr,
        "RAW": modern.decode_raw,
    }.get(kind)
    if decode is None:
        _refuse(data)
    return decode(data, max_pixels)


class _Guards:
    """Pillow's guards, which are the same for all threads: lifted by the
    first one that reads a photo, put back by the last."""

    def __init__(self):
        self._lock = threading.Lock()
        self._readers = 0
        self._put_back = contextlib.ExitStack()

    def lift(self):
        with self._lock:
            self._readers += 1
            if self._readers == 1:
                self._put_back.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                self._put_back.callback(
                    setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS
                )

    def put_back(self):
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self._put_back.close()


_guards = _Guards()


@contextlib.contextmanager
def _unguarded_pillow(max_pixels):
    """Silences Pillow's warnings about unusual metadata, and about image
    sizes that the caller allows: every decoder checks the size itself."""
    _guards.lift()
    try:
        if max_pixels > MAX_PIXELS:
            Image.MAX_IMAGE_PIXELS = None
        yield
    finally:
        _guards.put_back()


def _refuse(data):
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind = image.format
    except Exception:
        raise PhotoError(
            f"is not an image in a supported format; use {READ}."
        ) from None
    raise PhotoError(
        f"is a {kind} file, which is not supported; convert it to PNG, JPEG "
        "or TIFF first."
    )
