"""Random training patches from records of image pairs."""

from kerasrestore.data.images import rgb_to_gray
from kerasrestore.data.pair_sampler import PairSampler
from kerasrestore.data.pairs import check_pair


class RecordPairSampler(PairSampler):
    """`PairSampler` that reads tiles from records instead of whole images.

    With the same seed, its batches are bit-identical to those of
    `PairSampler` on the original pairs.

    Args:
        records: `Records` with clean and degraded images.
        scale: scale factor from low-quality to clean images.
        channels: 3 for colour, 1 for gray.
        to_gray: function that converts colour to gray, such as a task's
            `to_gray`.
        patch_size: side of the square clean patches in pixels, a multiple of
            the scale; low-quality patches are smaller by that factor.
        batch_size: patches per batch.
        seed: random seed.

    Raises:
        ValueError: if the records lack clean or degraded images, an image is
            smaller than a patch, or the scale does not match the images.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.data import folder_pairs
    >>> from kerasrestore.data.records.records import write_records
    >>> noisy, clean = tempfile.mkdtemp(), tempfile.mkdtemp()
    >>> for folder in (noisy, clean):
    ...     Image.new("RGB", (120, 100)).save(f"{folder}/a.png")
    >>> records = write_records("mine", folder_pairs(noisy, clean), clean)
    Downloading and preparing ...
    >>> sampler = RecordPairSampler(records, patch_size=16, batch_size=2)
    >>> noisy, clean, strength = sampler.batch(0)
    >>> noisy.shape, clean.shape
    ((2, 16, 16, 3), (2, 16, 16, 3))
    """

    def __init__(
        self,
        records,
        *,
        scale=1,
        channels=3,
        to_gray=rgb_to_gray,
        patch_size=64,
        batch_size=16,
        seed=0,
    ):
        super().__init__(
            records.layouts,  # they carry the image names
            scale=scale,
            channels=channels,
            to_gray=to_gray,
            patch_size=patch_size,
            batch_size=batch_size,
            seed=seed,
        )
        self.records = records
        for role in ("clean", "degraded"):
            records.image(0, role, channels)

    def _load(self, index):
        clean, degraded = (
            self.records.image(index, role, self.channels, self.to_gray)
            for role in ("clean", "degraded")
        )
        check_pair(self.records.names[index], degraded, clean, self.scale)
        return clean, degraded

    def _cut(self, arrays, top, left, turn, mirror, rng):
        # Both patches are in the same records, so read those only once.
        rows, columns = (
            slice(start, start + self.patch_size) for start in (top, left)
        )
        index = arrays[0].index
        pixels = self.records.crop(index, rows, columns, self.records.roles)
        patches = [image.converted(pixels[image.role]) for image in arrays]
        return super()._cut(patches, 0, 0, turn, mirror, rng)
