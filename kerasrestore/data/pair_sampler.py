"""Random training patches of pairs of files."""

import numpy as np

from kerasrestore.data.images import rgb_to_gray
from kerasrestore.data.pairs import check_pair
from kerasrestore.data.sampler import Sampler, turned


class PairSampler(Sampler):
    """Draws batches of patches from pairs of a low-quality and a clean image.

    For photographs (SIDD, RealSR), and for sets whose low-quality images are
    files. As with `PatchSampler`, batch number `step` depends on `seed` and
    `step` alone, and patches are turned by one of the eight flips and
    rotations.

    Args:
        pairs: list of `ImagePair`, from `folder_pairs` or `open_dataset`.
        scale: factor from the low-quality to the clean images' sides.
        channels: 3 for colour, 1 for gray.
        to_gray: function that makes colour gray, a task's `to_gray`.
        patch_size: side of the square clean patches in pixels, a multiple of
            the scale; the low-quality ones are smaller by it.
        batch_size: patches in a batch.
        seed: seed of the sequence.
        cache_bytes: decoded images kept in memory, in bytes.

    Raises:
        ValueError: if there is no pair, an image cannot be read, is smaller
            than a patch, or the two of a pair do not fit each other.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.data import folder_pairs
    >>> noisy, clean = tempfile.mkdtemp(), tempfile.mkdtemp()
    >>> for folder in (noisy, clean):
    ...     Image.new("RGB", (20, 30)).save(f"{folder}/a.png")
    >>> sampler = PairSampler(
    ...     folder_pairs(noisy, clean), patch_size=16, batch_size=2
    ... )
    >>> noisy, clean, strength = sampler.batch(0)
    >>> noisy.shape, clean.shape
    ((2, 16, 16, 3), (2, 16, 16, 3))
    """

    def __init__(
        self,
        pairs,
        *,
        scale=1,
        channels=3,
        to_gray=rgb_to_gray,
        patch_size=64,
        batch_size=16,
        seed=0,
        cache_bytes=2 << 30,
    ):
        pairs = list(pairs)
        super().__init__(
            [pair.name for pair in pairs],
            channels=channels,
            patch_size=patch_size,
            batch_size=batch_size,
            seed=seed,
            cache_bytes=cache_bytes,
            scale=scale,
        )
        self.pairs = pairs
        self.to_gray = to_gray

    def _load(self, index):
        pair = self.pairs[index]
        clean = pair.load_clean(self.channels, self.to_gray)
        degraded = pair.load_degraded(self.channels, self.to_gray)
        check_pair(pair.name, degraded, clean, self.scale)
        return clean, degraded

    def _cut(self, arrays, top, left, turn, mirror, rng):
        clean, degraded = arrays
        patches = []
        for image, scale in ((degraded, self.scale), (clean, 1)):
            y, x, size = (n // scale for n in (top, left, self.patch_size))
            patch = turned(image[y : y + size, x : x + size], turn, mirror)
            if patch.dtype == np.uint8:
                patch = patch / np.float32(255)
            patches.append(patch)
        return *patches, np.float32(0)
