"""Random training patches, degraded as they are drawn."""

import math
import os

import numpy as np
from PIL import Image

from kerasrestore.data.images import list_images
from kerasrestore.data.sampler import Sampler, turned, turned_corner


class PatchSampler(Sampler):
    """Draws batches of degraded and clean patches from a folder of images.

    Batch number `step` depends on `seed` and `step` alone, never on what was
    drawn before: a training that is killed and started again sees exactly
    the patches that it would have seen, and several readers may work on one
    sampler at the same time. Every patch is cropped at random from a random
    image and turned by one of the eight flips and rotations.

    Where the degradation of a pixel depends on its neighbours or its place, a
    patch is degraded together with as much around it as the task's `block`
    and `halo` ask for. So it is a crop of the degraded image, as patches from
    the papers' files are, and not an image of its own with borders of its own.

    Args:
        folder: folder of images of any kind and size, or a list of files,
            `[pair.clean for pair in open_dataset("BSDS500", root, "train")]`
            for example.
        task: task whose `degrade(clean, rng)` makes the input.
        channels: 3 for colour, 1 for gray.
        patch_size: side of the square clean patches in pixels, a multiple of
            the task's scale; degraded ones are smaller by it.
        batch_size: patches in a batch.
        seed: seed of the sequence.
        cache_bytes: decoded images kept in memory, in bytes. Images beyond
            that are decoded again when they are wanted, which is slow.
        scales: lowest and highest factor, at most 1, by which an image is
            shrunk (bicubic) before a patch is cut from it: small images have
            finer texture, and are cleaner.

    Raises:
        ValueError: if there is no image, an image cannot be read or
            is smaller than a patch, or `patch_size` is no multiple of the
            scale.

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
        scales=(1.0, 1.0),
    ):
        if not 0 < scales[0] <= scales[1] <= 1:
            raise ValueError(
                f"scales are factors in order, above 0 and at most 1, got "
                f"{scales}."
            )
        listed = isinstance(folder, (str, os.PathLike))
        super().__init__(
            list_images(folder) if listed else list(folder),
            channels=channels,
            patch_size=patch_size,
            batch_size=batch_size,
            seed=seed,
            cache_bytes=cache_bytes,
            scale=task.scale,
        )
        self.task = task
        self.scales = tuple(scales)

    def image(self, index):
        """Image number `index`, uint8 `(H, W, channels)`."""
        return self._arrays(index)[0]

    def _load(self, index):
        return (self.task.load_clean(self.files[index], self.channels),)

    def _cut(self, arrays, top, left, turn, mirror, rng):
        (image,), size, scale = arrays, self.patch_size, self.scale
        rows = self._window(top, image.shape[0])
        columns = self._window(left, image.shape[1])
        window = image[rows, columns]
        top, left = turned_corner(
            top - rows.start,
            left - columns.start,
            size,
            window.shape[:2],
            turn,
            mirror,
        )
        window = turned(window, turn, mirror) / np.float32(255)
        degraded, clean, strength = self.task.training_pair(window, rng)
        clean = clean[top : top + size, left : left + size]
        top, left, size = top // scale, left // scale, size // scale
        return degraded[top : top + size, left : left + size], clean, strength

    def _scaled(self, arrays, rng):
        if self.scales == (1.0, 1.0):
            return arrays
        (image,), task = arrays, self.task
        # An image that is not much larger than a patch is shrunk less.
        least = self.patch_size / min(image.shape[:2])
        factor = max(least, rng.uniform(*self.scales))
        sides, rows_and_columns = [], []
        small = self.patch_size + 2 * (task.halo + task.block)
        for side in image.shape[:2]:
            # What the patch and the degradation around it want, if it fits.
            source = min(side, math.ceil(small / factor))
            first = int(rng.integers(side - source + 1))
            rows_and_columns.append(slice(first, first + source))
            new = max(self.patch_size, round(source * factor))
            sides.append(new // task.modulus * task.modulus)
        window = np.ascontiguousarray(image[tuple(rows_and_columns)])
        gray = window.shape[-1] == 1
        shrunk = Image.fromarray(window[..., 0] if gray else window).resize(
            sides[::-1], Image.Resampling.BICUBIC
        )
        return (np.asarray(shrunk).reshape(*sides, -1),)

    def _window(self, start, side):
        """What has to be degraded along one axis for a patch at `start`."""
        block, halo = self.task.block, self.task.halo
        stop = start + self.patch_size + halo
        return slice(
            max(0, start - halo) // block * block,
            min(side, -(-stop // block) * block),
        )
