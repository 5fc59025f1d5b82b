"""The stages of a distillation, from the privileged teacher to int8."""

import dataclasses
from pathlib import Path

import keras

from kerasrestore import models
from kerasrestore.models.danet.danet import DANet
from kerasrestore.models.danet.danet_mobile import DANetMobile
from kerasrestore.models.danet.privileged_teacher import PrivilegedTeacher
from kerasrestore.training.distillation.distillation import Distillation
from kerasrestore.training.distillation.features import (
    matching_features,
    named_pairs,
)
from kerasrestore.training.distillation.imitation import Imitation
from kerasrestore.training.distillation.options import STAGES, absent
from kerasrestore.training.distillation.privileged import (
    PrivilegedPatches,
    PrivilegedSampler,
    PrivilegedTraining,
    PrivilegedValidation,
)
from kerasrestore.training.fit import fit
from kerasrestore.training.quantization import fine_tuning
from kerasrestore.training.recipe.danet_mobile import SETTINGS
from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.recipe.plan import Plan
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.recipe.run_record import NAME
from kerasrestore.training.recipe.settings import Settings, numbers


class DistillationStages:
    """Trains the stages in the order in which they depend on each other.

    Every stage is a run of `fit` in its own folder; finished stages are only
    loaded. Both networks of a comparison have the same seed and are trained
    on the same patches.

    Args:
        recipe: name of the script.
        task: the `Task` to train for.
        run: `RunOptions`, what is trained on and how.
        options: `DistillationOptions`.
        distribution: what `open_distribution` gave; models are built in its
            scope.

    Attributes:
        tasks: the tasks that are validated, each with one setting.
        best: figures of the best validation, by stage.
        restorers: networks with the weights of that validation, by stage;
            `"teacher"` is the external teacher if there is one.

    Raises:
        ValueError: if options cannot be combined.
    """

    def __init__(self, recipe, task, run, options, distribution):
        self.recipe = recipe
        self.task = task
        self.run_options = run
        self.options = options.resolved(task)
        self.out = Path(run.out)
        self.distribution = distribution
        self.channels = 1 if run.gray else 3
        self.tasks = task.validation_tasks()
        self.best = {}
        self.restorers = {}

    def run(self):
        """Runs the stages and yields the name of each when it is finished."""
        if self.options.teacher is None:
            yield from self._train_danets()
            taught, plain = (self.best[stage]["psnr"] for stage in STAGES[1:3])
            teacher = self.restorers[STAGES[1 if taught >= plain else 2]]
        else:
            with self.distribution.scope():
                teacher = load_restorer(
                    self.options.teacher, self.run_options.dtype
                )
            self.restorers["teacher"] = teacher
        self._train_mobile("mobile", teacher)
        yield "mobile"
        self._train_mobile("mobile_plain")
        yield "mobile_plain"
        self._train_int8()
        yield "mobile_int8"

    def arguments(self, stage):
        """What a stage depends on, as `run.json` records it."""
        return self.options.arguments(stage, self.run_options)

    def _train_danets(self):
        options = self.options
        keras.utils.set_random_seed(self.run_options.seed)
        with self.distribution.scope():
            privileged = PrivilegedTeacher(
                task=self.task.name,
                channels=self.channels,
                widths=numbers(options.danet_widths),
                encoder_blocks=numbers(options.danet_blocks),
                decoder_blocks=numbers(options.slim_blocks),
                offset_width=options.offset_width,
                sigma_input=options.sigma_input,
                encoder_target=options.encoder_target,
                dtype=self.run_options.dtype,
            )
            model = PrivilegedTraining(privileged, options.imitation)
        plan = self._danet_plan(options.teacher_steps, options.teacher_batch)
        self._fit(
            "teacher",
            model,
            privileged,
            plan,
            plan.sampler(PrivilegedSampler, PrivilegedPatches),
            plan.validation(PrivilegedValidation),
        )
        yield "teacher"
        with self.distribution.scope():
            model = student = privileged.student()
            if options.collaborative:
                model = self._collaborative(student, privileged)
        plan = self._danet_plan(options.danet_steps, options.danet_batch)
        self._fit("danet_s", model, student, plan)
        yield "danet_s"
        keras.utils.set_random_seed(self.run_options.seed)
        with self.distribution.scope():
            plain = DANet.from_config(student.get_config())
        steps = options.danet_plain_steps or options.danet_steps
        plan = self._danet_plan(steps, options.danet_batch)
        self._fit("danet_s_plain", plain, plain, plan)
        yield "danet_s_plain"

    def _collaborative(self, student, privileged):
        teacher = privileged.features()
        rows = teacher.output.keys() - {"encoded", "restored"}
        return Distillation(
            student,
            teacher,
            keras.losses.MeanSquaredError(),
            features={f"{row}_last": row for row in sorted(rows)},
            output_weight=0,
            feature_weight=self.options.collaborative,
            feature_loss=keras.losses.MeanAbsoluteError(),
            adapt=False,
            privileged=True,
        )

    def _danet_plan(self, steps, batch_size):
        # Section 4.1 of the paper: from 1e-4 to 1e-6, here by cosine decay.
        rate = self.options.danet_rate
        return self._plan(
            Settings(
                steps,
                batch_size=batch_size,
                patch_size=self.options.danet_patch,
                learning_rate=rate,
                schedule="cosine",
                final_rate=rate / 100,
            )
        )

    def _train_mobile(self, stage, teacher=None):
        options = self.options
        keras.utils.set_random_seed(self.run_options.seed)
        steps = options.mobile_steps
        if teacher is None:
            steps = options.mobile_plain_steps or steps
        plan = self._mobile_plan(SETTINGS, steps, options.mobile_rate)
        with self.distribution.scope():
            model = student = self._mobile(self.run_options.dtype)
            if teacher is not None:
                model = self._taught(student, teacher, plan.loss())
        self._fit(stage, model, student, plan)

    def _train_int8(self):
        options = self.options
        plan = self._mobile_plan(
            fine_tuning.SETTINGS, options.int8_steps, options.int8_rate
        )
        with self.distribution.scope():
            # Half precision cannot hold the steps of int8.
            student = self._mobile("float32")
            student.load_weights(self.out / "mobile" / "best.weights.h5")
            model = fine_tuning.calibrated(plan, student)
        self._fit("mobile_int8", Imitation(model, student), model, plan)

    def _mobile_plan(self, settings, steps, rate):
        return self._plan(
            dataclasses.replace(
                settings,
                steps=steps,
                batch_size=self.options.mobile_batch,
                patch_size=self.options.mobile_patch,
                learning_rate=rate,
            )
        )

    def _plan(self, settings):
        settings = dataclasses.replace(
            settings,
            validate_every=self.options.validate_every,
            validation_crop=self.options.validation_crop,
        )
        return Plan(self.task, self.run_options, settings)

    def _mobile(self, dtype):
        options = self.options
        return DANetMobile(
            task=self.task.name,
            channels=self.channels,
            widths=numbers(options.widths),
            encoder_blocks=numbers(options.encoder_blocks),
            middle_blocks=options.middle_blocks,
            decoder_blocks=numbers(options.decoder_blocks),
            sigma_input=options.sigma_input,
            dtype=dtype,
        )

    def _taught(self, student, teacher, loss):
        options = self.options
        if options.features is None:
            features = matching_features(student, teacher)
        else:
            features = named_pairs(options.features)
        return Distillation(
            student,
            teacher,
            loss,
            features=features,
            output_weight=options.output_weight,
            feature_weight=options.feature_weight,
        )

    def _fit(self, stage, model, restorer, plan, sampler=None, validate=None):
        """Finishes a stage and loads its best weights."""
        folder = self.out / stage
        open_run(
            folder,
            self.recipe,
            self.arguments(stage),
            restorer,
            self.task,
            defaults=absent(),
            write=self.distribution.is_chief,
        )
        self.best[stage] = fit(
            model,
            sampler or plan.sampler(),
            folder,
            plan.fit_settings(),
            validate=validate or plan.validation(),
            restorer=restorer,
            distribution=self.distribution,
            tensorboard=self.run_options.tensorboard,
            progress=not self.run_options.quiet,
        )
        restorer.load_weights(folder / "best.weights.h5")
        self.restorers[stage] = restorer


def load_restorer(source, dtype=None):
    """The model of a preset or of a training run.

    Args:
        source: name or folder of a preset, or folder of a run.
        dtype: dtype policy, float32 unless given.

    Returns:
        A `Restorer`.

    Raises:
        ValueError: if there is no such preset, or the folder holds no weights
            or no model that restores.
    """
    if (Path(source) / NAME).is_file():
        model, _ = load_run(source)
    else:
        model = models.Restorer.from_preset(source)
    if isinstance(model, PrivilegedTeacher):
        raise ValueError(
            f"{source} holds a privileged teacher, which needs the clean "
            "image; give a run or a stage that restores."
        )
    if dtype is None:
        return model
    again = type(model).from_config({**model.get_config(), "dtype": dtype})
    again.set_weights(model.get_weights())
    return again
