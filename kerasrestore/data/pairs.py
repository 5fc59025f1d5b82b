"""Images that belong together: a low-quality one and its ground truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasrestore.data.images import list_images, load_image, rgb_to_gray


@dataclass(frozen=True)
class ImagePair:
    """A low-quality image and its ground truth, either of which may lack.

    Both are files, or objects with `load()` that gives a `(H, W, 3)` array,
    which is how images inside MATLAB files come.

    Attributes:
        name: name of the pair in its set.
        degraded: the low-quality image or `None`.
        clean: the ground truth or `None`.
    """

    name: str
    degraded: Any = None
    clean: Any = None

    def load_degraded(self, channels=3, to_gray=rgb_to_gray):
        """The low-quality image as an array.

        Args:
            channels: 3 for colour, 1 for gray.
            to_gray: function that makes colour gray.

        Returns:
            Array `(H, W, channels)`, uint8 unless the set has floats in
            [0, 1].

        Raises:
            ValueError: if it cannot be read or the set has none.
        """
        return self._load("degraded", channels, to_gray)

    def load_clean(self, channels=3, to_gray=rgb_to_gray):
        """The ground truth as an array, as `load_degraded`."""
        return self._load("clean", channels, to_gray)

    def _load(self, role, channels, to_gray):
        source = getattr(self, role)
        if source is None:
            raise ValueError(
                f"{self.name} has no {role} image; its set holds the other "
                "one alone."
            )
        if isinstance(source, (str, Path)):
            return load_image(source, channels, to_gray)
        array = source.load()
        if channels == 3:
            return array
        if array.dtype != np.uint8:
            raise ValueError(
                f"{self.name} is a colour image of {array.dtype}; only uint8 "
                "images are made gray."
            )
        return to_gray(array)[..., None]


def folder_pairs(degraded, clean, lonely=False):
    """Pairs of the images of two folders, matched by file name.

    Args:
        degraded: folder of low-quality images.
        clean: folder of their ground truth; the suffixes of two files that
            belong together may differ.
        lonely: whether files without a partner are given too, with `None`
            in its place, rather than refused.

    Returns:
        List of `ImagePair`, sorted by name.

    Raises:
        ValueError: if a folder holds no image, two files of one folder differ
            in their suffix alone, or a file has no partner and `lonely` is off.

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
    """Pairs of what has one key.

    Args:
        degraded: mapping of keys to low-quality images.
        clean: mapping of keys to ground truth.
        where: where they lie, for the error message.

    Returns:
        List of `ImagePair` in the order of `clean`, named by their keys.

    Raises:
        ValueError: if any has no partner.
    """
    lonely = sorted(
        str({**degraded, **clean}[key])
        for key in degraded.keys() ^ clean.keys()
    )
    if lonely:
        raise ValueError(
            f"These files of {where} have no partner: {_listed(lonely)}; add "
            "what is missing or remove them."
        )
    return [ImagePair(key, degraded[key], clean[key]) for key in clean]


def _by_stem(folder):
    found = {}
    for path in list_images(folder):
        if path.stem in found:
            raise ValueError(
                f"{found[path.stem].name} and {path.name} of {folder} have "
                "one name; remove one of them."
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
            f"{degraded.shape[0]}, its ground truth {clean.shape[1]}x"
            f"{clean.shape[0]}, and not {scale} times as large; give the "
            "right scale or leave the pair out."
        )
