"""Random training patches from records, degraded on the fly."""

from kerasrestore.data.patches import PatchSampler


class RecordPatchSampler(PatchSampler):
    """`PatchSampler` that reads tiles from records instead of whole images.

    With the same seed, its batches are bit-identical to those of
    `PatchSampler` on the original images: patch positions are uniform and
    independent, not clustered by read. Images are not cached, so the dataset
    may be larger than memory.

    Args:
        records: `Records` with clean images.
        task: task whose `degrade(clean, rng)` generates the input.
        channels: 3 for colour, 1 for gray.
        patch_size: side of the square clean patches in pixels, a multiple of
            the task's scale; degraded patches are smaller by that factor.
        batch_size: patches per batch.
        seed: random seed.
        scales: as in `PatchSampler`.
        crops: as in `PatchSampler`.

    Raises:
        ValueError: if the records contain no clean images, an image is
            smaller than a patch, or `patch_size` is not a multiple of the
            scale.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.data import open_dataset
    >>> from kerasrestore.data.pairs import ImagePair
    >>> from kerasrestore.data.records.records import write_records
    >>> from kerasrestore.tasks import Denoise
    >>> folder = tempfile.mkdtemp()
    >>> Image.new("RGB", (120, 100)).save(f"{folder}/a.png")
    >>> pair = ImagePair("a", None, f"{folder}/a.png")
    >>> records = write_records("mine", [pair], folder)
    Downloading and preparing ...
    >>> sampler = RecordPatchSampler(
    ...     records, Denoise(25), patch_size=16, batch_size=2
    ... )
    >>> noisy, clean, sigma = sampler.batch(0)
    >>> noisy.shape, clean.shape, sigma.shape
    ((2, 16, 16, 3), (2, 16, 16, 3), (2,))
    """

    def __init__(
        self,
        records,
        task,
        *,
        channels=3,
        patch_size=64,
        batch_size=16,
        seed=0,
        scales=(1.0, 1.0),
        crops=1,
    ):
        super().__init__(
            records.names,
            task,
            channels=channels,
            patch_size=patch_size,
            batch_size=batch_size,
            seed=seed,
            scales=scales,
            crops=crops,
        )
        self.records = records
        records.image(0, "clean", channels)

    def image(self, index):
        """Image number `index`, uint8 `(H, W, channels)`."""
        return self._arrays(index)[0][:, :]

    def shape(self, index):
        """`(H, W, channels)` of image number `index`, without reading it."""
        return self._load(index)[0].shape

    def _load(self, index):
        image = self.records.image(
            index, "clean", self.channels, self.task.to_gray
        )
        image.shape = self._usable(image.shape)
        return (image,)
