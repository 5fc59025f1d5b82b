"""Loading image files as arrays."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from kerasrestore.messages import reason

IMAGE_SUFFIXES = (
    ".bmp",
    ".jpeg",
    ".jpg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
)
# Pillow clips high-bit-depth gray images to 8 bits, which turns them white.
DEEP_MODES = ("F", "I")
DNG_VERSION = 50706
ORIENTATION = 274
# All that Pillow raises on damaged files; among it MemoryError, for sizes that
# such a file only claims.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class UnfitImageError(ValueError):
    """An image that Pillow can only decode with a loss of information."""


def list_images(folder):
    """Lists the image files in a folder, sorted by name; not recursive.

    Args:
        folder: path of the folder.

    Returns:
        List of `pathlib.Path`. All evaluation protocols number the images
        in this order.

    Raises:
        ValueError: if the folder is missing or contains no images.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (4, 4)).save(f"{folder}/a.png")
    ...     [path.name for path in list_images(folder)]
    ['a.png']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"{folder} is not a folder; give the folder with the images."
        )
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )
    if not files:
        raise ValueError(
            f"{folder} contains no images; supported file types are "
            f"{', '.join(IMAGE_SUFFIXES)}."
        )
    return files


def rgb_to_gray(image):
    """MATLAB's `rgb2gray`, used for the gray ground truth in the literature.

    Args:
        image: uint8 array `(H, W, 3)`.

    Returns:
        uint8 array `(H, W)`.

    Example:
    >>> import numpy as np
    >>> int(rgb_to_gray(np.full((1, 1, 3), 200, "uint8"))[0, 0])
    200

    References:
        The first row of the inverse NTSC matrix, as in MATLAB's rgb2gray;
        not the Y of YCbCr.
    """
    weights = np.array(
        [0.298936021293775, 0.587043074451121, 0.114020904255103]
    )
    gray = np.asarray(image, np.float64) @ weights
    # MATLAB rounds half away from zero.
    return np.floor(gray + 0.5).clip(0, 255).astype(np.uint8)


def is_gray_file(path):
    """Whether an image file is grayscale, according to its header.

    Args:
        path: image file.

    Returns:
        `True` or `False`; `None` if the file is not an image.

    Example:
    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/a.png"
    >>> Image.new("L", (4, 4)).save(file)
    >>> is_gray_file(file)
    True
    """
    try:
        with Image.open(path) as image:
            return image.mode.partition(";")[0] in ("1", "L", "LA", *DEEP_MODES)
    except DAMAGE:
        return None


def image_size(path):
    """Height and width of an image file, from its header alone.

    Args:
        path: image file.

    Returns:
        `(height, width)` of what `load_image` decodes.

    Raises:
        ValueError: if the file is not an image.

    Example:
    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/a.png"
    >>> Image.new("L", (4, 2)).save(file)
    >>> image_size(file)
    (2, 4)
    """
    try:
        with Image.open(path) as image:
            if _turned(image):
                return image.width, image.height
            return image.height, image.width
    except DAMAGE as error:
        raise _unreadable(path, error) from error


def load_image(path, channels=3, to_gray=rgb_to_gray):
    """Decodes an 8-bit image file into an array.

    Args:
        path: image file.
        channels: 3 for colour (gray files are replicated to three
            channels), 1 for gray.
        to_gray: function that converts colour to gray, `(H, W, 3)` to
            `(H, W)`; gray files are used as they are.

    Returns:
        uint8 array `(H, W, channels)`.

    Raises:
        ValueError: if the file cannot be decoded, has more than 8 bits per
            channel, is a camera raw file, or `channels` is neither 1 nor 3.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (4, 2)).save(f"{folder}/a.png")
    ...     load_image(f"{folder}/a.png").shape
    (2, 4, 3)
    """
    if channels not in (1, 3):
        raise ValueError(f"channels must be 1 or 3, got {channels!r}.")
    try:
        with Image.open(path) as image:
            _check_kind(image, path)
            mode = image.mode
            gray = mode in ("1", "L")
            array = np.asarray(image.convert("L" if gray else "RGB"))
    except UnfitImageError:
        raise
    except DAMAGE as error:
        raise _unreadable(path, error) from error
    if channels == 1:
        return (array if gray else to_gray(array))[..., None]
    return np.repeat(array[..., None], 3, axis=-1) if gray else array


def _unreadable(path, error):
    return ValueError(
        f"{path} cannot be read as an image ({reason(error)}); replace or "
        "remove the file."
    )


def _turned(image):
    """Whether Pillow swaps the sides of an opened TIFF when it decodes it,
    by an orientation in its XMP, but does not say so before."""
    if image.format != "TIFF":
        return False
    sideways = range(5, 9)
    if image.tag_v2.get(ORIENTATION) in sideways:
        return False
    return image.getexif().get(ORIENTATION) in sideways


def _check_kind(image, path):
    """Raises if Pillow would decode an opened image with loss."""
    # Pillow keeps only the upper 8 bits of 16-bit colour; only the tile
    # layout reveals it.
    layouts = [str(tile.args) for tile in image.tile]
    deep = image.mode.partition(";")[0] in DEEP_MODES or any(
        ";16" in layout for layout in layouts
    )
    if deep:
        raise UnfitImageError(
            f"{path} has more than 8 bits per channel; convert it to 8 bits "
            "first."
        )
    if image.format == "TIFF" and DNG_VERSION in image.tag_v2:
        raise UnfitImageError(
            f"{path} is a camera raw file, of which only the preview would be "
            "read; develop it first."
        )
