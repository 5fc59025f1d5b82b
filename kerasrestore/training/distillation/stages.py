"""The stages of a distillation, from the privileged teacher to int8."""

from pathlib import Path

import keras

from kerasrestore import models
from kerasrestore.data import PatchSampler
from kerasrestore.models.danet.danet import DANet
from kerasrestore.models.danet.danet_mobile import DANetMobile
from kerasrestore.models.danet.privileged_teacher import PrivilegedTeacher
from kerasrestore.tasks import Denoise
from kerasrestore.training.distillation.distillation import Distillation
from kerasrestore.training.distillation.options import (
    STAGES,
    DistillationOptions,
)
from kerasrestore.training.distillation.privileged import (
    PrivilegedPatches,
    PrivilegedSampler,
    PrivilegedTraining,
    PrivilegedValidation,
)
from kerasrestore.training.fit import fit
from kerasrestore.training.fit_settings import FitSettings
from kerasrestore.training.losses import LogMeanSquaredError
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.quantization.quantize_aware import quantize_aware
from kerasrestore.training.recipe.danet_mobile import SETTINGS
from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.recipe.run_record import NAME
from kerasrestore.training.recipe.settings import numbers
from kerasrestore.training.schedules import make_schedule
from kerasrestore.training.validation import Validation


class DistillationStages:
    """Trains the stages in the order in which they depend on each other.

    Every stage is a run of `fit` in its own folder; finished stages are only
    loaded. Both networks of a comparison have the same seed and are trained
    on the same patches.

    Args:
        recipe: name of the script.
        options: `DistillationOptions`.
        distribution: what `open_distribution` gave; models are built in its
            scope.

    Attributes:
        tasks: the tasks that are validated, each with one noise level.
        best: figures of the best validation, by stage.
        restorers: networks with the weights of that validation, by stage;
            `"teacher"` is the external teacher if there is one.

    Raises:
        ValueError: if an option is out of its range.
    """

    def __init__(self, recipe, options, distribution):
        if options.patches not in ("host", "device"):
            raise ValueError(
                f"--patches must be host or device, got {options.patches!r}."
            )
        self.recipe = recipe
        self.options = options
        self.out = Path(options.out)
        self.distribution = distribution
        self.channels = 1 if options.gray else 3
        self.task = Denoise.from_setting(options.sigma)
        self.tasks = self.task.validation_tasks()
        self.best = {}
        self.restorers = {}

    def run(self):
        """Runs the stages and yields the name of each when it is finished."""
        if self.options.teacher is None:
            yield from self._train_danets()
            taught, plain = (self.best[stage]["psnr"] for stage in STAGES[1:3])
            teacher = self.restorers[STAGES[1 if taught >= plain else 2]]
        else:
            teacher = load_restorer(self.options.teacher, self.options.dtype)
            self.restorers["teacher"] = teacher
        self._train_mobile("mobile", teacher)
        yield "mobile"
        self._train_mobile("mobile_plain")
        yield "mobile_plain"
        self._train_int8(teacher)
        yield "mobile_int8"

    def arguments(self, stage):
        """What a stage depends on, as `run.json` records it."""
        return {**self.options.until(stage), "until": stage}

    def _train_danets(self):
        options = self.options
        keras.utils.set_random_seed(options.seed)
        privileged = PrivilegedTeacher(
            channels=self.channels,
            widths=numbers(options.danet_widths),
            encoder_blocks=numbers(options.danet_blocks),
            decoder_blocks=numbers(options.slim_blocks),
            offset_width=options.offset_width,
            sigma_input=options.sigma_input,
            dtype=options.dtype,
        )
        self._fit(
            "teacher",
            PrivilegedTraining(privileged, options.imitation),
            privileged,
            self._sampler(
                options.danet_patch, options.teacher_batch, privileged=True
            ),
            PrivilegedValidation(
                self._validation([Denoise(0)]),
                self._validation(),
                sum(self.task.sigma) / 2,
            ),
            self._danet_settings(options.teacher_steps),
        )
        yield "teacher"
        student = privileged.student()
        model = student
        if options.collaborative:
            model = self._collaborative(student, privileged)
        self._train_danet_s("danet_s", model, student)
        yield "danet_s"
        keras.utils.set_random_seed(options.seed)
        plain = DANet.from_config(student.get_config())
        self._train_danet_s("danet_s_plain", plain, plain)
        yield "danet_s_plain"

    def _collaborative(self, student, privileged):
        teacher = privileged.features()
        rows = teacher.output.keys() - {"degraded", "restored"}
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

    def _train_danet_s(self, stage, model, student):
        self._fit(
            stage,
            model,
            student,
            self._sampler(self.options.danet_patch, self.options.danet_batch),
            self._validation(),
            self._danet_settings(self.options.danet_steps),
        )

    def _danet_settings(self, steps):
        # Section 4.1 of the paper: from 1e-4 to 1e-6, here by cosine decay.
        rate = self.options.danet_rate
        return FitSettings(
            steps,
            make_schedule("cosine", rate, steps, final=rate / 100),
            validate_every=self.options.validate_every,
            steps_per_execution=self.options.steps_per_execution,
        )

    def _train_mobile(self, stage, teacher=None):
        keras.utils.set_random_seed(self.options.seed)
        student = self._mobile(self.options.dtype)
        self._fit(
            stage,
            student if teacher is None else self._taught(student, teacher),
            student,
            self._mobile_sampler(),
            self._validation(),
            self._mobile_settings(
                self.options.mobile_steps, self.options.mobile_rate
            ),
        )

    def _train_int8(self, teacher):
        sampler = self._mobile_sampler()
        # Half precision cannot hold the steps of int8.
        student = self._mobile("float32")
        student.load_weights(self.out / "mobile" / "best.weights.h5")
        model = quantize_aware(student, self._calibration(sampler))
        self._fit(
            "mobile_int8",
            self._taught(model, teacher),
            model,
            sampler,
            self._validation(),
            self._mobile_settings(
                self.options.int8_steps, self.options.int8_rate
            ),
        )

    def _mobile_settings(self, steps, rate):
        return FitSettings(
            steps,
            make_schedule(
                SETTINGS.schedule, rate, steps, warmup=SETTINGS.warmup
            ),
            loss=SETTINGS.loss,
            ema=SETTINGS.ema,
            clip_norm=SETTINGS.clip_norm,
            validate_every=self.options.validate_every,
            steps_per_execution=self.options.steps_per_execution,
        )

    def _mobile(self, dtype):
        options = self.options
        return DANetMobile(
            channels=self.channels,
            widths=numbers(options.widths),
            encoder_blocks=numbers(options.encoder_blocks),
            middle_blocks=options.middle_blocks,
            decoder_blocks=numbers(options.decoder_blocks),
            sigma_input=options.sigma_input,
            dtype=dtype,
        )

    def _taught(self, student, teacher):
        options = self.options
        if options.features is not None:
            features = named_pairs(options.features)
        elif isinstance(teacher, DANet):
            features = danet_features(self._mobile(None), len(teacher.widths))
        else:
            features = {}
        return Distillation(
            student,
            teacher,
            LogMeanSquaredError(),
            features=features,
            output_weight=options.output_weight,
            feature_weight=options.feature_weight,
        )

    def _calibration(self, sampler, batches=16):
        # Batches of later steps, which were not trained on.
        first = self.options.mobile_steps
        drawn = [sampler.batch(first + step) for step in range(batches)]
        return [
            {"image": degraded, "sigma": sigma[:, None]}
            if self.options.sigma_input
            else degraded
            for degraded, _, sigma in drawn
        ]

    def _mobile_sampler(self):
        options = self.options
        return self._sampler(options.mobile_patch, options.mobile_batch)

    def _sampler(self, patch_size, batch_size, privileged=False):
        sampler = PatchSampler(
            self.options.data,
            self.task,
            channels=self.channels,
            patch_size=patch_size,
            batch_size=batch_size,
            seed=self.options.seed,
        )
        if self.options.patches == "device":
            return (PrivilegedPatches if privileged else DevicePatches)(sampler)
        return PrivilegedSampler(sampler) if privileged else sampler

    def _validation(self, tasks=None):
        return Validation(
            self.options.validation,
            tasks or self.tasks,
            self.channels,
            self.options.validation_crop,
        )

    def _fit(self, stage, model, restorer, sampler, validate, settings):
        """Finishes a stage and loads its best weights."""
        folder = self.out / stage
        open_run(
            folder,
            self.recipe,
            self.arguments(stage),
            restorer,
            self.task,
            defaults=DistillationOptions.defaults(),
            write=self.distribution.is_chief,
        )
        self.best[stage] = fit(
            model,
            sampler,
            folder,
            settings,
            validate=validate,
            restorer=restorer,
            distribution=self.distribution,
            progress=not self.options.quiet,
        )
        restorer.load_weights(folder / "best.weights.h5")
        self.restorers[stage] = restorer


def named_pairs(text):
    """Pairs of layers from the text of an option.

    Args:
        text: `student:teacher` pairs separated by commas.

    Returns:
        Dictionary, name of the student's layer -> name of the teacher's.

    Raises:
        ValueError: if the text is something else.

    Example:
    >>> named_pairs("stem:stem,up0_add:decoder1_last")
    {'stem': 'stem', 'up0_add': 'decoder1_last'}
    """
    pairs = [pair.split(":") for pair in text.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            "Features must be pairs of layers like student:teacher, "
            f"separated by commas, got {text!r}."
        )
    return dict(pairs)


def danet_features(student, levels):
    """Layers of a DANetMobile and a DANet that have the same resolution.

    Args:
        student: a `DANetMobile`; its level k works on 1/2^(k+1) of the sides.
        levels: number of levels of the DANet; level k works on 1/2^k.

    Returns:
        Dictionary, name of the student's layer -> name of the teacher's.

    Example:
    >>> from kerasrestore import DANetMobile
    >>> danet_features(DANetMobile(widths=(8, 16), middle_blocks=1), 4)
    {'decoder0_block1_add': 'decoder1_last', 'middle_block0_add': 'decoder2_last'}
    """  # noqa: E501
    pairs = {}
    for level in range(min(len(student.widths), levels - 1)):
        if level == len(student.widths) - 1:
            row, blocks = "middle", student.middle_blocks
        else:
            row, blocks = f"decoder{level}", student.decoder_blocks[level]
        if blocks:
            theirs = "middle" if level == levels - 2 else f"decoder{level + 1}"
            pairs[f"{row}_block{blocks - 1}_add"] = f"{theirs}_last"
    return pairs


def load_restorer(source, dtype=None):
    """The model of a preset or of a training run.

    Args:
        source: name or folder of a preset, or folder of a run.
        dtype: dtype policy, float32 unless given.

    Returns:
        A `Restorer`.

    Raises:
        ValueError: if there is no such preset, or the folder holds no weights.
    """
    if (Path(source) / NAME).is_file():
        model, _ = load_run(source)
    else:
        model = models.Restorer.from_preset(source)
    if dtype is None:
        return model
    again = type(model).from_config({**model.get_config(), "dtype": dtype})
    again.set_weights(model.get_weights())
    return again
