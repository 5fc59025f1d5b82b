"""The hyperparameters of a training, as options of a script."""

import argparse
import dataclasses

from kerasrestore.training.fit_settings import FitSettings
from kerasrestore.training.losses import LOSSES
from kerasrestore.training.schedules import SCHEDULES


@dataclasses.dataclass(frozen=True)
class Settings:
    """Hyperparameters of a training.

    Args:
        steps: training steps.
        batch_size: patches per step.
        patch_size: side of the clean patches in pixels.
        loss: training loss, see `make_loss`.
        loss_crop: side of the central crop of a patch on which the loss is
            computed, 0 for the whole patch.
        learning_rate: peak learning rate.
        schedule: learning-rate schedule, see `make_schedule`.
        warmup: warm-up steps.
        decay: steps of a trapezoid's decay.
        halve_every: steps between halvings of `"step"`, or a text with the
            steps at which the rate is halved.
        final_rate: learning rate at the end of `"cosine"`.
        ema: momentum of the moving average of the weights, 0 for none.
        clip_norm: maximum global norm of the gradient, 0 for none.
        clip_each: maximum norm of each variable's gradient, 0 for none.
        validate_every: steps between validations.
        validation_crop: side of the validation crops in pixels.
        validation_crops: validation crops of each image along either side.
        smallest_scale: smallest random scale by which images are shrunk
            before a patch is cropped; 1 for none.
        texture_crops: random crops of which the one with the most texture
            becomes the patch.
    """

    steps: int
    batch_size: int = 16
    patch_size: int = 48
    loss: str = FitSettings.loss
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
    validate_every: int = FitSettings.validate_every
    validation_crop: int = 256
    validation_crops: int = 1
    smallest_scale: float = 1.0
    texture_crops: int = 1


HELP = {
    "steps": "training steps",
    "batch_size": "patches per step, over all devices",
    "patch_size": "side of a clean patch in pixels",
    "loss": "training loss",
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
    "validate_every": "steps between validations and checkpoints",
    "validation_crop": "side of the validation crops",
    "validation_crops": "validation crops of an image along either side",
    "smallest_scale": "smallest random scale by which images are shrunk "
    "before a patch is cropped, 1: none",
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
    "texture_crops",
)


def add_settings(add):
    """Adds an option for every setting; left out, it is `None`.

    Args:
        add: `add_argument` of a parser.
    """
    kinds = {"decay": int, "halve_every": _halvings}
    choices = {"loss": LOSSES, "schedule": SCHEDULES}
    for field in dataclasses.fields(Settings):
        add(
            "--" + field.name.replace("_", "-"),
            type=kinds.get(field.name, field.type),
            choices=choices.get(field.name),
            help=HELP[field.name] + " (default: the paper's value)",
        )


def fill_settings(args, settings):
    """Fills in the options that were not given, and checks all of them.

    Args:
        args: parsed arguments.
        settings: `Settings`.

    Raises:
        ValueError: if a number is out of its range.
    """
    for name, value in dataclasses.asdict(settings).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    for field in dataclasses.fields(Settings):
        value = getattr(args, field.name)
        if value is None or isinstance(value, str):
            continue
        positive = field.name in POSITIVE
        if not (value > 0 or (value == 0 and not positive)):
            raise ValueError(
                f"--{field.name.replace('_', '-')} is a number "
                f"{'above 0' if positive else 'of at least 0'}, got {value}."
            )
    if args.ema >= 1:
        raise ValueError(f"--ema is below 1, got {args.ema}.")
    if args.clip_norm and args.clip_each:
        raise ValueError(
            "Gradients are clipped by their global norm or variable by "
            "variable; give --clip-norm or --clip-each."
        )
    if args.loss_crop > args.patch_size:
        raise ValueError(
            f"--loss-crop lies within a patch of {args.patch_size}, got "
            f"{args.loss_crop}."
        )


def _halvings(text):
    try:
        steps = numbers(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text if len(steps) > 1 else steps[0]


def numbers(text):
    """Whole numbers of an option like `48,128`.

    Args:
        text: the numbers with commas between them, or nothing.

    Returns:
        A tuple.

    Raises:
        ValueError: if it is something else.

    Example:
    >>> numbers("48,128")
    (48, 128)
    """
    try:
        return tuple(int(value) for value in text.split(",") if value)
    except ValueError:
        raise ValueError(
            f"Whole numbers with commas between them are wanted, got {text!r}."
        ) from None
