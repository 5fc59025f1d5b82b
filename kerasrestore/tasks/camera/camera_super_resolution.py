"""Super-resolution of photographs with noise and JPEG artifacts."""

import numpy as np

from kerasrestore.imaging.luma import rgb_to_y_bytes
from kerasrestore.imaging.resizing import resized
from kerasrestore.tasks.camera.camera_noise import CameraNoise
from kerasrestore.tasks.camera.filters import blur
from kerasrestore.tasks.super_resolution import FACTORS
from kerasrestore.tasks.task import Task

SHARES = {"camera": 0.5, "gaussian": 0.15, "film": 0.1, "clean": 0.25}
# Strongest blur before shrinking, in pixels of the small image.
SOFTEST = 0.7
BLURRED_SHARE = 0.5


class CameraSuperResolution(Task):
    """Shrinking, and noise of cameras, film and image files behind it.

    The image is shrunk bicubically with antialiasing, half of the time after
    a Gaussian blur, as by a soft lens. The noise of `CameraNoise`, JPEG
    artifacts included, is added to the small image, which is clipped and
    rounded to 8 bits. The restoration target is the clean image. Scores are
    those of `SuperResolution`.

    Args:
        scale: 2, 3 or 4.
        shares: as in `CameraNoise`.
        shot: as in `CameraNoise`.
        sigma: as in `CameraNoise`.
        quality: as in `CameraNoise`.

    Raises:
        ValueError: if the scale is not supported, and as in `CameraNoise`.

    Example:
    >>> task = CameraSuperResolution(2)
    >>> image = np.full((64, 64, 3), 0.5, "float32")
    >>> small, clean, level = task.training_pair(
    ...     image, np.random.default_rng(0)
    ... )
    >>> small.shape, clean.shape
    ((32, 32, 3), (64, 64, 3))

    References:
        - Zhang et al., "Designing a Practical Degradation Model for Deep
          Blind Image Super-Resolution", ICCV 2021 (BSRGAN): blur, shrinking,
          camera noise and JPEG instead of bicubic shrinking alone.
    """

    name = "super_resolution"
    degradation = "camera"
    setting_argument = "scale"
    setting_type = int
    setting_help = "the scale, 2, 3 or 4"
    setting_format = "x{}"
    setting_required = True
    benchmark_settings = FACTORS
    published = False
    scales = FACTORS
    scored_on_y = True
    to_gray = staticmethod(rgb_to_y_bytes)

    def __init__(
        self,
        scale=2,
        shares=None,
        shot=(1e-4, 5e-3),
        sigma=(0.0, 25.0),
        quality=(50, 99),
    ):
        if scale not in FACTORS:
            raise ValueError(f"scale must be 2, 3 or 4, got {scale!r}.")
        self.scale = self.block = self.shave = int(scale)
        self.noise = CameraNoise(
            shot=shot,
            shares=SHARES if shares is None else shares,
            sigma=sigma,
            quality=quality,
        )
        self.halo = self.scale * (self.noise.halo + 4)

    @classmethod
    def for_model(cls, model, setting=None, **options):
        if setting is None:
            setting = model.scale
        return super().for_model(model, setting, **options)

    @classmethod
    def calibration_tasks(cls, model, sigma_range=(0, 55)):
        return (cls(model.scale),)

    @property
    def setting(self):
        return self.scale

    @property
    def label(self):
        return f"x{self.scale}"

    def training_pair(self, clean, rng):
        self._check_sides(clean)
        degraded, strength = self._degrade_patch(clean, rng)
        return degraded, clean, strength

    def _degrade_image(self, clean, rng):
        image = clean / np.float32(255)
        if image.ndim == 2:
            return self._degrade_patch(image[..., None], rng)[0][..., 0]
        return self._degrade_patch(image, rng)[0]

    def _degrade_patch(self, clean, rng):
        image = np.asarray(clean, np.float32)
        # Independent streams, so that one draw does not shift the others.
        lens, noise = rng.spawn(2)
        if lens.random() < BLURRED_SHARE:
            softness = lens.uniform(0.2, SOFTEST)
            image = blur(image, softness * self.scale)
        height, width = (side // self.scale for side in image.shape[:2])
        small = np.clip(resized(image, height, width), 0, 1)
        noisy, target, level = self.noise.training_pair(small, noise)
        # The target differs from the small image where a camera changes more
        # than a model should undo.
        degraded = np.clip(small + noisy - target, 0, 1)
        return np.rint(degraded * np.float32(255)) / np.float32(255), level

    def get_config(self):
        """Constructor arguments that recreate this task."""
        config = self.noise.get_config()
        return {
            "scale": self.scale,
            **{key: config[key] for key in ("shares", "shot", "sigma")},
            "quality": config["quality"],
        }
