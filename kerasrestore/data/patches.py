"""Random training patches, degraded on the fly."""

import math
import os

import numpy as np
from PIL import Image

from kerasrestore.data.images import image_size, list_images
from kerasrestore.data.sampler import Sampler, turned, turned_corner


class PatchSampler(Sampler):
    """Samples batches of degraded and clean patches from a folder of images.

    Batch number `step` depends only on `seed` and `step`: a resumed training
    run sees exactly the patches that an uninterrupted one would have seen,
    and several threads may share a sampler. Every patch is a random crop of
    a random image, augmented with random flips and 90-degree rotations.

    If the degradation of a pixel depends on its neighbours or its position,
    the patch is degraded with the surrounding context that the task's
    `block` and `halo` require. The result is a crop of the degraded image,
    without border effects at the patch edges.

    Args:
        folder: folder of images of any type and size, or a list of files, for
            example
            `[pair.clean for pair in open_dataset("BSDS500", root, "train")]`.
        task: task whose `degrade(clean, rng)` generates the input.
        channels: 3 for colour, 1 for gray.
        patch_size: side of the square clean patches in pixels, a multiple of
            the task's scale; degraded patches are smaller by that factor.
        batch_size: patches per batch.
        seed: random seed.
        cache_bytes: size limit of the cache of decoded images, in bytes.
            Images that do not fit are decoded for every patch, which is slow.
        scales: minimum and maximum factor, at most 1, for random bicubic
            downscaling before cropping: downscaled images have finer texture
            and less noise.
        crops: random crops drawn for each patch; the one with the most
            texture is used. Most of a photograph is smooth or out of focus.

    Raises:
        ValueError: if there are no images, an image cannot be read or is
            smaller than a patch, or `patch_size` is not a multiple of the
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
        crops=1,
    ):
        if not 0 < scales[0] <= scales[1] <= 1:
            raise ValueError(
                f"scales must be (minimum, maximum) with 0 < minimum <= "
                f"maximum <= 1, got {scales}."
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
            crops=crops,
        )
        self.task = task
        self.scales = tuple(scales)

    def image(self, index):
        """Image number `index`, uint8 `(H, W, channels)`; not cached."""
        return self._checked(index)[0]

    def shape(self, index):
        """`(H, W, channels)` of image number `index`, without decoding it."""
        return self._usable((*image_size(self.files[index]), self.channels))

    def window(self, index, rows, columns):
        """The pixels of image number `index` in two slices, uint8."""
        return self._arrays(index)[0][rows, columns]

    @property
    def shrunk_side(self):
        """Side of a shrunk image that holds any patch with its context.

        With `scales`, a window is shrunk that becomes this large, unless the
        image is smaller.
        """
        return self.patch_size + 2 * (self.task.halo + self.task.block)

    def _usable(self, shape):
        # What the task crops from a dummy that occupies no memory.
        whole = np.broadcast_to(np.uint8(0), shape)
        return self.task.ground_truth(whole).shape

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
        # Limit the downscaling so that the image still holds a patch.
        least = self.patch_size / min(image.shape[:2])
        factor = max(least, rng.uniform(*self.scales))
        sides, rows_and_columns = [], []
        for side in image.shape[:2]:
            # Source pixels for the patch and its degradation context.
            source = min(side, math.ceil(self.shrunk_side / factor))
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
        """Range to degrade along one axis for a patch at `start`."""
        block, halo = self.task.block, self.task.halo
        stop = start + self.patch_size + halo
        return slice(
            max(0, start - halo) // block * block,
            min(side, -(-stop // block) * block),
        )
