"""Photographs inside MATLAB files: SIDD's validation blocks and DND."""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrestore.data.pairs import ImagePair

SIDD_FILES = ("ValidationNoisyBlocksSrgb.mat", "ValidationGtBlocksSrgb.mat")


@dataclass(frozen=True)
class SIDDBlock:
    """One block of a file of SIDD, an image of `ImagePair`.

    Attributes:
        path: file, whose variable has the file's name.
        scene: first index.
        block: second index.
    """

    path: Path
    scene: int
    block: int

    def load(self):
        """The block, uint8 `(256, 256, 3)`."""
        return _sidd_blocks(self.path)[self.scene, self.block]


@dataclass(frozen=True)
class DNDBlock:
    """One box of a photograph of DND, an image of `ImagePair`.

    Attributes:
        path: file of the photograph.
        box: first row, first column, last row, last column, counted from 1.
    """

    path: Path
    box: tuple

    def load(self):
        """The block, float32 `(512, 512, 3)` in [0, 1]."""
        top, left, bottom, right = self.box
        with _h5py().File(self.path, "r") as file:
            # MATLAB's columns come first: (channel, column, row).
            block = file["InoisySRGB"][:, left - 1 : right, top - 1 : bottom]
        return np.asarray(block, np.float32).T


def sidd_validation(folder):
    """SIDD's validation blocks, noisy and clean.

    Args:
        folder: folder with `ValidationNoisyBlocksSrgb.mat` and
            `ValidationGtBlocksSrgb.mat`.

    Returns:
        List of `ImagePair` in the order of the files' indices.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if scipy is missing, or the files hold something else.
    """
    noisy, clean = (_existing(Path(folder) / name) for name in SIDD_FILES)
    shapes = [_sidd_blocks(path).shape for path in (noisy, clean)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{noisy} and {clean} hold blocks of different shapes, "
            f"{shapes[0]} and {shapes[1]}; get both anew."
        )
    return [
        ImagePair(
            f"{scene:04d}_{block:03d}",
            SIDDBlock(noisy, scene, block),
            SIDDBlock(clean, scene, block),
        )
        for scene, block in np.ndindex(shapes[0][:2])
    ]


def dnd(folder):
    """DND's noisy blocks; the ground truth is not published.

    Args:
        folder: folder with `info.mat` and `images_srgb/0001.mat` and so on.

    Returns:
        List of `ImagePair` without clean images, in the order in which
        results are submitted.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if h5py is missing.
    """
    folder = Path(folder)
    pairs = []
    with _h5py().File(_existing(folder / "info.mat"), "r") as info:
        boxes = [
            np.array(info[reference], np.float64).T
            for reference in info["info"]["boundingboxes"][0]
        ]
    for number, image_boxes in enumerate(boxes, 1):
        path = _existing(folder / "images_srgb" / f"{number:04d}.mat")
        for place, box in enumerate(image_boxes, 1):
            block = DNDBlock(path, tuple(int(edge) for edge in box))
            pairs.append(ImagePair(f"{number:04d}_{place:02d}", block))
    return pairs


def _existing(path):
    if not path.is_file():
        raise FileNotFoundError(path)
    return path


@functools.lru_cache(maxsize=2)
def _sidd_blocks(path):
    try:
        import scipy.io
    except ImportError as error:
        raise ValueError(
            "MATLAB files need the package scipy: pip install "
            '"kerasrestore[matlab]".'
        ) from error
    blocks = scipy.io.loadmat(path).get(path.stem)
    if blocks is None or blocks.ndim != 5 or blocks.dtype != np.uint8:
        raise ValueError(
            f"{path} does not hold {path.stem} as uint8 blocks (scene, block, "
            "row, column, channel); get it anew."
        )
    return blocks


def _h5py():
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            "MATLAB files of version 7.3 need the package h5py: pip install "
            '"kerasrestore[matlab]".'
        ) from error
    return h5py


READERS = {"dnd": dnd, "sidd_validation": sidd_validation}
