"""The hyperparameters of a training run, as command-line options."""

import argparse
import dataclasses

from kerasrestore.training.fit_settings import FitSettings, check_by_layer
from kerasrestore.training.losses import FLOOR, LOSSES
from kerasrestore.training.schedules import SCHEDULES

HELP = {
    "steps": "training steps",
    "batch_size": "patches per step, over all devices",
    "patch_size": "side of a clean patch in pixels",
    "loss": "training loss",
    "loss_floor": "mean squared error, on the [0, 1] scale, below which "
    "log_mse pays little attention to an image",
    "loss_crop": "side of the central crop of a patch on which the loss is "
    "computed, 0: the whole patch",
    "learning_rate": "peak learning rate",
    "schedule": "learning-rate schedule",
    "warmup": "warm-up steps of trapezoid and cosine",
    "decay": "steps of a trapezoid's decay",
    "halve_every": "steps between halvings of step, or the steps at which the "
    "rate is halved: 1000,2000,4000",
    "final_rate": "learning rate at the end of cosine",
    "ema": "momentum of the moving average of the weights, 0: none",
    "clip_norm": "maximum global norm of the gradient, 0: none",
    "clip_each": "maximum norm of each variable's gradient, 0: none",
    "layer_rates": "factors of the learning rate of single layers, by name "
    "or pattern: NAME=FACTOR,...; none: the same for all",
    "layer_clips": "maximum norms of the gradients of single layers, by name "
    "or pattern: NAME=NORM,...; none: no bound",
    "validate_every": "steps between validations and checkpoints",
    "validation_crop": "side of the validation crops",
    "validation_crops": "validation crops of an image along either side",
    "smallest_scale": "smallest random scale by which images are shrunk "
    "before a patch is cropped, 1: none",
    "largest_scale": "largest random scale by which images are shrunk; below "
    "1, noise in the training images is averaged away",
    "texture_crops": "random crops of which the one with the most texture "
    "becomes the patch",
}
# Options that may not be 0 or below; the other numbers may be 0.
POSITIVE = (
    "steps",
    "batch_size",
    "patch_size",
    "learning_rate",
    "validate_every",
    "validation_crop",
    "validation_crops",
    "smallest_scale",
    "largest_scale",
    "texture_crops",
    "loss_floor",
)
# What turns a setting off that is a text.
NONE = "none"


@dataclasses.dataclass(frozen=True)
class Settings:
    """Hyperparameters of a training run.

    Args:
        steps: training steps.
        batch_size: patches per step.
        patch_size: side of the clean patches in pixels.
        loss: training loss, see `make_loss`.
        loss_floor: floor of `"log_mse"`, see `LogMeanSquaredError`.
        loss_crop: side of the central crop of a patch on which the loss is
            computed, 0 for the whole patch.
        learning_rate: peak learning rate.
        schedule: learning-rate schedule, see `make_schedule`.
        warmup: warm-up steps.
        decay: steps of a trapezoid's decay.
        halve_every: steps between halvings of `"step"`, or the steps at
            which the rate is halved, as text.
        final_rate: learning rate at the end of `"cosine"`.
        ema: momentum of the moving average of the weights, 0 for none.
        clip_norm: maximum global norm of the gradient, 0 for none.
        clip_each: maximum norm of each variable's gradient, 0 for none.
        layer_rates: factors of the learning rate by layer, as text:
            `"offset_conv=0.1"`, or `"none"`.
        layer_clips: maximum gradient norms by layer, as text.
        validate_every: steps between validations.
        validation_crop: side of the validation crops in pixels.
        validation_crops: validation crops of each image along either side.
        smallest_scale: smallest random scale by which images are shrunk
            before a patch is cropped; 1 for none.
        largest_scale: largest random scale; below 1, every image is shrunk,
            which averages its own noise away.
        texture_crops: random crops of which the one with the most texture
            becomes the patch.

    Raises:
        ValueError: if a number is out of its range; the message names the
            option.
    """

    steps: int
    batch_size: int = 16
    patch_size: int = 48
    loss: str = FitSettings.loss
    loss_floor: float = FLOOR
    loss_crop: int = 0
    learning_rate: float = 1e-4
    schedule: str = "step"
    warmup: int = 0
    decay: int | None = None
    halve_every: int | str | None = 200_000
    final_rate: float = 0.0
    ema: float = FitSettings.ema
    clip_norm: float = FitSettings.clip_norm
    clip_each: float = FitSettings.clip_each
    layer_rates: str = NONE
    layer_clips: str = NONE
    validate_every: int = FitSettings.validate_every
    validation_crop: int = 256
    validation_crops: int = 1
    smallest_scale: float = 1.0
    largest_scale: float = 1.0
    texture_crops: int = 1

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None or isinstance(value, str):
                continue
            positive = field.name in POSITIVE
            if not (value > 0 or (value == 0 and not positive)):
                raise ValueError(
                    f"{_option(field.name)} must be a number "
                    f"{'above 0' if positive else 'of at least 0'}, got "
                    f"{value}."
                )
        if self.ema >= 1:
            raise ValueError(f"--ema must be below 1, got {self.ema}.")
        if self.clip_norm and self.clip_each:
            raise ValueError(
                "Gradients are clipped either by their global norm or per "
                "variable; give only one of --clip-norm and --clip-each."
            )
        for name, zero in (("layer_rates", True), ("layer_clips", False)):
            check_by_layer(_option(name), self.by_layer(name), zero)
        if self.loss_crop > self.patch_size:
            raise ValueError(
                f"--loss-crop must be at most the patch size "
                f"{self.patch_size}, got {self.loss_crop}."
            )
        if not self.smallest_scale <= self.largest_scale <= 1:
            raise ValueError(
                "--smallest-scale must be at most --largest-scale, and that "
                f"at most 1, got {self.smallest_scale} and "
                f"{self.largest_scale}."
            )

    def by_layer(self, name):
        """`layer_rates` or `layer_clips` as a dictionary."""
        text = getattr(self, name)
        return {} if text == NONE else named_numbers(_option(name), text)

    @property
    def scales(self):
        """Smallest and largest random scale, as `PatchSampler` takes them."""
        return self.smallest_scale, self.largest_scale


def add_settings(add):
    """Adds an option for every setting; left out, it is `None`.

    Args:
        add: `add_argument` of a parser.
    """
    kinds = {"decay": int, "halve_every": _halvings}
    choices = {"loss": LOSSES, "schedule": SCHEDULES}
    for field in dataclasses.fields(Settings):
        add(
            _option(field.name),
            type=kinds.get(field.name, field.type),
            choices=choices.get(field.name),
            help=HELP[field.name] + " (default: the paper's value)",
        )


def override(settings, args):
    """Settings, overridden by the options that were given.

    Args:
        settings: `Settings`.
        args: parsed arguments, see `add_settings`.

    Returns:
        `Settings`.

    Raises:
        ValueError: as `Settings`.
    """
    names = [field.name for field in dataclasses.fields(Settings)]
    given = {name: getattr(args, name) for name in names}
    return dataclasses.replace(
        settings,
        **{name: value for name, value in given.items() if value is not None},
    )


def _option(name):
    return "--" + name.replace("_", "-")


def _halvings(text):
    try:
        steps = numbers(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text if len(steps) > 1 else steps[0]


def numbers(text):
    """Whole numbers of an option like `48,128`.

    Args:
        text: numbers separated by commas, may be empty.

    Returns:
        A tuple.

    Raises:
        ValueError: if the text is something else.

    Example:
    >>> numbers("48,128")
    (48, 128)
    """
    try:
        return tuple(int(value) for value in text.split(",") if value)
    except ValueError:
        raise ValueError(
            f"Whole numbers separated by commas are expected, got {text!r}."
        ) from None


def named_numbers(option, text, kind="name", example="a=0.7,b=0.3"):
    """Numbers by name of an option like `camera=0.7,gaussian=0.3`.

    Args:
        option: the option, for the message.
        text: `NAME=NUMBER` pairs separated by commas.
        kind: what the names are, for the message.
        example: pairs, for the message.

    Returns:
        Dictionary from names to numbers.

    Raises:
        ValueError: if the text is something else, or a name occurs twice.

    Example:
    >>> named_numbers("--layer-rates", "offset_conv=0.1,block*=2")
    {'offset_conv': 0.1, 'block*': 2.0}
    """
    pairs = [pair.partition("=") for pair in text.split(",")]
    try:
        found = {name.strip(): float(value) for name, _, value in pairs}
    except ValueError:
        found = {}
    if len(found) < len(pairs) or "" in found:
        raise ValueError(
            f"{option} must be numbers by {kind}, each {kind} once, such as "
            f"{example}, got {text!r}."
        )
    return found
