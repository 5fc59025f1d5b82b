"""What samplers of training patches have in common."""

import threading
from abc import ABC, abstractmethod

import numpy as np


class Sampler(ABC):
    """Batches of random patches, each a pure function of seed and step.

    A subclass says how image number `index` is loaded and how a pair of
    patches is cut from it. Loaded images are kept in memory as long as there
    is room; several threads may draw at the same time.

    Args:
        files: sequence of what there is to load, one item for each image.
        channels: 3 for colour, 1 for gray.
        patch_size: side of the square clean patches in pixels.
        batch_size: patches in a batch.
        seed: seed of the sequence.
        cache_bytes: bytes of decoded images kept in memory.
        scale: factor from the degraded to the clean patches' sides.

    Raises:
        ValueError: if there is no file, a size is below 1 or `patch_size` is
            no multiple of the scale.
    """

    def __init__(
        self,
        files,
        *,
        channels,
        patch_size,
        batch_size,
        seed,
        cache_bytes,
        scale,
    ):
        if not files:
            raise ValueError("There is nothing to draw from; give an image.")
        self.files = files
        self.channels = channels
        self.patch_size = int(patch_size)
        self.batch_size = int(batch_size)
        self.seed = int(seed)
        self.cache_bytes = cache_bytes
        self.scale = scale
        self._cache = {}
        self._cached_bytes = 0
        self._lock = threading.Lock()
        if self.patch_size < 1 or self.batch_size < 1:
            raise ValueError(
                "patch_size and batch_size are at least 1, got "
                f"{patch_size} and {batch_size}."
            )
        if self.patch_size % scale:
            raise ValueError(
                f"patch_size is a multiple of the scale {scale}, got "
                f"{patch_size}."
            )

    @abstractmethod
    def _load(self, index):
        """The arrays of image number `index` as a tuple, clean one first."""

    @abstractmethod
    def _cut(self, arrays, top, left, turn, mirror, rng):
        """A degraded patch, the clean one and the strength."""

    def _scaled(self, arrays, rng):
        """What a patch is cut from: the image, or a smaller one made of it."""
        return arrays

    def _arrays(self, index):
        arrays = self._cache.get(index)
        if arrays is not None:
            return arrays
        arrays = self._load(index)
        height, width = arrays[0].shape[:2]
        if min(height, width) < self.patch_size:
            raise ValueError(
                f"{self.files[index]} is {width}x{height}, "
                f"smaller than a patch of {self.patch_size}; remove it or "
                "choose a smaller patch."
            )
        # First come, first kept: patches are drawn uniformly, so that
        # throwing old images out would gain nothing.
        with self._lock:
            size = self._cached_bytes + sum(array.nbytes for array in arrays)
            if index not in self._cache and size <= self.cache_bytes:
                self._cache[index] = arrays
                self._cached_bytes = size
        return arrays

    def batch(self, step):
        """Batch number `step`.

        Args:
            step: position in the sequence, from 0.

        Returns:
            The degraded patches and the clean ones, both float32
            `(batch_size, side, side, channels)` with [0, 1] as the range of
            clean images, and the degradation's strength per patch, float32
            `(batch_size,)`.
        """
        rng = np.random.default_rng([self.seed, step])
        size, scale = self.patch_size, self.scale
        small = (self.batch_size, size // scale, size // scale, self.channels)
        degraded = np.empty(small, np.float32)
        clean = np.empty((self.batch_size, size, size, self.channels), "f4")
        strength = np.empty(self.batch_size, np.float32)
        for item in range(self.batch_size):
            arrays = self._arrays(int(rng.integers(len(self.files))))
            arrays = self._scaled(arrays, rng)
            height, width = arrays[0].shape[:2]
            top = scale * int(rng.integers((height - size) // scale + 1))
            left = scale * int(rng.integers((width - size) // scale + 1))
            turn, mirror = int(rng.integers(4)), bool(rng.integers(2))
            degraded[item], clean[item], strength[item] = self._cut(
                arrays, top, left, turn, mirror, rng
            )
        return degraded, clean, strength


def turned(image, turn, mirror):
    """One of the eight views of an image, as a view of its memory."""
    image = np.rot90(image, turn)
    return image[:, ::-1] if mirror else image


def turned_corner(top, left, size, shape, turn, mirror):
    """Where the corner of a square lies in a view of an image.

    Args:
        top: its first row before.
        left: its first column before.
        size: side of the square.
        shape: `(height, width)` of the image before.
        turn: quarter turns, as `turned` takes them.
        mirror: whether mirrored after that.

    Returns:
        First row and first column in the view.

    Example:
    >>> turned_corner(0, 1, 2, (4, 8), turn=1, mirror=False)
    (5, 0)
    """
    height, width = shape
    for _ in range(turn):
        top, left = width - left - size, top
        height, width = width, height
    return top, width - left - size if mirror else left
