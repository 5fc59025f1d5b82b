"""A training run assembled from a command line."""

import argparse
import contextlib
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
from kerasrestore.locks import locked
from kerasrestore.models import Restorer
from kerasrestore.tasks import RealPairs, Task
from kerasrestore.training.averaging import check_average
from kerasrestore.training.device_memory import free_host_bytes
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
        model_options: namespace of the recipe's own options, for `run`, as
            are the following.
        build: function that takes `model_options` and the plan and returns
            the `Restorer`, or a `Trainee` around it.
        network: the `Network` of the recipe.
        arguments: all options by name, as `run.json` records them.
        defaults: their values where they are not given.
    """

    task: Task
    options: RunOptions
    settings: Settings
    model_options: argparse.Namespace | None = None
    build: Callable | None = None
    network: Network | None = None
    arguments: dict | None = None
    defaults: dict | None = None

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
            # of them, or the sizes of all, have been read.
            sampler.batch(0)
        if options.dry_run:
            self._dry_run(sampler, fit_settings, distribution.replicas)
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
        with self._sole_writer(distribution.is_chief):
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
                self.fit_settings(),
                validate=validate,
                restorer=restorer,
                distribution=distribution,
                tensorboard=options.tensorboard,
                progress=not options.quiet,
                stop_when=stop_when,
            )
            if distribution.is_chief:
                print(json.dumps(best))

    def _sole_writer(self, is_chief):
        """Context: no other training writes to the run's folder."""
        if not is_chief:  # it writes nothing
            return contextlib.nullcontext()
        folder = Path(self.options.out)
        folder.mkdir(parents=True, exist_ok=True)
        return locked(
            folder / ".lock",
            f"Another training is writing to {folder}; wait for its end or "
            "use another output folder.",
        )

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
            accumulate=options.accumulate,
            recompute=options.recompute,
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

    def sampler(self, host=None, device=DevicePatches):
        """The sampler of training patches, on the host or the device.

        Args:
            host: class of the sampler around the usual one on the host.
            device: class of the one on the device, a `DevicePatches`.
        """
        options = self.options
        _check_gib("--bank-gb", options.bank_gb)
        _check_gib("--cache-gb", options.cache_gb)
        if options.bank_gb is not None and options.patches == "host":
            raise ValueError(
                "--bank-gb is the memory of --patches device; add that, or "
                "leave it out."
            )
        sampler = self._host_sampler()
        if options.patches == "host":
            return sampler if host is None else host(sampler)
        try:
            bank = options.bank_gb
            return device(sampler, None if bank is None else int(bank * 2**30))
        except ValueError as error:
            raise ValueError(f"--patches device: {error}") from error

    def _host_sampler(self):
        options, settings = self.options, self.settings
        if options.records and options.cache_gb is not None:
            raise ValueError(
                "--cache-gb is for --data, as records are read without a "
                "cache; leave it out."
            )
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
            return PairSampler(pairs, cache_bytes=self._cache(), **common)
        common["scales"] = settings.scales
        common["crops"] = settings.texture_crops
        if options.records:
            return RecordPatchSampler(
                Records(options.records), self.task, **common
            )
        return PatchSampler(
            options.data, self.task, cache_bytes=self._cache(), **common
        )

    def _cache(self):
        """Size of the cache of decoded images, in bytes."""
        if self.options.cache_gb is not None:
            return int(self.options.cache_gb * 2**30)
        return max(2 * 2**30, free_host_bytes() // 2)

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

    def validation(self, kind=Validation, **options):
        """The `Validation`, at the settings of the task's tables.

        Args:
            kind: its class.
            **options: further arguments of it.
        """
        return kind(
            self.options.validation,
            self.task.validation_tasks(),
            self.channels,
            self.settings.validation_crop,
            self.settings.validation_crops,
            self.options.validation_degraded,
            **options,
        )

    def _start(self, restorer, shown):
        if (Path(self.options.out) / "checkpoint.npz").exists():
            return  # The run resumes from it.
        new = start_from(restorer, self.options.start)
        if shown and new:
            print(f"randomly initialized: {', '.join(new)}", flush=True)

    def _dry_run(self, sampler, settings, devices):
        # A step is measured on one device.
        model, restorer = self.model()
        figures = dry_run(model, restorer, sampler, settings, devices)
        print(describe_dry_run(figures, sampler, devices))


def _check_gib(option, value):
    if value is not None and not 0 <= value < float("inf"):
        raise ValueError(
            f"{option} must be a number of GiB of at least 0, got {value}."
        )
