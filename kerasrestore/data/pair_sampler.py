"""Random training patches from image pairs."""

import numpy as np

from kerasrestore.data.images import rgb_to_gray
from kerasrestore.data.pairs import check_pair
from kerasrestore.data.sampler import Sampler, turned


class PairSampler(Sampler):
    """Samples batches of aligned patches from pairs of images.

    For real photos (SIDD, RealSR) and other datasets that provide
    low-quality images. As with `PatchSampler`, batch number `step` depends
    only on `seed` and `step`, and patches are augmented with random flips
    and 90-degree rotations.

    Args:
        pairs: list of `ImagePair`, from `folder_pairs` or `open_dataset`.
        scale: scale factor from low-quality to clean images.
        channels: 3 for colour, 1 for gray.
        to_gray: function that converts colour to gray, such as a task's
            `to_gray`.
        patch_size: side of the square clean patches in pixels, a multiple of
            the scale; low-quality patches are smaller by that factor.
        batch_size: patches per batch.
        seed: random seed.
        cache_bytes: size limit of the cache of decoded images, in bytes.

    Raises:
        ValueError: if there are no pairs, an image cannot be read or is
            smaller than a patch, or the sizes of a pair do not match.

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
