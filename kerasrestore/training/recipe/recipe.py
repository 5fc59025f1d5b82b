"""Recipes: how a paper trains its network, as a command line."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.tasks import get_task
from kerasrestore.training.distribution.open_distribution import (
    STRATEGIES,
)
from kerasrestore.training.recipe.plan import Plan
from kerasrestore.training.recipe.settings import (
    add_settings,
    fill_settings,
)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a paper trains its network, and a command line for that.

    Args:
        file: the script's `__file__`.
        description: one sentence on what it trains.
        tasks: dictionary of the tasks it trains for, the default first, and
            their default settings.
        settings: function that takes the arguments and the task and gives
            the paper's `Settings`; options on the command line override
            them.
        build: function that takes the arguments, the task and the number of
            channels and gives the `Restorer`, or a `Trainee` around it.
        options: function that takes `parser.add_argument` and adds the
            model's own options.
        task_options: function that takes the arguments and gives further
            arguments of the task's class.
        gray: names of the tasks that the paper trains on gray images.
        photos: whether it trains on pairs of photographs too.
        starts: whether `--start` is offered.

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
        keep_freed_memory()
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
        data.add_argument("--records", help="folder of records instead")
        add("--validation", required=True, help="folder of validation images")
        if self.photos:
            add(
                "--degraded",
                help="folder of the low-quality photographs of --data",
            )
            add(
                "--validation-degraded",
                help="the same of --validation; trains on pairs of photographs",
            )
        add("--out", required=True, help="folder for checkpoint, log, weights")
        add(
            "--task",
            choices=tuple(self.tasks),
            default=next(iter(self.tasks)),
            help="what is restored",
        )
        told = "; ".join(
            f"{name}: {get_task(name).setting_help} (default: {value})"
            for name, value in self.tasks.items()
        )
        add(
            "--setting",
            "--sigma",  # its name when there was noise alone
            help="strength of the degradation, or LOW,HIGH to draw it anew "
            f"for each patch; {told}",
        )
        colors = parser.add_mutually_exclusive_group()
        colors.add_argument(
            "--gray", action="store_true", help="train on gray images"
        )
        colors.add_argument(
            "--color",
            action="store_true",
            help="train on colour images where the paper uses gray ones",
        )
        add(
            "--quantize",
            action="store_true",
            help="clip and round noisy images to 8 bits, as in RNAN's and "
            "PANet's files",
        )
        add(
            "--noise",
            choices=("gaussian", "camera"),
            default="gaussian",
            help="noise of denoise; camera: a mixture of noise as photographs "
            "have it, without --setting",
        )
        if self.starts:
            add(
                "--start",
                metavar="PRESET",
                help="preset or folder of a training to initialize the weights "
                "from; layers that it lacks are initialized at random",
            )
        if self.options is not None:
            self.options(add)
        add_settings(add)
        add(
            "--dtype",
            choices=("float32", "mixed_bfloat16", "mixed_float16"),
            default="float32",
            help="dtype policy of the layers; weights are float32",
        )
        add("--seed", type=int, default=0, help="seed of weights and patches")
        add(
            "--strategy",
            choices=STRATEGIES,
            default="auto",
            help="devices to distribute each batch over",
        )
        add("--tensorboard", action="store_true", help="write TensorBoard logs")
        add("--quiet", action="store_true", help="show no progress")
        add(
            "--dry-run",
            action="store_true",
            help="measure a training step, print the cost of the training, "
            "and exit",
        )
        return parser

    def _task(self, args):
        options = {"quantize": True} if args.quantize else {}
        if getattr(args, "validation_degraded", None):
            return _photographs(args, options)
        if getattr(args, "degraded", None):
            raise ValueError(
                "Low-quality photographs are wanted for validation too; give "
                "--validation-degraded."
            )
        if args.noise == "camera":
            if args.setting:
                raise ValueError(
                    "--noise camera draws the noise of all strengths; leave "
                    "--setting out."
                )
            return get_task(args.task, args.noise).from_setting(**options)
        if self.task_options is not None:
            options = {**self.task_options(args), **options}
        args.setting = args.setting or self.tasks[args.task]
        return get_task(args.task).from_setting(args.setting, **options)


def _photographs(args, options):
    """The task of pairs of photographs."""
    if args.noise == "camera" or args.smallest_scale not in (None, 1.0):
        raise ValueError(
            "Pairs of photographs are taken as they are; leave --noise camera "
            "and --smallest-scale out."
        )
    if args.records and args.degraded:
        raise ValueError(
            "--records hold the low-quality photographs too; leave "
            "--degraded out."
        )
    if args.data and not args.degraded:
        raise ValueError(
            "The low-quality photographs of --data are wanted; give --degraded."
        )
    return get_task(args.task, "photographs").from_setting(
        args.setting, name=args.task, **options
    )
