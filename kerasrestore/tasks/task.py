"""What all tasks have in common."""

import inspect

import numpy as np

from kerasrestore import metrics
from kerasrestore.data.images import load_image, rgb_to_gray


class Task:
    """How low-quality images are made from clean ones, and how restored ones
    are scored.

    A subclass defines `_degrade_patch(clean, rng)` and `_degrade_image(clean,
    rng)`, `setting` and `get_config()`, and sets the attributes below where
    they differ. With `register_task` it is known to recipes, command lines
    and exports. The package's docstring has the contract in words.

    Attributes:
        name: name of the task, by which models and presets know it.
        degradation: name of the way in which images are degraded; tasks of
            one name may have several.
        setting_argument: argument of the constructor that a setting gives.
        setting_type: type of a setting: `float`, `int` or `str`.
        setting_help: what a setting is, with its range.
        setting_format: how a number is written as a setting.
        setting_required: whether images cannot be degraded without one.
        usual_setting: setting at which models are measured where none is
            given.
        benchmark_settings: settings of the papers' tables; a range is
            validated at those that lie in it, and int8 is calibrated at
            them.
        published: whether the published figures for the task are of images
            that were degraded in this way.
        channels: numbers of channels that images can have.
        scales: enlargements of a model for the task, if it enlarges at all.
        sigma_range: lowest and highest noise level, 0..255 scale, which
            models with a sigma input are given; `None` if it has none.
        quantize_input: whether the noisy image is clipped and rounded to 8
            bits, which tables tell apart.
        scale: factor from the degraded to the clean image's sides.
        block: a crop that begins on multiples of it is degraded as the same
            place of the whole image is, but for its border.
        halo: width of that border in clean pixels.
        shave: pixels that scores leave out on each side.
        scored_on_y: whether colour images are scored on their Y.
        to_gray: function that makes gray ground truth of colour files.
    """

    name = None
    degradation = None
    setting_argument = None
    setting_type = float
    setting_help = None
    setting_format = "{}"
    setting_required = False
    usual_setting = None
    benchmark_settings = ()
    published = True
    channels = (1, 3)
    scales = (1,)
    sigma_range = None
    quantize_input = False
    scale = 1
    block = 1
    halo = 0
    shave = 0
    scored_on_y = False
    to_gray = staticmethod(rgb_to_gray)

    @classmethod
    def from_setting(cls, text=None, **options):
        """The task at a setting, as a command line gives it.

        Args:
            text: the setting, or several with commas between them; `None`
                for that of the constructor.
            **options: further arguments of the constructor.

        Returns:
            A task of this class.

        Raises:
            ValueError: if a setting is missing or is none of the task's, or
                an option does not go with the task.

        Example:
        >>> from kerasrestore.tasks import Denoise
        >>> Denoise.from_setting("0,55").sigma
        (0.0, 55.0)
        """
        if text is None and not cls.setting_required:
            return cls.from_options(**options)
        if text is None:
            raise ValueError(f"{cls.name} wants a setting, {cls.setting_help}.")
        if cls.setting_argument is None:
            raise ValueError(f"{cls.name} has no setting, got {text!r}.")
        try:
            values = tuple(map(cls.setting_type, str(text).split(",")))
        except ValueError:
            raise ValueError(
                f"The setting of {cls.name} is {cls.setting_help}, got "
                f"{text!r}."
            ) from None
        value = values if len(values) > 1 else values[0]
        return cls.from_options(**{cls.setting_argument: value}, **options)

    @classmethod
    def from_options(cls, **options):
        """The task with arguments of its constructor, which are checked.

        Raises:
            ValueError: if an argument is unknown or out of its range.
        """
        known = inspect.signature(cls).parameters
        for option in options:
            if option not in known:
                raise ValueError(
                    f"{cls.__name__} takes no {option}; leave it out."
                )
        return cls(**options)

    @classmethod
    def for_model(cls, model, setting=None, **options):
        """The task at which a model is measured.

        Args:
            model: `Restorer` or `LiteRTRestorer`.
            setting: as `text` in `from_setting`; the usual one unless given.
            **options: as in `from_setting`.

        Raises:
            ValueError: as `from_setting`.
        """
        if setting is None:
            setting = cls.usual_setting
        return cls.from_setting(setting, **options)

    @classmethod
    def calibration_tasks(cls, model, sigma_range=(0, 55)):
        """Tasks that degrade what a model is calibrated with for int8.

        Args:
            model: `Restorer`.
            sigma_range: noise levels that a denoiser was trained for.

        Returns:
            Tuple of tasks with one setting each.

        Raises:
            ValueError: if the task cannot tell them from the model.
        """
        settings = cls.benchmark_settings or (cls.usual_setting,)
        return tuple(map(cls.from_setting, settings))

    @property
    def setting(self):
        """The strength that tables name it by, or `None` if it has none."""
        return None

    def strength(self, degraded, target):
        """What a model with a noise level as its input is given.

        Args:
            degraded, target: from `benchmark_pair`.

        Returns:
            The setting; tasks without one measure it.
        """
        return self.setting

    @property
    def label(self):
        """Name of the setting in logs and tables, such as `"sigma25"`."""
        return self.name

    @property
    def setting_name(self):
        """The setting as tables and cards name it: its number or label."""
        number = isinstance(self.setting, (int, float))
        return f"{self.setting:g}" if number else self.label

    @classmethod
    def describe_setting(cls, name):
        """A setting by its `setting_name`, in words.

        Example:
        >>> from kerasrestore.tasks import Denoise
        >>> Denoise.describe_setting("25"), Denoise.describe_setting("camera")
        ('sigma 25', 'camera')
        """
        # A setting without a number has a name of its own.
        number = name[:1].isdecimal()
        return cls.setting_format.format(name) if number else name

    @property
    def degradation_label(self):
        """The degradation as reports name it, with what is unusual in it."""
        return self.degradation

    def validation_tasks(self):
        """Tasks of one setting each at which a model is validated."""
        return (self,)

    def _settings_within(self, low, high):
        """Settings of the tables that lie in a range, or its upper end."""
        settings = self.benchmark_settings
        return [s for s in settings if low <= s <= high] or [high]

    def load_clean(self, path, channels=3):
        """Reads a ground-truth image as the task's tables take it.

        Arguments and errors are those of `load_image` and `ground_truth`.

        Returns:
            uint8 array `(H, W, channels)`.
        """
        return self.ground_truth(load_image(path, channels, self.to_gray))

    def ground_truth(self, image):
        """What a degraded image is compared with.

        Args:
            image: uint8 array `(H, W)` or `(H, W, C)`.

        Returns:
            The image, cropped at the right and bottom to a multiple of the
            scale.

        Raises:
            ValueError: if nothing is left.
        """
        height, width = (
            side // self.modulus * self.modulus for side in image.shape[:2]
        )
        if not height or not width:
            raise ValueError(
                f"An image of {image.shape[1]}x{image.shape[0]} is smaller "
                f"than the scale {self.modulus}; remove it."
            )
        return image[:height, :width]

    @property
    def modulus(self):
        """Number that the sides of ground-truth images are multiples of."""
        return self.scale

    def degrade(self, clean, rng):
        """Degrades training patches.

        Args:
            clean: float32 array `(H, W, C)` or `(N, H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            The degraded patches, float32, smaller by `scale`; and the
            strength that was drawn, a number or one for each patch, float32.

        Raises:
            ValueError: if the shape is another one.
        """
        if np.ndim(clean) == 4:
            pairs = [self.degrade(patch, rng) for patch in clean]
            degraded, strength = zip(*pairs, strict=True)
            return np.stack(degraded), np.array(strength, np.float32)
        if np.ndim(clean) != 3:
            raise ValueError(
                "Patches have the shape (H, W, C) or (N, H, W, C), got "
                f"{np.shape(clean)}; add the axes that are missing."
            )
        self._check_sides(clean)
        return self._degrade_patch(clean, rng)

    def training_pair(self, clean, rng):
        """A degraded training patch and what it is to be restored to.

        That is the clean patch, but for degradations that change the image
        in ways that are not to be undone.

        Args:
            clean: float32 array `(H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            `(degraded, target, strength)`: two float32 arrays and a float32
            number, as `degrade` gives it.

        Raises:
            ValueError: as `degrade` does.
        """
        degraded, strength = self.degrade(clean, rng)
        return degraded, clean, strength

    def benchmark_pair(self, clean, index, seed=0):
        """A degraded benchmark image and what it is scored against.

        Arguments and errors are those of `degrade_benchmark`.

        Returns:
            `(degraded, target)`: what `degrade_benchmark` gives, and a uint8
            array, the clean image unless the degradation changes it in ways
            that are not to be undone.
        """
        return self.degrade_benchmark(clean, index, seed), clean

    def degrade_benchmark(self, clean, index, seed=0):
        """The degraded version of a benchmark image, the same everywhere.

        Args:
            clean: uint8 array `(H, W)` or `(H, W, C)`, from `ground_truth`.
            index: position of the image in its set, files sorted by name.
            seed: first word of the seed of what is drawn.

        Returns:
            float32 array on the [0, 1] scale, smaller by `scale`.

        Raises:
            ValueError: if the task has a range of settings, or the image is
                no uint8 image or has sides that do not fit.
        """
        clean = self._checked(clean)
        return self._degrade_image(clean, np.random.default_rng([seed, index]))

    def degrade_tensors(self, clean, seed=None):
        """`degrade` with `keras.ops`, for batches on an accelerator.

        Args:
            clean: tensor `(N, H, W, C)` in [0, 1].
            seed: `keras.random.SeedGenerator`, integer or `None`.

        Returns:
            The degraded batch and the strengths `(N,)`, float32 tensors.

        Raises:
            ValueError: if the task cannot be done with tensor operations.
        """
        raise ValueError(
            f"The task {self.name} cannot be done with tensor operations; "
            "degrade NumPy patches instead."
        )

    def protocol(self, channels):
        """Name of what is compared: `"rgb"`, `"gray"`, `"y_shave2"`."""
        kind = "gray" if channels == 1 else "y" if self.scored_on_y else "rgb"
        return f"{kind}_shave{self.shave}" if self.shave else kind

    def score(self, restored, clean, quantize=True):
        """PSNR and SSIM by the protocol of the task's tables.

        Args:
            restored: uint8 array, or floats on the [0, 1] scale, `(H, W)`,
                `(H, W, 1)` or `(H, W, 3)`.
            clean: uint8 array of the same shape, from `ground_truth`.
            quantize: whether floats are clipped and rounded to 8 bits first,
                as all tables do with restored images. Tables give the noisy
                input unclipped and not rounded.

        Returns:
            Dictionary with `"psnr"` in decibels and `"ssim"`.

        Raises:
            ValueError: if the images do not fit each other, or are neither
                uint8 nor float.

        Example:
        >>> import numpy as np
        >>> from kerasrestore.tasks import Denoise
        >>> clean = np.full((16, 16), 100, "uint8")
        >>> figures = Denoise(25).score(clean + np.uint8(5), clean)
        >>> round(figures["psnr"], 2)
        34.15
        """
        restored, clean = np.asarray(restored), np.asarray(clean)
        if clean.dtype != np.uint8:
            raise ValueError(
                f"The ground truth is a uint8 image, got {clean.dtype}."
            )
        if np.issubdtype(restored.dtype, np.floating):
            restored = restored * np.float32(255)
            if quantize:
                restored = np.rint(restored.clip(0, 255))
        elif restored.dtype != np.uint8:
            raise ValueError(
                "A restored image is uint8, or float on the [0, 1] scale, got "
                f"{restored.dtype}; convert it first."
            )
        if clean.ndim == 2 or clean.shape[-1] == 1:
            psnr, ssim = metrics.psnr_gray, metrics.ssim_gray
        elif self.scored_on_y:
            psnr, ssim = metrics.psnr_y, metrics.ssim_y
        else:
            psnr, ssim = metrics.psnr_rgb, metrics.ssim_rgb
        return {
            "psnr": psnr(restored, clean, self.shave),
            "ssim": ssim(restored, clean, self.shave),
        }

    def _checked(self, clean):
        clean = np.asarray(clean)
        if clean.dtype != np.uint8 or clean.ndim not in (2, 3):
            raise ValueError(
                "Benchmark images are uint8 of shape (H, W) or (H, W, C), got "
                f"{clean.dtype} of shape {clean.shape}; convert it first."
            )
        self._check_sides(clean)
        return clean

    def _check_sides(self, clean):
        height, width = clean.shape[:2]
        if height % self.modulus or width % self.modulus:
            raise ValueError(
                f"Sides are multiples of {self.modulus}, got "
                f"{width}x{height}; crop the image with ground_truth."
            )
