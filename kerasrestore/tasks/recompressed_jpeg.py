"""JPEG files as they are found: compressed more than once, resized after."""

import numpy as np

from kerasrestore.imaging.jpeg_file import jpeg_levels
from kerasrestore.imaging.luma import rgb_to_y_bytes
from kerasrestore.imaging.resizing import resized
from kerasrestore.tasks.camera.filters import LUMA, blur, rms
from kerasrestore.tasks.jpeg import quality_range
from kerasrestore.tasks.task import Task

# Pillow's codes for 4:4:4, 4:2:2 and 4:2:0.
SUBSAMPLINGS = (0, 1, 2)
SUBSAMPLING_SHARES = (0.25, 0.1, 0.65)
# Where the range of the qualities to draw from begins, as a share of it.
RANGES = (0.0, 0.5, 0.8)
RANGE_SHARES = (0.5, 0.2, 0.3)
# A second compression has its own block grid.
BLOCK = 8
# Resized files were up to this much larger when they were compressed.
LARGEST = 2.0
# Grain: largest standard deviation on the 0..255 scale, and strongest blur.
COARSEST, SOFTEST = 6.0, 0.8


class RecompressedJpeg(Task):
    """JPEG compression, once or twice, and resizing after it.

    Photographs are edited and shared: compressed again with another quality
    and, after cropping, another block grid, and shrunk, so that their
    artifacts no longer lie on a grid of eight pixels. Chroma is subsampled
    at random (4:2:0, 4:2:2 or 4:4:4). The restoration target is the clean
    image.

    Args:
        quality: Pillow's quality, 1 to 100; an integer, or a pair `(low,
            high)` for one drawn per image and compression, more often
            from the upper part of the range.
        twice: fraction of images that are compressed twice.
        resized: fraction of images that are compressed at a larger size, up
            to twice as large, and shrunk afterwards.
        monochrome: fraction of colour images that are made gray before, with
            three equal channels.
        clean: fraction of images that are not compressed.
        grain: fraction of images that get grain before, which belongs to the
            target: otherwise a model trained on photographs without noise
            takes the grain of others for artifacts.

    Raises:
        ValueError: if a value is out of range.

    Example:
    >>> import numpy as np
    >>> task = RecompressedJpeg(quality=20)
    >>> clean = np.random.default_rng(0).integers(0, 256, (32, 32, 3), "uint8")
    >>> degraded, target = task.benchmark_pair(clean, 0)
    >>> degraded.shape, bool(np.any(np.rint(degraded * 255) != target))
    ((32, 32, 3), True)

    References:
        - Jiang et al., "Towards Flexible Blind JPEG Artifacts Removal",
          ICCV 2021: double compression with shifted grids.
    """

    name = "jpeg"
    degradation = "recompressed"
    setting_argument = "quality"
    setting_type = int
    setting_help = "the JPEG quality, a whole number from 1 to 100"
    setting_format = "quality {}"
    usual_setting = 30
    benchmark_settings = (10, 30, 75)
    published = False
    # A patch begins anywhere on the block grid of 4:2:0.
    block = 16
    halo = 16
    to_gray = staticmethod(rgb_to_y_bytes)

    def __init__(
        self,
        quality=(10, 97),
        twice=0.3,
        resized=0.2,
        monochrome=0.1,
        clean=0.05,
        grain=0.4,
    ):
        self.quality = quality_range(quality)
        for name, share in (
            ("twice", twice),
            ("resized", resized),
            ("monochrome", monochrome),
            ("clean", clean),
            ("grain", grain),
        ):
            if not 0 <= share <= 1:
                raise ValueError(
                    f"{name} must be a fraction from 0 to 1, got {share!r}."
                )
            setattr(self, name, float(share))

    @property
    def setting(self):
        low, high = self.quality
        if low != high:
            raise ValueError(
                "A benchmark requires one quality, got the range "
                f"{low}..{high}; use RecompressedJpeg(quality=30), for example."
            )
        return low

    @property
    def label(self):
        return f"quality{self.setting}"

    def validation_tasks(self):
        low, high = self.quality
        if low == high:
            return (self,)
        # Images left as they are would dominate the mean.
        config = {**self.get_config(), "clean": 0.0}
        return tuple(
            RecompressedJpeg(**{**config, "quality": quality})
            for quality in self._settings_within(low, high)
        )

    def training_pair(self, clean, rng):
        self._check_sides(clean)
        clean = np.asarray(clean, np.float32)
        if clean.shape[-1] == 3 and rng.random() < self.monochrome:
            clean = np.repeat((clean @ LUMA)[..., None], 3, axis=-1)
        if rng.random() < self.grain:
            clean = _grainy(clean, rng)
        degraded, strength = self._degrade_patch(clean, rng)
        return degraded, clean, strength

    def degrade_benchmark(self, clean, index, seed=0):
        return self.benchmark_pair(clean, index, seed)[0]

    def benchmark_pair(self, clean, index, seed=0):
        image = self._checked(clean) / np.float32(255)
        flat = image.ndim == 2
        degraded, target, _ = self.training_pair(
            image[..., None] if flat else image,
            np.random.default_rng([seed, index]),
        )
        target = np.rint(target * np.float32(255)).astype(np.uint8)
        if flat:
            return degraded[..., 0], target[..., 0]
        return degraded, target

    def _degrade_patch(self, clean, rng):
        """The image as it would be read from a file, and the last quality."""
        if rng.random() < self.clean:
            return clean, np.float32(100)
        height, width = clean.shape[:2]
        shrunk = rng.random() < self.resized
        if shrunk:
            factor = rng.uniform(1.0, LARGEST)
            larger = round(height * factor), round(width * factor)
            clean = resized(clean, *larger)
        levels = _levels(clean)
        for number in range(2 if rng.random() < self.twice else 1):
            quality = self._draw_quality(rng)
            subsampling = int(rng.choice(SUBSAMPLINGS, p=SUBSAMPLING_SHARES))
            # The first grid is the file's; a crop shifts it for the second.
            top, left = rng.integers(BLOCK, size=2) if number else (0, 0)
            levels[top:, left:] = jpeg_levels(
                levels[top:, left:], quality, subsampling=subsampling
            )
        if shrunk:
            levels = _levels(resized(levels / np.float32(255), height, width))
        return levels / np.float32(255), np.float32(quality)

    def _draw_quality(self, rng):
        low, high = self.quality
        # Where a model has little to do, it has to learn how little.
        begin = low + rng.choice(RANGES, p=RANGE_SHARES) * (high - low)
        return int(rng.integers(round(begin), high + 1))

    def get_config(self):
        """Constructor arguments that recreate this task."""
        return {
            "quality": list(self.quality),
            "twice": self.twice,
            "resized": self.resized,
            "monochrome": self.monochrome,
            "clean": self.clean,
            "grain": self.grain,
        }


def _grainy(image, rng):
    """An image with grain of equal or of independent channels."""
    shape = image.shape if rng.random() < 0.5 else (*image.shape[:2], 1)
    noise = rng.standard_normal(shape, dtype=np.float32)
    if rng.random() < 0.5:
        noise = blur(noise, rng.uniform(0.3, SOFTEST))
    level = np.float32(rng.uniform(0, COARSEST) / 255)
    return np.clip(image + level * noise / max(rms(noise), 1e-6), 0, 1)


def _levels(image):
    return np.rint(np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)
