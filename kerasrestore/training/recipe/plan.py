"""A training assembled from a command line."""

import json
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
from kerasrestore.tasks import RealPairs
from kerasrestore.training.averaging import check_average
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
from kerasrestore.training.fit import fit
from kerasrestore.training.fit_settings import FitSettings
from kerasrestore.training.recipe.dry_run import describe_dry_run, dry_run
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.recipe.settings import numbers
from kerasrestore.training.recipe.start import start_from
from kerasrestore.training.schedules import make_schedule
from kerasrestore.training.trainee import Trainee
from kerasrestore.training.validation import Validation


class Plan:
    """The parts of a training, and running it.

    Args:
        args: parsed arguments of a `Recipe`.
        task: the `Task` to train for.
        build: function that takes the arguments, the task and the number of
            channels and gives the `Restorer`, or a `Trainee` around it.
        defaults: values of the arguments that are not given, by name.

    Attributes:
        channels: 3 for colour, 1 for gray.
    """

    def __init__(self, args, task, build, defaults=None):
        self.args = args
        self.defaults = defaults
        self.task = task
        self.channels = 1 if args.gray else 3
        self._build = build

    def run(self, recipe):
        """Trains, or measures a step.

        Args:
            recipe: name of the script.

        Raises:
            ValueError: and others as `fit`.
        """
        args = self.args
        settings = FitSettings(
            steps=args.steps,
            learning_rate=self.schedule(),
            loss=args.loss,
            ema=args.ema,
            clip_norm=args.clip_norm,
            clip_each=args.clip_each,
            validate_every=args.validate_every,
        )
        distribution = open_distribution(args.strategy)
        keras.utils.set_random_seed(args.seed)
        sampler = self.sampler()
        sampler.batch(0)  # Unusable images are an error before the run.
        if args.dry_run:
            self._dry_run(sampler, distribution.replicas)
            return
        with distribution.scope():
            model, restorer = self.model()
            if getattr(args, "start", None):
                self._start(restorer, not args.quiet and distribution.is_chief)
        validate = self.validation()
        if distribution.replicas > 1 and not args.quiet:
            print(distribution.describe(), flush=True)
        open_run(
            args.out,
            recipe,
            vars(args),
            restorer,
            self.task,
            defaults=self.defaults,
            write=distribution.is_chief,
        )
        best = fit(
            model,
            sampler,
            args.out,
            settings,
            validate=validate,
            restorer=restorer,
            distribution=distribution,
            tensorboard=args.tensorboard,
            progress=not args.quiet,
        )
        if distribution.is_chief:
            print(json.dumps(best))

    def model(self):
        """The model to train, and the `Restorer` inside it."""
        model = self._build(self.args, self.task, self.channels)
        restorer = getattr(model, "restorer", model)
        check_average(restorer, self.args.ema)
        own_range = restorer.value_range != (0.0, 1.0)
        if isinstance(model, Restorer) and (own_range or self.args.loss_crop):
            model = Trainee(restorer, self.args.loss_crop)
        return model, restorer

    def sampler(self):
        """The sampler of training patches."""
        args = self.args
        options = {
            "channels": self.channels,
            "patch_size": args.patch_size,
            "batch_size": args.batch_size,
            "seed": args.seed,
        }
        if isinstance(self.task, RealPairs):
            options["to_gray"] = self.task.to_gray
            if args.records:
                return RecordPairSampler(Records(args.records), **options)
            pairs = folder_pairs(args.degraded, args.data)
            return PairSampler(pairs, **options)
        options["scales"] = (args.smallest_scale, 1.0)
        options["crops"] = args.texture_crops
        if args.records:
            return RecordPatchSampler(
                Records(args.records), self.task, **options
            )
        return PatchSampler(args.data, self.task, **options)

    def schedule(self):
        """The learning-rate schedule."""
        args = self.args
        halve_every = args.halve_every
        if isinstance(halve_every, str):
            halve_every = numbers(halve_every)
        return make_schedule(
            args.schedule,
            args.learning_rate,
            args.steps,
            warmup=args.warmup,
            decay=args.decay,
            halve_every=halve_every,
            final=args.final_rate,
        )

    def validation(self):
        """The `Validation`, at the settings of the task's tables."""
        return Validation(
            self.args.validation,
            self.task.validation_tasks(),
            self.channels,
            self.args.validation_crop,
            self.args.validation_crops,
            getattr(self.args, "validation_degraded", None),
        )

    def _start(self, restorer, shown):
        if (Path(self.args.out) / "checkpoint.npz").exists():
            return  # The training goes on from there.
        new = start_from(restorer, self.args.start)
        if shown and new:
            print(f"randomly initialized: {', '.join(new)}", flush=True)

    def _dry_run(self, sampler, devices):
        # A step is measured on one device.
        model, restorer = self.model()
        figures = dry_run(
            model,
            restorer,
            sampler,
            steps=self.args.steps,
            loss=self.args.loss,
            devices=devices,
        )
        print(describe_dry_run(figures, sampler, devices))
