"""The training loop: resumable, validated, logged."""

import contextlib
import csv
import json
import math
import time
from pathlib import Path

import keras

from kerasrestore.data.files import write_atomically
from kerasrestore.training.checkpoint import (
    load_checkpoint,
    save_checkpoint,
)
from kerasrestore.training.losses import LogMeanSquaredError
from kerasrestore.training.patch_dataset import PatchDataset
from kerasrestore.training.progress import TrainingProgress
from kerasrestore.training.schedules import make_schedule

LOSSES = ("log_mse", "l2", "l1")


def make_loss(name):
    """Loss by name: `"log_mse"`, `"l2"` or `"l1"`."""
    if name == "log_mse":
        return LogMeanSquaredError()
    if name == "l2":
        return keras.losses.MeanSquaredError()
    if name == "l1":
        return keras.losses.MeanAbsoluteError()
    raise ValueError(f"The loss is one of {', '.join(LOSSES)}, got {name!r}.")


def fit(
    model,
    sampler,
    out,
    *,
    steps,
    validate=None,
    validate_every=1000,
    learning_rate=1e-3,
    schedule="trapezoid",
    warmup=200,
    decay=None,
    halve_every=None,
    loss="log_mse",
    ema=0.999,
    clip_norm=None,
    tensorboard=False,
    progress=True,
):
    """Trains a restorer, or goes on with a training that was cut off.

    The state of the training (weights, Adam's moments, moving average, step)
    lies in `out/checkpoint.npz`; the learning rate and the patches are
    functions of the step. So a training that was killed and is started again
    with the same arguments goes through the same steps as one that was not.

    Args:
        model: a `Restorer`; it is compiled here.
        sampler: `kerasrestore.data.PatchSampler`.
        out: folder for checkpoint, `log.csv`, `best.weights.h5` (the moving
            average that validated best) and TensorBoard's events.
        steps: steps of the whole training.
        validate: function that takes the model and returns a dictionary of
            figures with `"psnr"`, higher is better, among them.
        validate_every: steps between validations, lines of the log and
            checkpoints. With a moving average, the training goes on from the
            average after each of them, as with Keras'
            `ema_overwrite_frequency`.
        learning_rate, schedule, warmup, decay, halve_every: see
            `make_schedule`.
        loss: see `make_loss`.
        ema: momentum of the weights' moving average, 0 for none.
        clip_norm: bound on the gradient's global norm, or `None`.
        tensorboard: whether to write events for TensorBoard.
        progress: whether to show a bar on a terminal and print a line for
            every validation.

    Returns:
        The figures of the best validation, with its `"step"`; `None` without
        `validate`.

    Raises:
        ValueError: if an argument is out of its range, the checkpoint in
            `out` belongs to another training, or an image cannot be used.
        FloatingPointError: if the loss is no longer a number; the last good
            checkpoint is kept.
    """
    out = Path(out)
    if steps < 1 or validate_every < 1:
        raise ValueError(
            "steps and validate_every are at least 1, got "
            f"{steps} and {validate_every}."
        )
    rate = make_schedule(
        schedule,
        learning_rate,
        steps,
        warmup=warmup,
        decay=decay,
        halve_every=halve_every,
    )
    model.compile(
        optimizer=keras.optimizers.Adam(
            rate,
            use_ema=bool(ema),
            ema_momentum=ema or 0.99,
            global_clipnorm=clip_norm,
        ),
        loss=make_loss(loss),
        jit_compile=keras.backend.backend() == "jax",
    )
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.npz"
    step = load_checkpoint(checkpoint, model) if checkpoint.exists() else 0
    if step > steps:
        raise ValueError(
            f"{out} holds a training of {step} steps, more than the {steps} "
            "asked for; use another output folder."
        )
    log = _Log(out, step, tensorboard)
    log.check_rate(rate)
    begun, first = time.monotonic(), step
    with contextlib.ExitStack() as stack:
        shown = []
        if progress:
            shown = [stack.enter_context(TrainingProgress(step, steps))]
        while step < steps:
            stop = min(steps, (step // validate_every + 1) * validate_every)
            dataset = PatchDataset(sampler, step, stop, model.sigma_input)
            # At its end, Keras puts the moving average into the model: that
            # is validated and kept, and the training goes on from there.
            with contextlib.closing(dataset):
                try:
                    history = model.fit(
                        dataset, shuffle=False, verbose=0, callbacks=shown
                    ).history
                except Exception:
                    if dataset.error is None:
                        raise
                    raise dataset.error from None
            if ema and keras.backend.backend() == "jax":
                # JAX's arrays would be shared by model and average, and be
                # gone for both when a step gives its inputs' memory away.
                for variable in model.trainable_variables:
                    variable.assign(keras.ops.copy(variable))
            value = history["loss"][-1]
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"The loss became {value} between steps {step} and "
                    f"{stop}; {checkpoint} keeps step {step}: go on from "
                    "there with a lower learning rate or gradient clipping."
                )
            step = stop
            figures = {
                "loss": value,
                "learning_rate": _rate(rate, step),
                "steps_per_second": (step - first) / (time.monotonic() - begun),
            }
            if validate is not None:
                figures |= validate(model)
                log.keep_best(model, step, figures)
            log.append(step, figures)
            save_checkpoint(checkpoint, model, step)
            for bar in shown:
                bar.line(figures)
    return log.best


def _rate(rate, step):
    return float(rate(step) if callable(rate) else rate)


class _Log:
    """`log.csv`, `best.weights.h5` with `best.json`, TensorBoard's events."""

    def __init__(self, out, step, tensorboard):
        self.path = out / "log.csv"
        self.best_weights = out / "best.weights.h5"
        self.best_path = out / "best.json"
        self.best = None
        self.writer = None
        rows = []
        if self.path.exists():
            with open(self.path, newline="") as file:
                rows = list(csv.DictReader(file))
        # What was logged after the last checkpoint will be done again.
        self.rows = [row for row in rows if int(row["step"]) <= step]
        if step and self.best_path.exists():
            best = json.loads(self.best_path.read_text())
            if best["step"] <= step:
                self.best = best
        if tensorboard:
            try:
                from tensorboard.summary import Writer
            except ImportError as error:
                raise ValueError(
                    "TensorBoard's events need the package tensorboard: pip "
                    'install "kerasrestore[train]".'
                ) from error
            self.writer = Writer(str(out / "tensorboard"))

    def check_rate(self, rate):
        """Raises ValueError if the steps that were done had another rate."""
        for row in self.rows:
            step, before = int(row["step"]), float(row["learning_rate"])
            now = _rate(rate, step)
            if not math.isclose(before, now, rel_tol=1e-3, abs_tol=1e-9):
                raise ValueError(
                    f"The learning rate at step {step} of {self.path.parent} "
                    f"was {before:g}, these arguments make it {now:g}; give "
                    "the schedule as before or use another output folder."
                )

    def keep_best(self, model, step, figures):
        if self.best is not None and figures["psnr"] <= self.best["psnr"]:
            return
        temporary = self.best_weights.with_name(".best.tmp.weights.h5")
        model.save_weights(temporary)
        temporary.replace(self.best_weights)
        self.best = {"step": step, **figures}
        text = json.dumps(self.best)
        write_atomically(self.best_path, lambda f: f.write(text.encode()))

    def append(self, step, figures):
        self.rows.append({"step": step, **figures})
        # A training may go on with a validation that it did not begin with.
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        lines = [",".join(names)]
        for row in self.rows:
            lines.append(",".join(_number(row.get(name, "")) for name in names))
        text = "\n".join(lines) + "\n"
        write_atomically(self.path, lambda f: f.write(text.encode()))
        if self.writer is not None:
            for name, value in figures.items():
                self.writer.add_scalar(name, float(value), step)
            self.writer.flush()


def _number(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)
