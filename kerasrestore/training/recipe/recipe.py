"""Recipes: how a paper trains its network, as a command line."""

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.tasks import get_task
from kerasrestore.training.distribution.open_distribution import (
    STRATEGIES,
)
from kerasrestore.training.recipe.network import Network, given_options
from kerasrestore.training.recipe.plan import Plan
from kerasrestore.training.recipe.run_options import RunOptions
from kerasrestore.training.recipe.settings import (
    NONE,
    Settings,
    add_settings,
    named_numbers,
    override,
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
        options = self._filled(RunOptions.from_args(args))
        task = self._task(options)
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
            "--noise",
            choices=("gaussian", "camera"),
            default=RunOptions.noise,
            help="noise of the denoise task; camera: a mixture of the noise "
            "of photographs, without --setting",
        )
        add(
            "--shares",
            metavar="KIND=FRACTION,...",
            help="fraction of each kind of noise in the mixture of --noise "
            "camera, such as camera=0.6,gaussian=0.2,film=0.1,clean=0.1 (the "
            "default)",
        )
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
        add(
            "--dtype",
            choices=("float32", "mixed_bfloat16", "mixed_float16"),
            default=RunOptions.dtype,
            help="dtype policy of the layers; weights are float32",
        )
        add(
            "--seed",
            type=int,
            default=RunOptions.seed,
            help="seed of weights and patches",
        )
        add(
            "--jit-compile",
            action="store_true",
            help="compile the training step with XLA under TensorFlow too",
        )
        add(
            "--steps-per-execution",
            type=int,
            default=RunOptions.steps_per_execution,
            help="training steps in a call of the compiled function",
        )
        add(
            "--patches",
            choices=("host", "device"),
            default=RunOptions.patches,
            help="where patches are cut and degraded; device: inside the "
            "compiled step, with the images in its memory",
        )
        add(
            "--bank-gb",
            type=float,
            metavar="GIB",
            help="size of the part of the images that --patches device holds "
            "at a time, 0: all (default: all up to 2^31 pixels, of larger "
            "sets 1 GiB)",
        )
        add(
            "--cache-gb",
            type=float,
            metavar="GIB",
            help="memory of the host for the decoded images of --data "
            "(default: half of what is free, at least 2)",
        )
        add(
            "--strategy",
            choices=STRATEGIES,
            default=RunOptions.strategy,
            help="devices to distribute each batch over",
        )
        add("--tensorboard", action="store_true", help="write TensorBoard logs")
        add("--quiet", action="store_true", help="show no progress")
        add(
            "--dry-run",
            action="store_true",
            help="measure a training step, print the cost of the whole "
            "training, and exit",
        )
        return parser

    def _filled(self, options):
        """The options with the defaults that depend on the task."""
        setting, quantize = options.setting, options.quantize
        if options.noise != "camera" and not options.validation_degraded:
            setting = setting or self.tasks[options.task]
        if quantize is None and self._quantizes(options):
            quantize = True
        gray = options.task in self.gray and not options.color
        return dataclasses.replace(
            options,
            setting=setting,
            gray=options.gray or gray,
            quantize=quantize,
        )

    def _quantizes(self, options):
        """Whether noise is rounded unless the command line says otherwise."""
        return (
            options.task in self.quantized
            and options.noise != "camera"
            and not options.validation_degraded
        )

    def _task(self, options):
        quantize = {}
        if options.quantize is not None:
            quantize["quantize"] = options.quantize
        if options.quantize is False and options.task != "denoise":
            raise ValueError(
                "--no-quantize keeps noisy images as they are, and there are "
                f"none in {options.task}; leave it out."
            )
        if options.validation_degraded:
            return _photographs(options, quantize)
        if options.degraded:
            raise ValueError(
                "Low-quality photographs are needed for validation too; give "
                "--validation-degraded."
            )
        if options.noise == "camera":
            if options.setting:
                raise ValueError(
                    "--noise camera draws noise of all strengths; leave "
                    "--setting out."
                )
            mixture = {}
            if options.shares:
                mixture["shares"] = named_numbers(
                    "--shares",
                    options.shares,
                    "kind",
                    "camera=0.7,gaussian=0.3",
                )
            task_class = get_task(options.task, options.noise)
            return task_class.from_setting(**mixture, **quantize)
        if options.shares:
            raise ValueError(
                "--shares sets the mixture of --noise camera; add that, or "
                "leave it out."
            )
        task_class = get_task(options.task)
        known = inspect.signature(task_class).parameters
        own = {k: v for k, v in self.task_options.items() if k in known}
        return task_class.from_setting(options.setting, **{**own, **quantize})


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


def _photographs(options, quantize):
    """The task of pairs of photographs."""
    if options.noise == "camera":
        raise ValueError(
            "Pairs of photographs are not degraded further; leave --noise "
            "camera out."
        )
    if options.records and options.degraded:
        raise ValueError(
            "--records hold the low-quality photographs too; leave "
            "--degraded out."
        )
    if options.data and not options.degraded:
        raise ValueError(
            "The low-quality photographs of --data are missing; give "
            "--degraded."
        )
    return get_task(options.task, "photographs").from_setting(
        options.setting, name=options.task, **quantize
    )
