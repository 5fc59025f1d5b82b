"""Base class of the training patch samplers."""

import threading
import warnings
from abc import ABC, abstractmethod

import numpy as np


class CacheWarning(UserWarning):
    """Images do not fit into a sampler's cache and are decoded repeatedly."""


class Sampler(ABC):
    """Batches of random patches, each a pure function of seed and step.

    Subclasses define how image number `index` is loaded and how a pair of
    patches is cropped from it. Loaded images are cached up to a memory
    limit. Thread-safe.

    Args:
        files: sequence with one item per image, such as file names.
        channels: 3 for colour, 1 for gray.
        patch_size: side of the square clean patches in pixels.
        batch_size: patches per batch.
        seed: random seed.
        cache_bytes: size limit of the cache of decoded images, in bytes. The
            first image that does not fit is told by a `CacheWarning`.
        scale: scale factor from degraded to clean patches.
        crops: random crops drawn for each patch; the one with the most
            texture is used. Most of a photograph is smooth or out of focus.

    Raises:
        ValueError: if there are no files, a size is below 1 or `patch_size`
            is not a multiple of the scale.
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
        crops=1,
    ):
        if not files:
            raise ValueError(
                "No images to sample patches from; give at least one."
            )
        self.files = files
        self.channels = channels
        self.patch_size = int(patch_size)
        self.batch_size = int(batch_size)
        self.seed = int(seed)
        self.cache_bytes = cache_bytes
        self.scale = scale
        self.crops = int(crops)
        self._cache = {}
        self._cached_bytes = 0
        self._cache_is_full = False
        self._lock = threading.Lock()
        if min(self.patch_size, self.batch_size, self.crops) < 1:
            raise ValueError(
                "patch_size, batch_size and crops must be at least 1, got "
                f"{patch_size}, {batch_size} and {crops}."
            )
        if self.patch_size % scale:
            raise ValueError(
                f"patch_size must be a multiple of the scale {scale}, got "
                f"{patch_size}."
            )

    @abstractmethod
    def _load(self, index):
        """Loads image number `index` as a tuple of arrays, clean first."""

    @abstractmethod
    def _cut(self, arrays, top, left, turn, mirror, rng):
        """Returns a degraded patch, its clean patch and the strength."""

    def _scaled(self, arrays, rng):
        """The image to crop from, optionally downscaled."""
        return arrays

    def _arrays(self, index):
        arrays = self._cache.get(index)
        if arrays is not None:
            return arrays
        arrays = self._checked(index)
        # No eviction: images are sampled uniformly, so replacing cached ones
        # would not raise the hit rate.
        with self._lock:
            size = self._cached_bytes + sum(array.nbytes for array in arrays)
            if index in self._cache:
                return arrays
            if size <= self.cache_bytes:
                self._cache[index] = arrays
                self._cached_bytes = size
                return arrays
            told, self._cache_is_full = self._cache_is_full, True
            held = len(self._cache)
        if not told:
            # A place in the code would tell nothing: it is that of a thread.
            warnings.warn_explicit(
                f"The cache of {self.cache_bytes / 2**30:.3g} GiB holds {held} "
                f"of {len(self.files)} images; the others are decoded whenever "
                "they are needed, which is slow: give a larger cache, or "
                "convert the images to records.",
                CacheWarning,
                filename="kerasrestore",
                lineno=0,
            )
        return arrays

    def _checked(self, index):
        arrays = self._load(index)
        height, width = arrays[0].shape[:2]
        if min(height, width) < self.patch_size:
            raise ValueError(
                f"{self.files[index]} is {width}x{height}, smaller than the "
                f"patch size {self.patch_size}; remove it or reduce the patch "
                "size."
            )
        return arrays

    def batch(self, step):
        """Draws batch number `step`.

        Args:
            step: training step, from 0.

        Returns:
            Degraded patches and clean patches, both float32
            `(batch_size, side, side, channels)` on the [0, 1] scale, and the
            degradation strength per patch, float32 `(batch_size,)`.
        """
        rng = np.random.default_rng([self.seed, step])
        size, scale = self.patch_size, self.scale
        small = (self.batch_size, size // scale, size // scale, self.channels)
        degraded = np.empty(small, np.float32)
        clean = np.empty((self.batch_size, size, size, self.channels), "f4")
        strength = np.empty(self.batch_size, np.float32)
        for item in range(self.batch_size):
            crops = [self._crop(rng) for _ in range(self.crops)]
            best = max(crops, key=self._texture) if self.crops > 1 else crops[0]
            arrays, top, left = best
            turn, mirror = int(rng.integers(4)), bool(rng.integers(2))
            degraded[item], clean[item], strength[item] = self._cut(
                arrays, top, left, turn, mirror, rng
            )
        return degraded, clean, strength

    def _crop(self, rng):
        """A random image and the top left corner of a patch in it."""
        size, scale = self.patch_size, self.scale
        arrays = self._arrays(int(rng.integers(len(self.files))))
        arrays = self._scaled(arrays, rng)
        height, width = arrays[0].shape[:2]
        top = scale * int(rng.integers((height - size) // scale + 1))
        left = scale * int(rng.integers((width - size) // scale + 1))
        return arrays, top, left

    def _texture(self, crop):
        """Mean contrast of neighbouring pixels in the clean patch."""
        arrays, top, left = crop
        size = self.patch_size
        patch = arrays[0][top : top + size, left : left + size].astype("f4")
        return np.abs(np.diff(patch, axis=0)).mean() + (
            np.abs(np.diff(patch, axis=1)).mean()
        )


def turned(image, turn, mirror):
    """One of the eight flips and rotations, as a view without copying."""
    image = np.rot90(image, turn)
    return image[:, ::-1] if mirror else image


def turned_corner(top, left, size, shape, turn, mirror):
    """Top left corner of a square crop after `turned`.

    Args:
        top: first row of the crop before.
        left: first column of the crop before.
        size: side of the crop.
        shape: `(height, width)` of the image before.
        turn: number of quarter turns, as in `turned`.
        mirror: whether the image is mirrored after that.

    Returns:
        First row and first column of the crop afterwards.

    Example:
    >>> turned_corner(0, 1, 2, (4, 8), turn=1, mirror=False)
    (5, 0)
    """
    height, width = shape
    for _ in range(turn):
        top, left = width - left - size, top
        height, width = width, height
    return top, width - left - size if mirror else left
