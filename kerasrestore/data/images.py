"""Folders of images as arrays."""

from pathlib import Path

import numpy as np
from PIL import Image

IMAGE_SUFFIXES = (
    ".bmp",
    ".jpeg",
    ".jpg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
)
# Pillow clips deep gray images to 8 bits, which makes them white.
DEEP_MODES = ("F", "I")
DNG_VERSION = 50706


class UnfitImageError(ValueError):
    """An image that can be decoded, but not to what it shows."""


def list_images(folder):
    """Image files of one folder (not of its subfolders), sorted by name.

    Args:
        folder: path of the folder.

    Returns:
        List of `pathlib.Path`, in the order in which every protocol of the
        package numbers the images of a set.

    Raises:
        ValueError: if the folder is missing or holds no image.

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
            f"{folder} is not a folder; give the folder that holds the images."
        )
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )
    if not files:
        raise ValueError(
            f"{folder} holds no image; wanted files ending in "
            f"{', '.join(IMAGE_SUFFIXES)}."
        )
    return files


def rgb_to_gray(image):
    """MATLAB's `rgb2gray`: the gray ground truth of published tables.

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
    # MATLAB rounds halves away from zero.
    return np.floor(gray + 0.5).clip(0, 255).astype(np.uint8)


def is_gray_file(path):
    """Whether an image file holds gray values alone, told by its header.

    Args:
        path: image file.

    Returns:
        `True` or `False`; `None` for what is no image.

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
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def load_image(path, channels=3, to_gray=rgb_to_gray):
    """Decodes an 8-bit image file into an array.

    Args:
        path: image file.
        channels: 3 for colour (gray files are repeated), 1 for gray.
        to_gray: function that makes colour files gray, `(H, W, 3)` to
            `(H, W)`; gray files are taken as they are.

    Returns:
        uint8 array `(H, W, channels)`.

    Raises:
        ValueError: if the file cannot be decoded as an image, has more than
            8 bits, is a camera's raw file, or `channels` is neither 1 nor 3.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (4, 2)).save(f"{folder}/a.png")
    ...     load_image(f"{folder}/a.png").shape
    (2, 4, 3)
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is 1 or 3, got {channels!r}.")
    try:
        with Image.open(path) as image:
            _check_kind(image, path)
            mode = image.mode
            gray = mode in ("1", "L")
            array = np.asarray(image.convert("L" if gray else "RGB"))
    except UnfitImageError:
        raise
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise ValueError(
            f"{path} cannot be read as an image ({error}); replace or remove "
            "the file."
        ) from error
    if channels == 1:
        return (array if gray else to_gray(array))[..., None]
    return np.repeat(array[..., None], 3, axis=-1) if gray else array


def _check_kind(image, path):
    """Raises for an opened image that Pillow would give other than it is."""
    # Of 16-bit colour it gives the upper 8 bits, told by the layout alone.
    layouts = [str(tile.args) for tile in image.tile]
    deep = image.mode.partition(";")[0] in DEEP_MODES or any(
        ";16" in layout for layout in layouts
    )
    if deep:
        raise UnfitImageError(
            f"{path} has more than 8 bits; convert it to 8 bits first."
        )
    if image.format == "TIFF" and DNG_VERSION in image.tag_v2:
        raise UnfitImageError(
            f"{path} is a camera's raw file, of which the preview alone would "
            "be read; develop it first."
        )
