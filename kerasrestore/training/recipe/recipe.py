"""What the scripts in `recipes/` are: a paper's way to train a network."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from kerasrestore.tasks import TASKS, CameraNoise, RealPairs
from kerasrestore.training.distribution.open_distribution import (
    STRATEGIES,
)
from kerasrestore.training.recipe.plan import Plan
from kerasrestore.training.recipe.settings import (
    add_settings,
    fill_settings,
    numbers,
)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a paper trains its network, and a command line for that.

    Args:
        file: the script's `__file__`.
        description: one sentence on what it trains.
        tasks: dictionary of the tasks that it trains for, the default first,
            with their default settings.
        settings: function that takes the arguments and the task and gives
            the paper's `Settings`; options that were given go before them.
        build: function that takes the arguments, the task and the number of
            channels and gives the `Restorer`, or a `Trainee` around it.
        options: function that takes `parser.add_argument` and adds the
            model's own options.
        task_options: function that takes the arguments and gives further
            arguments of the task's class.
        gray: names of the tasks that the paper trains on gray images.
        photos: whether it trains on pairs of photographs too.
        starts: whether a training may begin with the weights of another.

    Example:
    >>> from kerasrestore import DANetMobile
    >>> from kerasrestore.training.recipe.settings import Settings
    >>> recipe = Recipe(
    ...     "train.py",
    ...     "Trains a small network.",
    ...     {"denoise": "25"},
    ...     lambda args, task: Settings(steps=100),
    ...     lambda args, task, channels: DANetMobile(channels=channels),
    ... )
    >>> plan = recipe.plan("--data a --validation b --out c --gray".split())
    >>> plan.args.steps, plan.task.setting, plan.channels
    (100, 25.0, 1)
    """

    file: str
    description: str
    tasks: dict
    settings: Callable
    build: Callable
    options: Callable | None = None
    task_options: Callable | None = None
    gray: tuple = ()
    photos: bool = False
    starts: bool = True

    def run(self, argv=None):
        """Trains as the command line says; ends with a sentence if it cannot.

        Args:
            argv: arguments; those of the process unless given.
        """
        name = Path(self.file).name
        try:
            self.plan(argv).run(name)
        except (ValueError, OSError, FloatingPointError) as error:
            sys.exit(f"{name}: {error}")

    def plan(self, argv=None):
        """What a command line asks for, as a `Plan`.

        Args:
            argv: arguments; those of the process unless given.

        Raises:
            ValueError: if arguments are out of range or do not go together.
        """
        parser = self._parser()
        args = parser.parse_args(argv)
        task = self._task(args)
        args.gray = args.gray or (args.task in self.gray and not args.color)
        settings = self.settings(args, task)
        fill_settings(args, settings)
        defaults = {key: parser.get_default(key) for key in vars(args)}
        defaults |= dataclasses.asdict(settings)
        return Plan(args, task, self.build, defaults)

    def _parser(self):
        parser = argparse.ArgumentParser(
            description=self.description, allow_abbrev=False
        )
        add = parser.add_argument
        data = parser.add_mutually_exclusive_group(required=True)
        data.add_argument("--data", help="folder of training images")
        data.add_argument("--records", help="folder of records, in its place")
        add("--validation", required=True, help="folder of validation images")
        if self.photos:
            add(
                "--degraded", help="folder of low-quality photographs of --data"
            )
            add(
                "--validation-degraded",
                help="likewise of --validation; trains on pairs of photographs",
            )
        add("--out", required=True, help="folder for checkpoint, log, weights")
        add(
            "--task",
            choices=tuple(self.tasks),
            default=next(iter(self.tasks)),
            help="what is restored",
        )
        defaults = ", ".join(
            f"{value} for {name}" for name, value in self.tasks.items()
        )
        add(
            "--setting",
            "--sigma",  # its name when there was noise alone
            help="strength of the degradation or low,high: sigma, JPEG "
            "quality, scale; first 2x2 pixels of the mosaic; "
            f"{defaults} if left out",
        )
        colors = parser.add_mutually_exclusive_group()
        colors.add_argument(
            "--gray", action="store_true", help="train on gray images"
        )
        colors.add_argument(
            "--color",
            action="store_true",
            help="train on colour images where the paper does on gray ones",
        )
        add(
            "--quantize",
            action="store_true",
            help="noisy images are rounded to 8 bits, as in RNAN's and PANet's "
            "files",
        )
        add(
            "--noise",
            choices=("gaussian", "camera"),
            default="gaussian",
            help="camera: the mixture of noise that photographs have, for "
            "which --setting is not used",
        )
        if self.starts:
            add(
                "--start",
                metavar="PRESET",
                help="preset or folder of a training whose weights are the "
                "first ones; layers that it lacks start anew",
            )
        if self.options is not None:
            self.options(add)
        add_settings(add)
        add(
            "--dtype",
            choices=("float32", "mixed_bfloat16", "mixed_float16"),
            default="float32",
            help="of the layers; weights are float32",
        )
        add("--seed", type=int, default=0, help="seed of weights and patches")
        add(
            "--strategy",
            choices=STRATEGIES,
            default="auto",
            help="what the batch is shared out to",
        )
        add("--tensorboard", action="store_true", help="write its events")
        add("--quiet", action="store_true", help="show no progress")
        add(
            "--dry-run",
            action="store_true",
            help="measure a step, print what the training will cost, and end",
        )
        return parser

    def _task(self, args):
        extra = {} if self.task_options is None else self.task_options(args)
        photos = getattr(args, "validation_degraded", None)
        if args.quantize:
            if args.task != "denoise" or photos:
                raise ValueError(
                    "--quantize is for denoise with noise that is drawn; "
                    "leave it out."
                )
            extra["quantize"] = True
        if photos:
            _refuse_drawing(args)
            return _photo_task(args)
        if getattr(args, "degraded", None):
            raise ValueError(
                "Low-quality photographs are wanted for validation too; give "
                "--validation-degraded."
            )
        if args.noise == "camera":
            if args.task != "denoise" or args.setting or args.quantize:
                raise ValueError(
                    "--noise camera is for denoise and draws all of the noise "
                    "itself; leave --setting and --quantize out."
                )
            return CameraNoise()
        args.setting = args.setting or self.tasks[args.task]
        return make_task(args.task, args.setting, **extra)


def _refuse_drawing(args):
    if args.noise == "camera" or args.smallest_scale not in (None, 1.0):
        raise ValueError(
            "Pairs of photographs are taken as they are; leave --noise camera "
            "and --smallest-scale out."
        )


def _photo_task(args):
    if args.records and args.degraded:
        raise ValueError(
            "--records hold the low-quality photographs too; leave "
            "--degraded out."
        )
    if args.data and not args.degraded:
        raise ValueError(
            "The low-quality photographs of --data are wanted; give --degraded."
        )
    factors = numbers(args.setting or "")
    if args.task == "super_resolution":
        return RealPairs(args.task, factors[0] if factors else None)
    if factors:
        raise ValueError(
            "The noise of photographs has no --setting; leave it out."
        )
    return RealPairs(args.task)


def make_task(name, setting, **options):
    """The task that a name and a setting on the command line stand for.

    Args:
        name: name of the task.
        setting: text with one strength, or several with commas between them.
        **options: further arguments of the task's class.

    Returns:
        A `Task`.

    Raises:
        ValueError: if the setting is none of the task's.

    Example:
    >>> make_task("denoise", "0,55").sigma
    (0.0, 55.0)
    """
    if name == "demosaic":
        return TASKS[name](setting, **options)
    try:
        kind = float if name == "denoise" else int
        values = [kind(text) for text in str(setting).split(",")]
    except ValueError:
        raise ValueError(
            f"The setting of {name} is a number, or several like 10,40, got "
            f"{setting!r}."
        ) from None
    return TASKS[name](values if len(values) > 1 else values[0], **options)
