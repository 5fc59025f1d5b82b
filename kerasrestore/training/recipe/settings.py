"""The settings of a training, as options of a script."""

import argparse
import dataclasses

from kerasrestore.training.fit import LOSSES
from kerasrestore.training.schedules import SCHEDULES


@dataclasses.dataclass(frozen=True)
class Settings:
    """How a network is trained for a task, by its paper.

    Args:
        steps: training steps.
        batch_size: patches a step.
        patch_size: side of the clean patches in pixels.
        loss: see `make_loss`.
        loss_crop: side of the middle of a patch that the loss is taken of,
            0 for all of it.
        learning_rate: highest rate.
        schedule: see `make_schedule`.
        warmup: steps of warm-up.
        decay: steps of a trapezoid's way down.
        halve_every: steps between halvings of `"step"`, or a text with the
            steps at which it is halved.
        final_rate: rate at the end of `"cosine"`.
        ema: momentum of the weights' moving average, 0 for none.
        clip_norm: bound on the gradient's norm, 0 for none.
        clip_each: bound on the norm of the gradient of each variable, 0 for
            none.
        validate_every: steps between validations.
        validation_crop: side of the validation crops in pixels.
        validation_crops: crops of each image along either side.
        smallest_scale: images are shrunk by a random factor from this one
            to 1 before a patch is cut from them.
    """

    steps: int
    batch_size: int = 16
    patch_size: int = 48
    loss: str = "l2"
    loss_crop: int = 0
    learning_rate: float = 1e-4
    schedule: str = "step"
    warmup: int = 0
    decay: int | None = None
    halve_every: int | str | None = 200_000
    final_rate: float = 0.0
    ema: float = 0.0
    clip_norm: float = 0.0
    clip_each: float = 0.0
    validate_every: int = 1000
    validation_crop: int = 256
    validation_crops: int = 1
    smallest_scale: float = 1.0


HELP = {
    "steps": "training steps",
    "batch_size": "patches a step, over all devices",
    "patch_size": "side of a clean patch",
    "loss": "what is made small",
    "loss_crop": "side of the middle of a patch that the loss is taken of, 0: "
    "the whole patch",
    "learning_rate": "highest rate",
    "schedule": "how the rate goes",
    "warmup": "steps of warm-up of trapezoid and cosine",
    "decay": "steps of a trapezoid's way down",
    "halve_every": "steps between halvings of step, or the steps at which it "
    "is halved: 1000,2000,4000",
    "final_rate": "rate at the end of cosine",
    "ema": "momentum of the weights' average, 0: none",
    "clip_norm": "bound on the gradient's norm, 0: none",
    "clip_each": "bound on the norm of each variable's gradient, 0: none",
    "validate_every": "steps between validations and checkpoints",
    "validation_crop": "side of the validation crops",
    "validation_crops": "validation crops of an image along either side",
    "smallest_scale": "images are shrunk by a random factor from this to 1",
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
            help=HELP[field.name] + "; the paper's if left out",
        )


def fill_settings(args, settings):
    """Puts settings where no option was given, and checks all of them.

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
            "Gradients are bounded together or each by itself; give "
            "--clip-norm or --clip-each."
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
