"""Random training patches of pairs from records."""

from kerasrestore.data.images import rgb_to_gray
from kerasrestore.data.pair_sampler import PairSampler
from kerasrestore.data.pairs import check_pair


class RecordPairSampler(PairSampler):
    """`PairSampler` that reads tiles of records instead of whole images.

    Its batches are those that `PairSampler` draws with the same seed from
    the pairs that the records were made of, bit for bit.

    Args:
        records: `Records` with clean and degraded images.
        scale: factor from the low-quality to the clean images' sides.
        channels: 3 for colour, 1 for gray.
        to_gray: function that makes colour gray, a task's `to_gray`.
        patch_size: side of the square clean patches in pixels, a multiple of
            the scale; the low-quality ones are smaller by it.
        batch_size: patches in a batch.
        seed: seed of the sequence.

    Raises:
        ValueError: if the records do not hold both images, one is smaller
            than a patch, or the images have another scale.

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
            records.layouts,  # which have the names
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
        # Both patches lie in the same records: they are read once.
        rows, columns = (
            slice(start, start + self.patch_size) for start in (top, left)
        )
        index = arrays[0].index
        pixels = self.records.crop(index, rows, columns, self.records.roles)
        patches = [image.converted(pixels[image.role]) for image in arrays]
        return super()._cut(patches, 0, 0, turn, mirror, rng)
