"""Photos stored in MATLAB files: SIDD's validation blocks and DND."""

import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrestore.data.pairs import ImagePair
from kerasrestore.messages import reason

SIDD_FILES = ("ValidationNoisyBlocksSrgb.mat", "ValidationGtBlocksSrgb.mat")


@dataclass(frozen=True)
class SIDDBlock:
    """One SIDD validation block, usable as an image of an `ImagePair`.

    Attributes:
        path: MATLAB file; its variable has the same name as the file.
        scene: first index of the block.
        block: second index of the block.
    """

    path: Path
    scene: int
    block: int

    def load(self):
        """The block, uint8 `(256, 256, 3)`."""
        return _sidd_blocks(self.path)[self.scene, self.block]


@dataclass(frozen=True)
class DNDBlock:
    """One crop of a DND photo, usable as an image of an `ImagePair`.

    Attributes:
        path: file of the photo.
        box: first row, first column, last row, last column; 1-based and
            inclusive.
    """

    path: Path
    box: tuple

    def load(self):
        """The block, float32 `(512, 512, 3)` in [0, 1]."""
        top, left, bottom, right = self.box
        with _damage(self.path), _h5py().File(self.path, "r") as file:
            # MATLAB stores arrays column-major: (channel, column, row).
            block = file["InoisySRGB"][:, left - 1 : right, top - 1 : bottom]
            block = np.asarray(block, np.float32).T
            if block.shape != (bottom - top + 1, right - left + 1, 3):
                raise ValueError("it has another shape than its box")
        return block


def sidd_validation(folder):
    """SIDD's validation blocks, noisy and clean.

    Args:
        folder: folder with `ValidationNoisyBlocksSrgb.mat` and
            `ValidationGtBlocksSrgb.mat`.

    Returns:
        List of `ImagePair` in index order.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if scipy is missing or the contents are unexpected.
    """
    noisy, clean = (_existing(Path(folder) / name) for name in SIDD_FILES)
    shapes = [_sidd_blocks(path).shape for path in (noisy, clean)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{noisy} and {clean} contain blocks of different shapes, "
            f"{shapes[0]} and {shapes[1]}; download both again."
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
        folder: folder with `info.mat`, `images_srgb/0001.mat` and so on.

    Returns:
        List of `ImagePair` without clean images, in submission order.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if h5py is missing or a file is damaged.
    """
    folder = Path(folder)
    pairs = []
    path = _existing(folder / "info.mat")
    h5py = _h5py()
    with _damage(path), h5py.File(path, "r") as info:
        boxes = [
            np.array(info[reference], np.float64).T.reshape(-1, 4).astype(int)
            for reference in info["info"]["boundingboxes"][0]
        ]
    for number, image_boxes in enumerate(boxes, 1):
        path = _existing(folder / "images_srgb" / f"{number:04d}.mat")
        for place, box in enumerate(image_boxes, 1):
            block = DNDBlock(path, tuple(box.tolist()))
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
            "Reading MATLAB files requires scipy: pip install "
            '"kerasrestore[matlab]".'
        ) from error
    with _damage(path):
        name = path.stem
        blocks = scipy.io.loadmat(path, variable_names=[name]).get(name)
    if not isinstance(blocks, np.ndarray) or (
        blocks.ndim != 5 or blocks.shape[-1] != 3 or blocks.dtype != np.uint8
    ):
        raise ValueError(
            f"{path} does not contain {path.stem} as uint8 blocks (scene, "
            "block, row, column, channel); download it again."
        )
    return blocks


@contextlib.contextmanager
def _damage(path):
    """Errors in a damaged file as one sentence; its readers raise any."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(
            f"{path} is damaged ({reason(error)}); download it again."
        ) from error


def _h5py():
    try:
        import h5py
    except ImportError as error:
        raise ValueError(
            "Reading MATLAB 7.3 files requires h5py: pip install "
            '"kerasrestore[matlab]".'
        ) from error
    return h5py


READERS = {"dnd": dnd, "sidd_validation": sidd_validation}
