"""Super-resolution of bicubically downscaled images."""

import functools
import math

import numpy as np

from kerasrestore.imaging.luma import rgb_to_y_bytes
from kerasrestore.imaging.resampling import bicubic_matrix
from kerasrestore.tasks.task import Task

FACTORS = (2, 3, 4)


class SuperResolution(Task):
    """Bicubic downscaling with antialiasing, as by MATLAB's `imresize`.

    Ground truth is cropped at the right and bottom to a multiple of the
    scale. Images are resampled vertically, then horizontally, and rounded to
    8 bits after each pass, as in the papers' low-resolution files, which
    MATLAB made from uint8 images. Scores are computed on the unrounded Y of
    colour images, with a border of `scale` pixels shaved off.

    Gray images are the rounded Y of colour files (`load_clean(path, 1)`), for
    models that super-resolve luma only.

    Args:
        scale: 2, 3 or 4; with `pre_upsampled` also a tuple of these, from
            which one is drawn per patch.
        pre_upsampled: whether to upscale the low-resolution image again by
            bicubic interpolation, without rounding, so that a model's input
            and output have the same size (NLRN).
        quantize: whether to round the low-resolution image to 8 bits. Papers
            that resample Y in floating point (NLRN and others since SRCNN)
            do not.

    Raises:
        ValueError: if the scale is not supported, or is a tuple without
            `pre_upsampled`.

    Example:
    >>> import numpy as np
    >>> task = SuperResolution(2)
    >>> clean = task.ground_truth(np.zeros((9, 8, 3), "uint8"))
    >>> task.degrade_benchmark(clean, 0).shape
    (4, 4, 3)

    References:
        RNAN, tables 6 and 8; PANet, table 5; NLRN, table 6. The published
        row "Bicubic" (Set5 33.66/0.9299, 30.39/0.8682, 28.42/0.8104) comes
        from SRCNN's code: rounded Y, low-resolution image in floating point,
        upscaled image rounded. `SuperResolution(2, pre_upsampled=True,
        quantize=False)` on gray images reproduces it to all digits.
    """

    name = "super_resolution"
    degradation = "bicubic"
    setting_argument = "scale"
    setting_type = int
    setting_help = "the scale, 2, 3 or 4"
    setting_format = "x{}"
    setting_required = True
    benchmark_settings = FACTORS
    scales = FACTORS
    scored_on_y = True
    to_gray = staticmethod(rgb_to_y_bytes)

    def __init__(self, scale=2, pre_upsampled=False, quantize=True):
        factors = tuple(scale) if isinstance(scale, (tuple, list)) else (scale,)
        if not factors or any(factor not in FACTORS for factor in factors):
            raise ValueError(f"scale must be 2, 3 or 4, got {scale!r}.")
        if len(factors) > 1 and not pre_upsampled:
            raise ValueError(
                f"Training on several scales, {scale!r}, requires "
                "pre_upsampled=True; set it or choose one scale."
            )
        self.factors = tuple(int(factor) for factor in factors)
        self.pre_upsampled = bool(pre_upsampled)
        self.quantize = bool(quantize)
        self.scale = 1 if pre_upsampled else self.factors[0]
        self.block = math.lcm(*self.factors)
        # The kernel's radius is 2 low-resolution pixels, down and up alike.
        self.halo = max(self.factors) * (4 if pre_upsampled else 2)
        self.shave = max(self.factors)

    @classmethod
    def for_model(cls, model, setting=None, **options):
        if setting is None:
            setting = model.scale
        return super().for_model(model, setting, **options)

    @classmethod
    def calibration_tasks(cls, model, sigma_range=(0, 55)):
        if model.scale == 1:
            raise ValueError(
                f"{model.name} has scale 1, so its degradation cannot be "
                "inferred; pass a CalibrationSet with settings=[task]."
            )
        return (cls(model.scale),)

    @property
    def modulus(self):
        return self.block

    @property
    def setting(self):
        if len(self.factors) > 1:
            raise ValueError(
                f"A benchmark requires one scale, got {self.factors}; use "
                "SuperResolution(scale=2), for example."
            )
        return self.factors[0]

    @property
    def label(self):
        return f"x{self.setting}"

    def validation_tasks(self):
        options = {
            "pre_upsampled": self.pre_upsampled,
            "quantize": self.quantize,
        }
        return tuple(SuperResolution(f, **options) for f in self.factors)

    def _degrade_patch(self, clean, rng):
        factor = self.factors[0]
        if len(self.factors) > 1:
            factor = self.factors[rng.integers(len(self.factors))]
        levels = clean.astype(np.float64) * 255.0
        if self.quantize:
            levels = np.rint(levels)
        return self._shrink(levels, factor), np.float32(factor)

    def _degrade_image(self, clean, rng):
        return self._shrink(clean.astype(np.float64), self.setting)

    def _shrink(self, levels, factor):
        height, width = levels.shape[:2]
        finish = _to_levels if self.quantize else np.asarray
        for axis, size in ((0, height // factor), (1, width // factor)):
            levels = finish(_resample(levels, axis, size))
        if self.pre_upsampled:
            for axis, size in ((0, height), (1, width)):
                levels = _resample(levels, axis, size)
        return (levels / 255.0).astype(np.float32)

    def draw_tensors(self, shape, seed=None):
        import keras

        if len(self.factors) == 1:
            return {}
        return {
            "index": keras.random.randint(
                shape[:1], 0, len(self.factors), seed=seed
            )
        }

    def pair_tensors(self, clean, drawn):
        """See `Task.pair_tensors`; the images need a static size.

        With several scales, images are degraded by each and one is selected.
        """
        from keras import ops

        self._check_sides(clean[0])
        levels = clean * 255.0
        if self.quantize:
            levels = ops.round(levels)
        every = [self._shrink_tensors(levels, n) for n in self.factors]
        if len(every) == 1:
            strength = ops.full((ops.shape(clean)[0],), float(self.setting))
            return every[0], clean, strength
        index, degraded = drawn["index"], every[0]
        for place, one in enumerate(every[1:], 1):
            here = ops.reshape(ops.equal(index, place), (-1, 1, 1, 1))
            degraded = ops.where(here, one, degraded)
        return degraded, clean, ops.take(np.float32(self.factors), index)

    def _shrink_tensors(self, levels, factor):
        from keras import ops

        from kerasrestore.ops.resampling import weighted_sums

        sides = levels.shape[1:3]
        finish = _round_tensor if self.quantize else ops.convert_to_tensor
        for axis, side in enumerate(sides, 1):
            matrix = _matrix(side, side // factor)
            levels = finish(weighted_sums(levels, matrix, axis))
        if self.pre_upsampled:
            for axis, side in enumerate(sides, 1):
                matrix = _matrix(side // factor, side)
                levels = weighted_sums(levels, matrix, axis)
        return levels / 255.0

    def get_config(self):
        """Constructor arguments that recreate this task."""
        single = len(self.factors) == 1
        return {
            "scale": self.factors[0] if single else list(self.factors),
            "pre_upsampled": self.pre_upsampled,
            "quantize": self.quantize,
        }


@functools.lru_cache(maxsize=64)
def _matrix(size_in, size_out):
    return bicubic_matrix(size_in, size_out, "matlab")


def _resample(image, axis, size):
    matrix = _matrix(image.shape[axis], size)
    return np.moveaxis(np.tensordot(matrix, image, (1, axis)), 0, axis)


def _to_levels(image):
    # MATLAB rounds halves away from zero.
    return np.floor(np.clip(image, 0.0, 255.0) + 0.5)


def _round_tensor(image):
    from keras import ops

    return ops.floor(ops.clip(image, 0.0, 255.0) + 0.5)
