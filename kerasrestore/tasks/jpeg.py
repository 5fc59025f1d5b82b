"""Reduction of JPEG compression artifacts."""

import numbers

import numpy as np

from kerasrestore.imaging.jpeg_file import jpeg_levels
from kerasrestore.imaging.luma import rgb_to_y_bytes
from kerasrestore.tasks.task import Task


class Jpeg(Task):
    """JPEG compression and its evaluation protocol.

    Images are compressed by Pillow's encoder (libjpeg-turbo), which for gray
    images is bit-exact with MATLAB's `imwrite`, which the papers used. The
    published tables are for gray images: gray files unchanged, colour files
    as the rounded Y of MATLAB's rgb2ycbcr (`load_clean(path, 1)`). RGB images
    are compressed with 4:2:0 chroma subsampling, like photographs; there are
    no published tables for them. Scores are computed over all channels,
    without shaving the border.

    Args:
        quality: Pillow's quality, 1 to 100; an integer, or a pair `(low,
            high)` for a quality drawn uniformly per patch.

    Raises:
        ValueError: if quality is neither an integer nor a pair of integers,
            or is out of range, or if the pair is not in ascending order.

    Example:
    >>> import numpy as np
    >>> task = Jpeg(quality=10)
    >>> clean = np.arange(256, dtype="uint8").reshape(16, 16)
    >>> degraded = task.degrade_benchmark(clean, 0)
    >>> degraded.shape, task.score(degraded, clean)["psnr"] < 40
    ((16, 16), True)

    References:
        RNAN, tables 5 and 8; PANet, table 3; DANet, table 5, at qualities
        10, 20, 30 and 40. In RNAN's and PANet's row "JPEG", the SSIM is
        taken from older papers and computed differently; DANet's agrees with
        this package's at qualities 10 and 20.
    """

    name = "jpeg"
    degradation = "jpeg"
    setting_argument = "quality"
    setting_type = int
    setting_help = "the JPEG quality, a whole number from 1 to 100"
    setting_format = "quality {}"
    setting_required = True
    usual_setting = 10
    benchmark_settings = (10, 20, 30, 40)
    block = 16  # 8x8 blocks of chroma at half the resolution.
    halo = 2  # Chroma upsampling reads the neighbouring sample.
    to_gray = staticmethod(rgb_to_y_bytes)

    def __init__(self, quality=(5, 95)):
        self.quality = quality_range(quality)

    @property
    def setting(self):
        low, high = self.quality
        if low != high:
            raise ValueError(
                "A benchmark requires one quality, got the range "
                f"{low}..{high}; use Jpeg(quality=10), for example."
            )
        return low

    @property
    def label(self):
        return f"quality{self.setting}"

    def validation_tasks(self):
        low, high = self.quality
        if low == high:
            return (self,)
        return tuple(Jpeg(q) for q in self._settings_within(low, high))

    def _degrade_patch(self, clean, rng):
        low, high = self.quality
        quality = low if low == high else int(rng.integers(low, high + 1))
        levels = np.rint(np.clip(clean, 0.0, 1.0) * np.float32(255))
        return _compress(levels.astype(np.uint8), quality), np.float32(quality)

    def _degrade_image(self, clean, rng):
        return _compress(clean, self.setting)

    def draw_tensors(self, shape, seed=None):
        import keras

        low, high = self.quality
        return {
            "quality": keras.random.randint(shape[:1], low, high + 1, seed=seed)
        }

    def pair_tensors(self, clean, drawn):
        """See `Task.pair_tensors`; the images need a static size."""
        from keras import ops

        from kerasrestore.ops.jpeg import jpeg

        quality = ops.cast(drawn["quality"], "float32")
        return jpeg(clean, quality), clean, quality

    def get_config(self):
        """Constructor arguments that recreate this task."""
        return {"quality": list(self.quality)}


def quality_range(quality):
    """Lowest and highest quality, from a number or a pair.

    Raises:
        ValueError: as `Jpeg`.
    """
    pair = quality if isinstance(quality, (tuple, list)) else (quality,) * 2
    if (
        len(pair) != 2
        or not all(isinstance(q, numbers.Integral) for q in pair)
        or not 1 <= pair[0] <= pair[1] <= 100
    ):
        raise ValueError(
            "quality must be an integer from 1 to 100 or a pair (low, "
            f"high), got {quality!r}."
        )
    return int(pair[0]), int(pair[1])


def _compress(clean, quality):
    return jpeg_levels(clean, quality) / np.float32(255)
