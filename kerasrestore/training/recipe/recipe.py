"""Recipes: how a paper trains its network, as a command line."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.tasks import Task, get_task
from kerasrestore.training.recipe.network import Network, given_options
from kerasrestore.training.recipe.plan import Plan
from kerasrestore.training.recipe.run_options import RunOptions, add_run
from kerasrestore.training.recipe.settings import (
    NONE,
    Settings,
    add_settings,
    override,
)
from kerasrestore.training.recipe.training_task import (
    synthetic_degradations,
    training_task,
)

# What runs did whose version had no such option, where that is not the
# default of every recipe today.
ABSENT = {"layer_rates": NONE, "layer_clips": NONE, "smallest_scale": 1.0}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a paper trains its network, with a command line.

    Args:
        file: the script's `__file__`.
        description: one sentence on what it trains.
        tasks: dictionary of the tasks it trains for, the default first, and
            their default settings.
        settings: function that takes the recipe's own options and the task
            and returns the paper's `Settings`; options on the command line
            override them.
        build: function that takes the recipe's own options and the `Plan`
            and returns the `Restorer`, or a `Trainee` around it.
        options: function that takes `parser.add_argument` and adds the
            recipe's own options.
        task_options: further arguments of the tasks, by name; each task
            gets those that it has.
        gray: names of the tasks that the paper trains on gray images.
        quantized: names of the tasks whose noisy images the paper clips and
            rounds to 8 bits.
        network: name of the class in `kerasrestore.models` that `build`
            builds with `Plan.construct`; `--model` sets its arguments.
        renamed: dictionary from constructor arguments to the recipe's own
            options for them, where these have other names.
        photos: whether it trains on pairs of photographs too.
        starts: whether `--start` is offered.
        trained_for: `Task` of the model that is trained further; it is kept
            unless options change it.

    Example:
    >>> from kerasrestore import DANetMobile
    >>> from kerasrestore.training.recipe.settings import Settings
    >>> recipe = Recipe(
    ...     "train.py",
    ...     "Trains a small network.",
    ...     {"denoise": "25"},
    ...     lambda args, task: Settings(steps=100),
    ...     lambda args, plan: DANetMobile(channels=plan.channels),
    ... )
    >>> plan = recipe.plan("--data a --validation b --out c --gray".split())
    >>> plan.settings.steps, plan.task.setting, plan.channels
    (100, 25.0, 1)
    """

    file: str
    description: str
    tasks: dict
    settings: Callable
    build: Callable
    options: Callable | None = None
    task_options: dict = dataclasses.field(default_factory=dict)
    gray: tuple = ()
    quantized: tuple = ()
    network: str | None = None
    renamed: dict = dataclasses.field(default_factory=dict)
    photos: bool = False
    starts: bool = True
    trained_for: Task | None = None

    def run(self, argv=None):
        """Trains as the command line says, or exits with a message.

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
            ValueError: if arguments are out of range or cannot be combined.
        """
        parser = self._parser()
        args = parser.parse_args(argv)
        model_options = _model_options(args)
        network = Network.from_command(
            self.network,
            args.model if self.network else (),
            given_options(parser, argv, vars(model_options)),
            self.renamed,
        )
        options = self.run_options(args)
        task = self.task(options)
        if self.network is not None:
            model_options.model = network.arguments
        paper = self.settings(model_options, task)
        settings = override(paper, args)
        if options.validation_degraded and (
            settings.scales != (1, 1) or settings.texture_crops != 1
        ):
            raise ValueError(
                "Pairs of photographs are neither shrunk nor chosen by "
                "texture; leave --smallest-scale, --largest-scale and "
                "--texture-crops out."
            )
        return Plan(
            task=task,
            options=options,
            settings=settings,
            model_options=model_options,
            build=self.build,
            network=network,
            arguments={
                **vars(args),
                "gray": options.gray,
                "degradation": options.degradation,
                "setting": options.setting,
                "quantize": bool(options.quantize),
                "model": network.arguments,
                **dataclasses.asdict(settings),
            },
            defaults={
                **{key: parser.get_default(key) for key in vars(args)},
                "quantize": self._quantizes(options),
                **dataclasses.asdict(paper),
                **ABSENT,
            },
        )

    def _parser(self):
        parser = argparse.ArgumentParser(
            description=self.description, allow_abbrev=False
        )
        self.add_data(parser)
        add = parser.add_argument
        if self.starts:
            add(
                "--start",
                metavar="PRESET",
                help="preset or run folder to initialize the weights from; "
                "layers that it lacks are initialized randomly",
            )
        if self.network is not None:
            add(
                "--model",
                action="append",
                metavar="NAME=VALUE",
                help=f"argument of the constructor of {self.network}, such as "
                "those of the paper's ablations; may be repeated",
            )
        if self.options is not None:
            self.options(add)
        add_settings(add)
        add_run(add)
        add(
            "--dry-run",
            action="store_true",
            help="measure a training step, print the cost of the whole "
            "training, and exit",
        )
        return parser

    def add_data(self, parser):
        """Adds the options that say what is trained on, and for which task.

        Args:
            parser: an `argparse.ArgumentParser`.
        """
        add = parser.add_argument
        data = parser.add_mutually_exclusive_group(required=True)
        data.add_argument("--data", help="folder of training images")
        data.add_argument(
            "--records", help="folder of records, instead of --data"
        )
        add("--validation", required=True, help="folder of validation images")
        if self.photos:
            add(
                "--degraded",
                help="folder of the low-quality photographs for --data",
            )
            add(
                "--validation-degraded",
                help="the same for --validation; trains on pairs of "
                "photographs",
            )
        add("--out", required=True, help="folder for checkpoint, log, weights")
        add(
            "--task",
            choices=tuple(self.tasks),
            default=next(iter(self.tasks)),
            help="restoration task (default: %(default)s)",
        )
        settings = "; ".join(
            f"{name}: {get_task(name).setting_help} (default: {value})"
            for name, value in self.tasks.items()
        )
        add(
            "--setting",
            "--sigma",  # its name in older versions, which only denoised
            help="strength of the degradation, or LOW,HIGH to draw it for "
            f"each patch; {settings}",
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
            action=argparse.BooleanOptionalAction,
            help="clip and round noisy images to 8 bits, as in RNAN's and "
            "PANet's files"
            + (", the default for denoise" if self.quantized else ""),
        )
        add(
            "--degradation",
            "--noise",  # its name in older versions, which only denoised
            help="how images are degraded: "
            + "; ".join(
                f"{name}: {', '.join(synthetic_degradations(name))}"
                for name in self.tasks
            )
            + " (default: the first one)",
        )
        add(
            "--shares",
            metavar="KIND=FRACTION,...",
            help="fraction of each kind of noise in the mixture of "
            "--degradation camera, such as "
            "camera=0.6,gaussian=0.2,film=0.1,clean=0.1",
        )

    def run_options(self, args):
        """The options of a run, with the defaults that depend on the task.

        Args:
            args: parsed arguments, see `add_data` and `add_run`.

        Returns:
            `RunOptions`.
        """
        options = RunOptions.from_args(args)
        if options.degradation == get_task(options.task).degradation:
            # Recorded as if it had not been given.
            options = dataclasses.replace(options, degradation=None)
        setting, quantize = options.setting, options.quantize
        keeps = self._keeps_task(options)
        if not (keeps or options.degradation or options.validation_degraded):
            setting = setting or self.tasks[options.task]
        if quantize is None and not keeps and self._quantizes(options):
            quantize = True
        gray = options.task in self.gray and not options.color
        return dataclasses.replace(
            options,
            setting=setting,
            gray=options.gray or gray,
            quantize=quantize,
        )

    def _keeps_task(self, options):
        """Whether the task is that of the model that is trained further."""
        return self.trained_for is not None and not (
            options.setting
            or options.degradation
            or options.shares
            or options.quantize is not None
            or options.validation_degraded
        )

    def _quantizes(self, options):
        """Whether noise is rounded unless the command line says otherwise."""
        return (
            options.task in self.quantized
            and not options.degradation
            and not options.validation_degraded
        )

    def task(self, options):
        """The `Task` to train for.

        Args:
            options: from `run_options`.

        Raises:
            ValueError: if options are out of range or cannot be combined.
        """
        if self._keeps_task(options):
            return self.trained_for
        return training_task(options, self.tasks, self.task_options)


def _model_options(args):
    """The options of the recipe itself among parsed arguments."""
    shared = {
        field.name
        for options in (RunOptions, Settings)
        for field in dataclasses.fields(options)
    }
    return argparse.Namespace(
        **{k: v for k, v in vars(args).items() if k not in shared}
    )
