"""Random training patches, a pure function of seed and step."""

import threading

import numpy as np

from kerasrestore.data.images import list_images, load_image


class PatchSampler:
    """Draws batches of degraded and clean patches from a folder of images.

    Batch number `step` depends on `seed` and `step` alone, never on what was
    drawn before: a training that is killed and started again sees exactly
    the patches that it would have seen, and several readers may work on one
    sampler at the same time. Every patch is cropped at random from a random
    image and turned by one of the eight flips and rotations.

    Args:
        folder: folder of images of any kind and size.
        task: task whose `degrade(clean, rng)` makes the input.
        channels: 3 for colour, 1 for gray.
        patch_size: side of the square patches in pixels.
        batch_size: patches in a batch.
        seed: seed of the sequence.
        cache_bytes: decoded images kept in memory, in bytes. Images beyond
            that are decoded again when they are wanted, which is slow.

    Raises:
        ValueError: if the folder holds no image, an image cannot be read or
            is smaller than a patch.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.tasks import Denoise
    >>> folder = tempfile.mkdtemp()
    >>> Image.new("RGB", (40, 30)).save(f"{folder}/a.png")
    >>> sampler = PatchSampler(
    ...     folder, Denoise(25), patch_size=16, batch_size=2
    ... )
    >>> noisy, clean, sigma = sampler.batch(0)
    >>> noisy.shape, clean.shape, sigma.shape
    ((2, 16, 16, 3), (2, 16, 16, 3), (2,))
    """

    def __init__(
        self,
        folder,
        task,
        *,
        channels=3,
        patch_size=64,
        batch_size=16,
        seed=0,
        cache_bytes=2 << 30,
    ):
        self.files = list_images(folder)
        self.task = task
        self.channels = channels
        self.patch_size = int(patch_size)
        self.batch_size = int(batch_size)
        self.seed = int(seed)
        self.cache_bytes = cache_bytes
        self._cache = {}
        self._cached_bytes = 0
        self._lock = threading.Lock()
        if self.patch_size < 1 or self.batch_size < 1:
            raise ValueError(
                "patch_size and batch_size are at least 1, got "
                f"{patch_size} and {batch_size}."
            )

    def image(self, index):
        """Image number `index`, uint8 `(H, W, channels)`."""
        image = self._cache.get(index)
        if image is not None:
            return image
        image = load_image(self.files[index], self.channels)
        if min(image.shape[:2]) < self.patch_size:
            raise ValueError(
                f"{self.files[index]} is {image.shape[1]}x{image.shape[0]}, "
                f"smaller than a patch of {self.patch_size}; remove it or "
                "choose a smaller patch."
            )
        # First come, first kept: patches are drawn uniformly, so that
        # throwing old images out would gain nothing.
        with self._lock:
            size = self._cached_bytes + image.nbytes
            if index not in self._cache and size <= self.cache_bytes:
                self._cache[index] = image
                self._cached_bytes = size
        return image

    def batch(self, step):
        """Batch number `step`.

        Args:
            step: position in the sequence, from 0.

        Returns:
            The degraded patches and the clean ones, both float32
            `(batch_size, patch_size, patch_size, channels)` with [0, 1] as
            the range of clean images, and the degradation's strength per
            patch, float32 `(batch_size,)`.
        """
        rng = np.random.default_rng([self.seed, step])
        size = self.patch_size
        shape = (self.batch_size, size, size, self.channels)
        degraded = np.empty(shape, np.float32)
        clean = np.empty(shape, np.float32)
        strength = np.empty(self.batch_size, np.float32)
        for item in range(self.batch_size):
            image = self.image(int(rng.integers(len(self.files))))
            top = rng.integers(image.shape[0] - size + 1)
            left = rng.integers(image.shape[1] - size + 1)
            patch = image[top : top + size, left : left + size]
            patch = np.rot90(patch, rng.integers(4))
            if rng.integers(2):
                patch = patch[:, ::-1]
            clean[item] = patch
            clean[item] /= np.float32(255)
            degraded[item], strength[item] = self.task.degrade(clean[item], rng)
        return degraded, clean, strength
