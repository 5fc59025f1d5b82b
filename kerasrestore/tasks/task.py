"""Base class of all tasks."""

import inspect

import numpy as np

from kerasrestore.data.images import load_image, rgb_to_gray
from kerasrestore.tasks.score import score
from kerasrestore.tasks.tensor_degradation import TensorDegradation


class Task(TensorDegradation):
    """Base class: how clean images are degraded and restored images scored.

    A subclass implements `_degrade_patch(clean, rng)`, `_degrade_image(clean,
    rng)`, `setting` and `get_config()`, and overrides the attributes below
    whose defaults do not apply. `register_task` makes it available to
    recipes, the command line and export. The docstring of
    `kerasrestore.tasks` describes the interface.

    Attributes:
        name: name of the task, as in models and presets.
        degradation: name of the degradation, unique among tasks with that name.
        setting_argument: constructor argument that a setting is passed to.
        setting_type: type of a setting: `float`, `int` or `str`.
        setting_help: description of a setting, with its range.
        setting_format: format string for a numeric setting.
        setting_required: whether degrading images requires a setting.
        usual_setting: setting for evaluating models if none is given.
        benchmark_settings: settings of the published tables; a range of
            settings is validated at those within it, and int8 models are
            calibrated at all of them.
        published: whether published results use this degradation.
        channels: supported numbers of image channels.
        scales: supported upscaling factors of models, `(1,)` for none.
        sigma_range: lowest and highest noise level, 0..255 scale, on which
            models with a sigma input are trained; `None` if not applicable.
        quantize_input: whether the noisy image is clipped and rounded to 8
            bits, a separate protocol in the published tables.
        scale: upscaling factor from the degraded to the clean image.
        block: a crop that starts at multiples of it is degraded as within the
            whole image, except for a border.
        halo: width of that border in pixels of the clean image.
        shave: width of the border left out of scores, in pixels.
        scored_on_y: whether colour images are scored on the Y channel.
        to_gray: function that converts colour ground truth to gray.
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
        """Builds a task from a setting given as text.

        Args:
            text: the setting, or several separated by commas; `None` for the
                constructor's default.
            **options: further constructor arguments.

        Returns:
            A task of this class.

        Raises:
            ValueError: if the setting is required but missing, is invalid
                for the task, or an option is not supported by the task.

        Example:
        >>> from kerasrestore.tasks import Denoise
        >>> Denoise.from_setting("0,55").sigma
        (0.0, 55.0)
        """
        if text is None and not cls.setting_required:
            return cls.from_options(**options)
        if text is None:
            raise ValueError(
                f"{cls.name} requires a setting, {cls.setting_help}."
            )
        if cls.setting_argument is None:
            raise ValueError(
                f"{cls.name} has no setting, got {text!r}; leave it out."
            )
        try:
            values = tuple(map(cls.setting_type, str(text).split(",")))
        except ValueError:
            raise ValueError(
                f"The setting of {cls.name} must be {cls.setting_help}, got "
                f"{text!r}."
            ) from None
        value = values if len(values) > 1 else values[0]
        return cls.from_options(**{cls.setting_argument: value}, **options)

    @classmethod
    def from_options(cls, **options):
        """Builds a task from constructor arguments, which are checked.

        Raises:
            ValueError: if an argument is unknown or out of range.
        """
        known = inspect.signature(cls).parameters
        for option in options:
            if option not in known:
                raise ValueError(
                    f"{cls.__name__} does not support {option}; leave it out."
                )
        return cls(**options)

    @classmethod
    def for_model(cls, model, setting=None, **options):
        """Builds the task on which a model is evaluated.

        Args:
            model: `Restorer` or `LiteRTRestorer`.
            setting: as `text` in `from_setting`; `usual_setting` if `None`.
            **options: as in `from_setting`.

        Raises:
            ValueError: as `from_setting`.
        """
        if setting is None:
            setting = cls.usual_setting
        return cls.from_setting(setting, **options)

    @classmethod
    def calibration_tasks(cls, model, sigma_range=(0, 55)):
        """Tasks that degrade the calibration images of int8 export.

        Args:
            model: `Restorer`.
            sigma_range: range of noise levels a denoiser was trained on.

        Returns:
            Tuple of tasks, each with a single setting.

        Raises:
            ValueError: if they cannot be derived from the model.
        """
        settings = cls.benchmark_settings or (cls.usual_setting,)
        return tuple(map(cls.from_setting, settings))

    @property
    def setting(self):
        """The degradation strength as listed in tables, or `None`."""
        return None

    def strength(self, degraded, target):
        """Noise level passed to models with a sigma input.

        Args:
            degraded: from `benchmark_pair`.
            target: from `benchmark_pair`.

        Returns:
            The setting; tasks without one measure the level instead.
        """
        return self.setting

    @property
    def label(self):
        """Label of the setting in logs and plots, such as `"sigma25"`."""
        return self.name

    @property
    def setting_name(self):
        """The setting in tables and model cards: number or label."""
        number = isinstance(self.setting, (int, float))
        return f"{self.setting:g}" if number else self.label

    @classmethod
    def describe_setting(cls, name):
        """A setting in words, from its `setting_name`.

        Example:
        >>> from kerasrestore.tasks import Denoise
        >>> Denoise.describe_setting("25"), Denoise.describe_setting("camera")
        ('sigma 25', 'camera')
        """
        # A setting that is not a number is shown by its name.
        number = name[:1].isdecimal()
        return cls.setting_format.format(name) if number else name

    @property
    def degradation_label(self):
        """The degradation as named in reports, with non-default options."""
        return self.degradation

    def validation_tasks(self):
        """Tasks with a single setting each, for validating a model."""
        return (self,)

    def _settings_within(self, low, high):
        """Benchmark settings within a range, or else its upper end."""
        settings = self.benchmark_settings
        return [s for s in settings if low <= s <= high] or [high]

    def load_clean(self, path, channels=3):
        """Loads a ground-truth image by the published tables' protocol.

        Arguments and errors are as in `load_image` and `ground_truth`.

        Returns:
            uint8 array `(H, W, channels)`.
        """
        return self.ground_truth(load_image(path, channels, self.to_gray))

    def ground_truth(self, image):
        """Crops an image to ground truth that the task can degrade.

        Args:
            image: uint8 array `(H, W)` or `(H, W, C)`.

        Returns:
            The image, cropped at the right and bottom to a multiple of the
            scale.

        Raises:
            ValueError: if the image is smaller than the scale.
        """
        height, width = (
            side // self.modulus * self.modulus for side in image.shape[:2]
        )
        if not height or not width:
            raise ValueError(
                f"An image of {image.shape[1]}x{image.shape[0]} pixels is "
                f"smaller than the scale {self.modulus}; remove it."
            )
        return image[:height, :width]

    @property
    def modulus(self):
        """Divisor of the height and width of ground-truth images."""
        return self.scale

    def degrade(self, clean, rng):
        """Degrades training patches.

        Args:
            clean: float32 array `(H, W, C)` or `(N, H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            `(degraded, strength)`: the float32 patches, smaller by `scale`,
            and the strength drawn, a float32 number or one for each patch.

        Raises:
            ValueError: if `clean` does not have 3 or 4 axes, or its sides are
                not multiples of `modulus`.
        """
        if np.ndim(clean) == 4:
            pairs = [self.degrade(patch, rng) for patch in clean]
            degraded, strength = zip(*pairs, strict=True)
            return np.stack(degraded), np.array(strength, np.float32)
        if np.ndim(clean) != 3:
            raise ValueError(
                "Patches must have shape (H, W, C) or (N, H, W, C), got "
                f"{np.shape(clean)}; reshape them."
            )
        self._check_sides(clean)
        return self._degrade_patch(clean, rng)

    def training_pair(self, clean, rng):
        """A degraded training patch and its restoration target.

        The target is the clean patch, unless the degradation includes changes
        that a model should not undo.

        Args:
            clean: float32 array `(H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            `(degraded, target, strength)`: two float32 arrays and the
            strength as `degrade` returns it.

        Raises:
            ValueError: as in `degrade`.
        """
        degraded, strength = self.degrade(clean, rng)
        return degraded, clean, strength

    def benchmark_pair(self, clean, index, seed=0):
        """A degraded benchmark image and the target it is scored against.

        Arguments and errors are as in `degrade_benchmark`.

        Returns:
            `(degraded, target)`: the result of `degrade_benchmark`, and a
            uint8 array, the clean image unless the degradation includes
            changes that a model should not undo.
        """
        return self.degrade_benchmark(clean, index, seed), clean

    def degrade_benchmark(self, clean, index, seed=0):
        """Degrades a benchmark image, identically on every machine.

        Args:
            clean: uint8 array `(H, W)` or `(H, W, C)`, from `ground_truth`.
            index: position of the image in its set, sorted by file name.
            seed: random numbers come from `default_rng([seed, index])`.

        Returns:
            float32 array on the [0, 1] scale, smaller by `scale`.

        Raises:
            ValueError: if the task has a range of settings, or the image is
                not uint8 or has sides that are not multiples of `modulus`.
        """
        clean = self._checked(clean)
        return self._degrade_image(clean, np.random.default_rng([seed, index]))

    def protocol(self, channels):
        """Name of the protocol: `"rgb"`, `"gray"` or `"y_shave2"`."""
        kind = "gray" if channels == 1 else "y" if self.scored_on_y else "rgb"
        return f"{kind}_shave{self.shave}" if self.shave else kind

    def score(self, restored, clean, quantize=True):
        """PSNR and SSIM by the protocol of the task's tables.

        Args:
            restored: uint8 array, or floats on the [0, 1] scale, `(H, W)`,
                `(H, W, 1)` or `(H, W, 3)`.
            clean: uint8 array of the same shape, from `ground_truth`.
            quantize: whether floats are clipped and rounded to 8 bits first,
                as in all tables for restored images. For the noisy input,
                tables do neither.

        Returns:
            Dictionary with `"psnr"` in decibels and `"ssim"`.

        Raises:
            ValueError: if the images differ in shape or have a dtype other
                than those above.

        Example:
        >>> import numpy as np
        >>> from kerasrestore.tasks import Denoise
        >>> clean = np.full((16, 16), 100, "uint8")
        >>> figures = Denoise(25).score(clean + np.uint8(5), clean)
        >>> round(figures["psnr"], 2)
        34.15
        """
        return score(
            restored,
            clean,
            on_y=self.scored_on_y,
            shave=self.shave,
            quantize=quantize,
        )

    def _checked(self, clean):
        clean = np.asarray(clean)
        if clean.dtype != np.uint8 or clean.ndim not in (2, 3):
            raise ValueError(
                "Benchmark images must be uint8 of shape (H, W) or (H, W, C), "
                f"got {clean.dtype} of shape {clean.shape}; convert them first."
            )
        self._check_sides(clean)
        return clean

    def _check_sides(self, clean):
        height, width = clean.shape[:2]
        if height % self.modulus or width % self.modulus:
            raise ValueError(
                f"Width and height must be multiples of {self.modulus}, got "
                f"{width}x{height}; crop the image with ground_truth."
            )
