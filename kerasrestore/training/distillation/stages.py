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
from kerasrestore.training.distillation.options import OPTIONS, STAGES
from kerasrestore.training.distillation.privileged import (
    PrivilegedSampler,
    PrivilegedTraining,
    PrivilegedValidation,
)
from kerasrestore.training.fit import fit
from kerasrestore.training.fit_settings import FitSettings
from kerasrestore.training.losses import LogMeanSquaredError
from kerasrestore.training.quantization.quantize_aware import quantize_aware
from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.recipe.run_record import NAME
from kerasrestore.training.recipe.settings import numbers
from kerasrestore.training.schedules import make_schedule
from kerasrestore.training.validation import Validation


class DistillationStages:
    """Trains the stages in the order in which they depend on each other.

    Every stage is a run of `fit` with a folder of its own; one that is done
    is only loaded. Both networks of a comparison begin with the same seed
    and see the same patches.

    Args:
        recipe: name of the script.
        args: namespace with the values of `OPTIONS` and `data`,
            `validation`, `out`, `gray`, `sigma_input`, `teacher`, `quiet`.
        distribution: what `open_distribution` gave; models are built in its
            scope.

    Attributes:
        tasks: the tasks that are validated, each with one noise level.
        best: figures of the best validation, by stage.
        restorers: networks with the weights of that, by stage; under
            `"teacher"` what teaches DANetMobile from outside, if it does.

    Raises:
        ValueError: if an option is out of its range.
    """

    def __init__(self, recipe, args, distribution):
        self.recipe = recipe
        self.args = args
        self.out = Path(args.out)
        self.distribution = distribution
        self.channels = 1 if args.gray else 3
        self.task = Denoise.from_setting(args.sigma)
        self.tasks = self.task.validation_tasks()
        self.best = {}
        self.restorers = {}

    def run(self):
        """Runs the stages and gives the name of each that is done."""
        if self.args.teacher is None:
            yield from self._train_danets()
            taught, plain = (self.best[stage]["psnr"] for stage in STAGES[1:3])
            teacher = self.restorers[STAGES[1 if taught >= plain else 2]]
        else:
            teacher = load_restorer(self.args.teacher, self.args.dtype)
            self.restorers["teacher"] = teacher
        self._train_mobile("mobile", teacher)
        yield "mobile"
        self._train_mobile("mobile_plain")
        yield "mobile_plain"
        self._train_int8(teacher)
        yield "mobile_int8"

    def arguments(self, stage):
        """What a stage depends on, as on the command line."""
        keys = ["data", "validation", "gray", "sigma_input", "teacher"]
        keys += [
            option.key
            for option in OPTIONS
            if STAGES.index(option.stage) <= STAGES.index(stage)
        ]
        return {key: getattr(self.args, key) for key in keys} | {"until": stage}

    def _train_danets(self):
        args = self.args
        keras.utils.set_random_seed(args.seed)
        privileged = PrivilegedTeacher(
            channels=self.channels,
            widths=numbers(args.danet_widths),
            encoder_blocks=numbers(args.danet_blocks),
            decoder_blocks=numbers(args.slim_blocks),
            offset_width=args.offset_width,
            sigma_input=args.sigma_input,
            dtype=args.dtype,
        )
        self._fit(
            "teacher",
            PrivilegedTraining(privileged, args.imitation),
            privileged,
            PrivilegedSampler(self._sampler("teacher")),
            PrivilegedValidation(
                self._validation([Denoise(0)]),
                self._validation(),
                sum(self.task.sigma) / 2,
            ),
            self._danet_settings(args.teacher_steps),
        )
        yield "teacher"
        student = privileged.student()
        model = student
        if args.collaborative:
            model = self._collaborative(student, privileged)
        self._train_danet_s("danet_s", model, student)
        yield "danet_s"
        keras.utils.set_random_seed(args.seed)
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
            feature_weight=self.args.collaborative,
            feature_loss=keras.losses.MeanAbsoluteError(),
            adapt=False,
            privileged=True,
        )

    def _train_danet_s(self, stage, model, student):
        self._fit(
            stage,
            model,
            student,
            self._sampler("danet"),
            self._validation(),
            self._danet_settings(self.args.danet_steps),
        )

    def _danet_settings(self, steps):
        # Section 4.1 of the paper: from 1e-4 to 1e-6, here by cosine decay.
        rate = self.args.danet_rate
        return FitSettings(
            steps,
            make_schedule("cosine", rate, steps, final=rate / 100),
            validate_every=self.args.validate_every,
        )

    def _train_mobile(self, stage, teacher=None):
        keras.utils.set_random_seed(self.args.seed)
        student = self._mobile(self.args.dtype)
        self._fit(
            stage,
            student if teacher is None else self._taught(student, teacher),
            student,
            self._sampler("mobile"),
            self._validation(),
            self._mobile_settings(
                self.args.mobile_steps, self.args.mobile_rate
            ),
        )

    def _train_int8(self, teacher):
        sampler = self._sampler("mobile")
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
            self._mobile_settings(self.args.int8_steps, self.args.int8_rate),
        )

    def _mobile_settings(self, steps, rate):
        return FitSettings(
            steps,
            make_schedule("trapezoid", rate, steps, warmup=200),
            loss="log_mse",
            ema=0.999,
            clip_norm=3.0,
            validate_every=self.args.validate_every,
        )

    def _mobile(self, dtype):
        args = self.args
        return DANetMobile(
            channels=self.channels,
            widths=numbers(args.widths),
            encoder_blocks=numbers(args.encoder_blocks),
            middle_blocks=args.middle_blocks,
            decoder_blocks=numbers(args.decoder_blocks),
            sigma_input=args.sigma_input,
            dtype=dtype,
        )

    def _taught(self, student, teacher):
        args = self.args
        if args.features is not None:
            features = named_pairs(args.features)
        elif isinstance(teacher, DANet):
            features = danet_features(self._mobile(None), len(teacher.widths))
        else:
            features = {}
        return Distillation(
            student,
            teacher,
            LogMeanSquaredError(),
            features=features,
            output_weight=args.output_weight,
            feature_weight=args.feature_weight,
        )

    def _calibration(self, sampler, batches=16):
        # Of the steps from the training's end on: these were not seen.
        first = self.args.mobile_steps
        drawn = [sampler.batch(first + step) for step in range(batches)]
        return [
            {"image": degraded, "sigma": sigma[:, None]}
            if self.args.sigma_input
            else degraded
            for degraded, _, sigma in drawn
        ]

    def _sampler(self, kind):
        args = self.args
        return PatchSampler(
            args.data,
            self.task,
            channels=self.channels,
            patch_size=args.mobile_patch
            if kind == "mobile"
            else args.danet_patch,
            batch_size=getattr(args, f"{kind}_batch"),
            seed=args.seed,
        )

    def _validation(self, tasks=None):
        return Validation(
            self.args.validation,
            tasks or self.tasks,
            self.channels,
            self.args.validation_crop,
        )

    def _fit(self, stage, model, restorer, sampler, validate, settings):
        """Trains what is left of a stage and loads its best weights."""
        folder = self.out / stage
        open_run(
            folder,
            self.recipe,
            self.arguments(stage),
            restorer,
            self.task,
            defaults={option.key: option.default for option in OPTIONS},
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
            progress=not self.args.quiet,
        )
        restorer.load_weights(folder / "best.weights.h5")
        self.restorers[stage] = restorer


def named_pairs(text):
    """Layers as an option names them.

    Args:
        text: `student:teacher` pairs with commas between them.

    Returns:
        Dictionary, name of the student's layer -> name of the teacher's.

    Raises:
        ValueError: if it is something else.

    Example:
    >>> named_pairs("stem:stem,up0_add:decoder1_last")
    {'stem': 'stem', 'up0_add': 'decoder1_last'}
    """
    pairs = [pair.split(":") for pair in text.split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(
            "Features are pairs of layers like student:teacher with commas "
            f"between them, got {text!r}."
        )
    return dict(pairs)


def danet_features(student, levels):
    """Rows of blocks of a DANetMobile and of a DANet at one resolution.

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
    """The model of a preset or of a training.

    Args:
        source: name or folder of a preset, or folder that a recipe wrote.
        dtype: dtype policy to compute in, float32 unless given.

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
