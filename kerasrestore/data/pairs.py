"""Pairs of a low-quality image and its ground truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasrestore.data.images import list_images, load_image, rgb_to_gray


@dataclass(frozen=True)
class ImagePair:
    """A low-quality image and its ground truth; either may be missing.

    Each is a file path, or an object whose `load()` returns an `(H, W, 3)`
    array, as used for images stored in MATLAB files.

    Attributes:
        name: name of the pair in its dataset.
        degraded: the low-quality image or `None`.
        clean: the ground truth or `None`.
    """

    name: str
    degraded: Any = None
    clean: Any = None

    def load_degraded(self, channels=3, to_gray=rgb_to_gray):
        """Loads the low-quality image.

        Args:
            channels: 3 for colour, 1 for gray.
            to_gray: function that converts colour to gray.

        Returns:
            Array `(H, W, channels)`: uint8, or floats in [0, 1] if the
            dataset stores floats.

        Raises:
            ValueError: if it cannot be read or does not exist.
        """
        return self._load("degraded", channels, to_gray)

    def load_clean(self, channels=3, to_gray=rgb_to_gray):
        """Loads the ground truth; see `load_degraded`."""
        return self._load("clean", channels, to_gray)

    def _load(self, role, channels, to_gray):
        source = getattr(self, role)
        if source is None:
            raise ValueError(
                f"{self.name} has no {role} image; use a dataset that "
                "provides it."
            )
        if isinstance(source, (str, Path)):
            return load_image(source, channels, to_gray)
        array = source.load()
        if channels == 3:
            return array
        if array.dtype != np.uint8:
            raise ValueError(
                f"{self.name} is a colour image of type {array.dtype}; only "
                "uint8 images can be converted to gray."
            )
        return to_gray(array)[..., None]


def folder_pairs(degraded, clean, lonely=False):
    """Pairs the images of two folders by file name.

    Args:
        degraded: folder of low-quality images.
        clean: folder of their ground truth; file extensions may differ
            within a pair.
        lonely: whether to return unpaired files too, with `None` for the
            missing image, instead of raising an error.

    Returns:
        List of `ImagePair`, sorted by name.

    Raises:
        ValueError: if a folder contains no images, two files in a folder
            differ only in their extension, or a file is unpaired and
            `lonely` is off.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> noisy, clean = tempfile.mkdtemp(), tempfile.mkdtemp()
    >>> Image.new("RGB", (4, 4)).save(f"{noisy}/a.jpg")
    >>> Image.new("RGB", (4, 4)).save(f"{clean}/a.png")
    >>> [pair.name for pair in folder_pairs(noisy, clean)]
    ['a']
    """
    low, high = _by_stem(degraded), _by_stem(clean)
    if lonely:
        return [
            ImagePair(key, low.get(key), high.get(key))
            for key in sorted({**low, **high})
        ]
    return match_pairs(low, high, f"{degraded} and {clean}")


def match_pairs(degraded, clean, where):
    """Pairs images that have the same key.

    Args:
        degraded: mapping from key to low-quality image.
        clean: mapping from key to ground truth.
        where: location of the files, for the error message.

    Returns:
        List of `ImagePair` in the order of `clean`, named by key.

    Raises:
        ValueError: if an image is unpaired.
    """
    lonely = sorted(
        str({**degraded, **clean}[key])
        for key in degraded.keys() ^ clean.keys()
    )
    if lonely:
        raise ValueError(
            f"Unpaired files in {where}: {_listed(lonely)}; add the missing "
            "counterparts or remove these files."
        )
    return [ImagePair(key, degraded[key], clean[key]) for key in clean]


def _by_stem(folder):
    found = {}
    for path in list_images(folder):
        if path.stem in found:
            raise ValueError(
                f"{found[path.stem].name} and {path.name} in {folder} have "
                "the same base name; remove one of them."
            )
        found[path.stem] = path
    return found


def _listed(names, most=5):
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def check_pair(name, degraded, clean, scale):
    """Raises ValueError unless the clean image is `scale` times as large."""
    wanted = tuple(side * scale for side in np.shape(degraded)[:2])
    if np.shape(clean)[:2] != wanted:
        raise ValueError(
            f"{name}: the low-quality image is {degraded.shape[1]}x"
            f"{degraded.shape[0]} and its ground truth {clean.shape[1]}x"
            f"{clean.shape[0]}, which is not {scale} times as large; set the "
            "correct scale or remove the pair."
        )
