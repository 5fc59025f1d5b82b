"""A training run assembled from a command line."""

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import keras

from kerasrestore.data import (
    PairSampler,
    PatchSampler,
    RecordPairSampler,
    RecordPatchSampler,
    folder_pairs,
)
from kerasrestore.data.records.records import Records
from kerasrestore.models import Restorer
from kerasrestore.tasks import RealPairs, Task
from kerasrestore.training.averaging import check_average
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
from kerasrestore.training.fit import fit
from kerasrestore.training.fit_settings import FitSettings
from kerasrestore.training.layerwise_adam import find_layers
from kerasrestore.training.losses import make_loss
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.recipe.dry_run import describe_dry_run, dry_run
from kerasrestore.training.recipe.network import Network
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.recipe.run_options import RunOptions
from kerasrestore.training.recipe.settings import Settings, numbers
from kerasrestore.training.recipe.start import start_from
from kerasrestore.training.schedules import make_schedule
from kerasrestore.training.trainee import Trainee
from kerasrestore.training.validation import Validation


@dataclasses.dataclass(frozen=True)
class Plan:
    """The parts of a training run, and running it.

    Args:
        task: the `Task` to train for.
        options: `RunOptions`.
        settings: `Settings`.
        model_options: namespace of the recipe's own options.
        build: function that takes `model_options` and the plan and returns
            the `Restorer`, or a `Trainee` around it.
        network: the `Network` of the recipe.
        arguments: all options by name, as `run.json` records them.
        defaults: their values where they are not given.
    """

    task: Task
    options: RunOptions
    settings: Settings
    model_options: argparse.Namespace
    build: Callable
    network: Network
    arguments: dict
    defaults: dict

    @property
    def channels(self):
        """3 for colour, 1 for gray."""
        return 1 if self.options.gray else 3

    def run(self, recipe, sampler=None, validate=None, stop_when=None):
        """Trains, or measures a step.

        Args:
            recipe: name of the script.
            sampler: what `sampler()` returned before, if it is called often.
            validate: as in `fit`; `validation()` unless given.
            stop_when: as in `fit`.

        Raises:
            ValueError: and others as `fit`.
        """
        options = self.options
        fit_settings = self.fit_settings()
        distribution = open_distribution(options.strategy)
        keras.utils.set_random_seed(options.seed)
        if sampler is None:
            sampler = self.sampler()
        if options.patches == "host":
            # Unusable images are an error before the run; for the device all
            # of them have been read.
            sampler.batch(0)
        if options.dry_run:
            self._dry_run(sampler, distribution.replicas)
            return
        with distribution.scope():
            model, restorer = self.model()
            if options.start:
                shown = not options.quiet and distribution.is_chief
                self._start(restorer, shown)
        if validate is None:
            validate = self.validation()
        if distribution.replicas > 1 and not options.quiet:
            print(distribution.describe(), flush=True)
        open_run(
            options.out,
            recipe,
            self.arguments,
            restorer,
            self.task,
            defaults=self.defaults,
            write=distribution.is_chief,
        )
        best = fit(
            model,
            sampler,
            options.out,
            fit_settings,
            validate=validate,
            restorer=restorer,
            distribution=distribution,
            tensorboard=options.tensorboard,
            progress=not options.quiet,
            stop_when=stop_when,
        )
        if distribution.is_chief:
            print(json.dumps(best))

    def fit_settings(self):
        """The `FitSettings` of the run."""
        options, settings = self.options, self.settings
        return FitSettings(
            steps=settings.steps,
            learning_rate=self.schedule(),
            loss=self.loss(),
            ema=settings.ema,
            clip_norm=settings.clip_norm,
            clip_each=settings.clip_each,
            layer_rates=settings.by_layer("layer_rates"),
            layer_clips=settings.by_layer("layer_clips"),
            validate_every=settings.validate_every,
            jit_compile=options.jit_compile,
            steps_per_execution=options.steps_per_execution,
        )

    def model(self):
        """The model to train, and the `Restorer` inside it."""
        model = self.build(self.model_options, self)
        restorer = getattr(model, "restorer", model)
        check_average(restorer, self.settings.ema)
        for name in ("layer_rates", "layer_clips"):
            find_layers(
                model.trainable_variables,
                self.settings.by_layer(name),
                f"value in --{name.replace('_', '-')}",
            )
        own_range = restorer.value_range != (0.0, 1.0)
        loss_crop = self.settings.loss_crop
        if isinstance(model, Restorer) and (own_range or loss_crop):
            model = Trainee(restorer, loss_crop)
        return model, restorer

    def construct(self, fixed=None, **own):
        """The recipe's network, with the arguments of `--model`.

        Args:
            fixed: dictionary from options to an argument and its value that
                `--model` may not change, besides those of every recipe.
            **own: arguments with an option of their own; `None` for the
                constructor's default.

        Raises:
            ValueError: as `Network.build`.
        """
        fixed = {
            "--task": ("task", self.task.name),
            "--gray or --color": ("channels", self.channels),
            "--setting": ("scale", self.task.scale),
            "--dtype": ("dtype", self.options.dtype),
            **(fixed or {}),
        }
        return self.network.build(fixed, own)

    def sampler(self):
        """The sampler of training patches, on the host or the device."""
        sampler = self._host_sampler()
        if self.options.patches == "host":
            return sampler
        try:
            return DevicePatches(sampler)
        except ValueError as error:
            raise ValueError(f"--patches device: {error}") from error

    def _host_sampler(self):
        options, settings = self.options, self.settings
        common = {
            "channels": self.channels,
            "patch_size": settings.patch_size,
            "batch_size": settings.batch_size,
            "seed": options.seed,
        }
        if isinstance(self.task, RealPairs):
            common["to_gray"] = self.task.to_gray
            if options.records:
                return RecordPairSampler(Records(options.records), **common)
            pairs = folder_pairs(options.degraded, options.data)
            return PairSampler(pairs, **common)
        common["scales"] = settings.scales
        common["crops"] = settings.texture_crops
        if options.records:
            return RecordPatchSampler(
                Records(options.records), self.task, **common
            )
        return PatchSampler(options.data, self.task, **common)

    def loss(self):
        """The training loss."""
        return make_loss(self.settings.loss, self.settings.loss_floor)

    def schedule(self):
        """The learning-rate schedule."""
        settings = self.settings
        halve_every = settings.halve_every
        if isinstance(halve_every, str):
            halve_every = numbers(halve_every)
        return make_schedule(
            settings.schedule,
            settings.learning_rate,
            settings.steps,
            warmup=settings.warmup,
            decay=settings.decay,
            halve_every=halve_every,
            final=settings.final_rate,
        )

    def validation(self, keep=False):
        """The `Validation`, at the settings of the task's tables.

        Args:
            keep: as in `Validation`.
        """
        return Validation(
            self.options.validation,
            self.task.validation_tasks(),
            self.channels,
            self.settings.validation_crop,
            self.settings.validation_crops,
            self.options.validation_degraded,
            keep=keep,
        )

    def _start(self, restorer, shown):
        if (Path(self.options.out) / "checkpoint.npz").exists():
            return  # The run resumes from it.
        new = start_from(restorer, self.options.start)
        if shown and new:
            print(f"randomly initialized: {', '.join(new)}", flush=True)

    def _dry_run(self, sampler, devices):
        # A step is measured on one device.
        model, restorer = self.model()
        figures = dry_run(
            model,
            restorer,
            sampler,
            steps=self.settings.steps,
            loss=self.loss(),
            devices=devices,
            jit_compile=self.options.jit_compile,
        )
        print(describe_dry_run(figures, sampler, devices))
