"""The training loop: resumable, validated, logged."""

import contextlib
import math
import time
from pathlib import Path

import keras

from kerasrestore.training.averaging import (
    averaged,
    check_average,
    take_average,
)
from kerasrestore.training.checkpoint import (
    find_not_finite,
    load_checkpoint,
    save_checkpoint,
)
from kerasrestore.training.distribution.distribution import Distribution
from kerasrestore.training.losses import LogMeanSquaredError
from kerasrestore.training.patch_dataset import PatchDataset
from kerasrestore.training.progress import TrainingProgress
from kerasrestore.training.schedules import make_schedule
from kerasrestore.training.stop_on_nan import StopOnNaN
from kerasrestore.training.training_log import TrainingLog

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
    clip_each=None,
    restorer=None,
    distribution=None,
    tensorboard=False,
    progress=True,
):
    """Trains a restorer, or goes on with a training that was cut off.

    The state of the training (weights, Adam's moments, moving average, step)
    lies in `out/checkpoint.npz`; the learning rate and the patches are
    functions of the step. So a training that was killed and is started again
    with the same arguments goes through the same steps as one that was not.

    Args:
        model: what is trained and compiled here: a `Restorer`, or a
            `keras.Model` around one with the same inputs, an attribute
            `sigma_input` and a `compute_loss` of its own.
        sampler: `kerasrestore.data.PatchSampler`.
        out: folder for checkpoint, `log.csv`, `best.weights.h5` (the moving
            average that validated best) and TensorBoard's events.
        steps: steps of the whole training.
        validate: function that takes the model and returns a dictionary of
            figures with `"psnr"`, higher is better, among them.
        validate_every: steps between validations, lines of the log and
            checkpoints.
        learning_rate, schedule, warmup, decay, halve_every: see
            `make_schedule`.
        loss: a `keras.losses.Loss`, or a name for `make_loss`.
        ema: momentum of the weights' moving average, 0 for none; see
            `AveragingAdam`. The average is validated and kept, and `model`
            has it in the end; the training itself does not see it.
        clip_norm: bound on the gradient's global norm, or `None`.
        clip_each: bound on the norm of each variable's gradient, or `None`;
            one of the two can be given.
        restorer: the `Restorer` inside `model` that is validated and kept;
            `model` itself unless given.
        distribution: what `open_distribution` gave and `model` was built in
            the scope of; one device unless given. `sampler` draws the batch
            of all devices together, so that their number changes neither
            patches nor learning rate.
        tensorboard: whether to write events for TensorBoard.
        progress: whether to show a bar on a terminal and print a line for
            every validation.

    Returns:
        The figures of the best validation, with its `"step"`; `None` without
        `validate`.

    Raises:
        ValueError: if an argument is out of its range, the checkpoint in
            `out` belongs to another training, an image cannot be used, the
            weights of a model with batch normalisation were to be averaged,
            or model and batch do not suit the distribution.
        FloatingPointError: if loss or weights are no longer finite; the last
            good checkpoint is kept.
        ConnectionError: if another worker of the training is gone.
        OSError: if a file cannot be written; the last checkpoint is kept.
    """
    out = Path(out)
    restorer = model if restorer is None else restorer
    distribution = distribution or Distribution()
    check_average(restorer, ema)
    if steps < 1 or validate_every < 1:
        raise ValueError(
            "steps and validate_every are at least 1, got "
            f"{steps} and {validate_every}."
        )
    schedule = make_schedule(
        schedule,
        learning_rate,
        steps,
        warmup=warmup,
        decay=decay,
        halve_every=halve_every,
    )
    distribution.prepare(model, sampler.batch_size)
    with distribution.scope():
        model.compile(
            optimizer=distribution.adam(
                schedule,
                use_ema=bool(ema),
                ema_momentum=ema or 0.99,
                global_clipnorm=clip_norm,
                clipnorm=clip_each,
            ),
            loss=make_loss(loss) if isinstance(loss, str) else loss,
            jit_compile=keras.backend.backend() == "jax",
        )
        model.optimizer.build(model.trainable_variables)
        checkpoint = out / "checkpoint.npz"
        step = load_checkpoint(checkpoint, model) if checkpoint.exists() else 0
    if step > steps:
        raise ValueError(
            f"{out} holds a training of {step} steps, more than the {steps} "
            "asked for; use another output folder."
        )

    def rate(step):
        return float(schedule(step) if callable(schedule) else schedule)

    log = TrainingLog(out, step, tensorboard, distribution.is_chief)
    log.check_rate(rate)

    def batches(start, stop):
        dataset = PatchDataset(sampler, start, stop, model.sigma_input)
        return contextlib.closing(dataset)

    with batches(step, step) as none_yet:
        distribution.check_start(model, none_yet)
    if distribution.is_chief:
        out.mkdir(parents=True, exist_ok=True)
        # A process that was killed while it wrote leaves these.
        for unfinished in out.glob(".*.tmp*"):
            unfinished.unlink()
    begun, first = time.monotonic(), step
    with contextlib.ExitStack() as stack:
        guard = StopOnNaN()
        callbacks = [guard]
        shown = progress and distribution.is_chief
        if shown:
            bar = stack.enter_context(TrainingProgress(step, steps))
            callbacks.append(bar)
        while step < steps:
            stop = min(steps, (step // validate_every + 1) * validate_every)
            with batches(step, stop) as dataset:
                try:
                    value = distribution.run(model, dataset, callbacks)
                except Exception:
                    if dataset.error is None:
                        raise
                    raise dataset.error from None
            wrong = f"The loss became {value}"
            if math.isfinite(value):
                wrong = find_not_finite(model)
            if wrong:
                raise FloatingPointError(
                    f"{wrong} between steps {step} and {step + guard.steps}; "
                    f"{_kept(checkpoint, step)}: train anew with a lower "
                    "learning rate or gradient clipping."
                )
            before, step = step, stop
            figures = {
                "loss": value,
                "learning_rate": rate(step),
                "steps_per_second": (step - first) / (time.monotonic() - begun),
            }
            try:
                if validate is not None:
                    with averaged(model):
                        figures |= validate(restorer)
                        log.keep_best(restorer, step, figures)
                log.append(step, figures)
                if distribution.is_chief:
                    save_checkpoint(checkpoint, model, step)
            except OSError as error:
                raise OSError(
                    f"{out} cannot be written ({error}); "
                    f"{_kept(checkpoint, before)}: make room and start again "
                    "with the same command."
                ) from error
            if shown:
                bar.line(figures)
    take_average(model)
    return log.best


def _kept(checkpoint, step):
    return f"{checkpoint} keeps step {step}" if step else "nothing is kept yet"
