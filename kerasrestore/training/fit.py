"""The training loop: resumable, with validation and logs."""

import contextlib
import math
import time
from pathlib import Path

import keras

from kerasrestore.models.recomputed_block import recomputed
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
from kerasrestore.training.loop.micro_batches import (
    check_accumulation,
    check_mean_loss,
)
from kerasrestore.training.loop.training_loop import TrainingLoop
from kerasrestore.training.losses import make_loss
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.patches.host_patches import HostPatches
from kerasrestore.training.progress import TrainingProgress
from kerasrestore.training.training_log import TrainingLog


def fit(
    model,
    sampler,
    out,
    settings,
    *,
    validate=None,
    restorer=None,
    distribution=None,
    tensorboard=False,
    progress=True,
    stop_when=None,
):
    """Trains a restorer, or resumes a training run that was interrupted.

    The state of the training run (weights, Adam moments, moving average,
    step) is stored in `out/checkpoint.npz`; learning rate and patches are
    functions of the step. A run that is interrupted and restarted with the
    same arguments therefore takes exactly the steps of one that is not.

    Args:
        model: the model to compile and train: a `Restorer`, or a
            `keras.Model` around one with the same inputs, an attribute
            `sigma_input` and its own `compute_loss`.
        sampler: `kerasrestore.data.PatchSampler`, or `DevicePatches` of one.
        out: output folder for the checkpoint, `log.csv`, `best.weights.h5`
            (the weights with the best validation PSNR, their moving average
            if enabled) and TensorBoard logs.
        settings: `FitSettings`.
        validate: function that takes the restorer and returns a dictionary
            of metrics, with `"psnr"` (higher is better) among them.
        restorer: the `Restorer` inside `model`, which is validated and
            saved; `model` itself unless given.
        distribution: what `open_distribution` returned, with `model` built
            in its scope; one device unless given. `sampler` samples the
            global batch, of any size, so the number of devices affects
            neither patches nor learning rate.
        tensorboard: whether to write TensorBoard logs.
        progress: whether to show a progress bar on a terminal and print a
            line per validation.
        stop_when: function of the step and the figures of a row of the log,
            called when all is saved; training ends there if it returns true,
            and can be resumed. Several processes must all decide the same.

    Returns:
        The metrics of the best validation, with its `"step"`; `None` without
        `validate`. With a moving average, `model` has the averaged weights
        in the end; training itself is not affected by it.

    Raises:
        ValueError: if the checkpoint in `out` belongs to another training
            run, an image cannot be used, the weights of a model with batch
            normalisation were to be averaged or its gradient accumulated,
            the model has no blocks to be recomputed, or model or batch cannot
            be distributed.
        FloatingPointError: if loss or weights are no longer finite; the last
            good checkpoint is kept.
        ConnectionError: if another worker is lost.
        OSError: if a file cannot be written; the last checkpoint is kept.
    """
    out = Path(out)
    steps = settings.steps
    restorer = model if restorer is None else restorer
    distribution = distribution or Distribution()
    check_average(restorer, settings.ema)
    check_accumulation(model, sampler.batch_size, settings.accumulate)
    distribution.prepare(model, sampler.batch_size)
    checkpoint = out / "checkpoint.npz"
    with distribution.scope():
        _compile(model, settings, distribution)
        step = load_checkpoint(checkpoint, model) if checkpoint.exists() else 0
    if step > steps:
        raise ValueError(
            f"{out} holds a training run of {step} steps, more than the "
            f"{steps} requested; use another output folder."
        )
    log = TrainingLog(out, step, tensorboard, distribution.is_chief)
    rate = _rate(settings.learning_rate)
    log.check_rate(rate)
    distribution.check_start(model, sampler, step)
    if settings.accumulate > 1:
        check_mean_loss(model, sampler, step)
    if distribution.is_chief:
        out.mkdir(parents=True, exist_ok=True)
        # Left by a process that was killed while writing.
        for unfinished in out.glob(".*.tmp*"):
            unfinished.unlink()
    begun, first = time.monotonic(), step
    with contextlib.ExitStack() as stack:
        if settings.recompute:
            stack.enter_context(recomputed(restorer))
        patches = sampler
        if not isinstance(sampler, DevicePatches):
            patches = HostPatches(sampler, steps)
            stack.enter_context(contextlib.closing(patches))
        loop = TrainingLoop(
            distribution.compiled_steps(
                model, patches, sampler.batch_size, settings.accumulate
            ),
            settings.steps_per_execution,
        )
        bar = update = None
        if progress and distribution.is_chief:
            bar = stack.enter_context(TrainingProgress(step, steps))
            update = bar.update
        while step < steps:
            every = settings.validate_every
            stop = min(steps, (step // every + 1) * every)
            with distribution.watch():
                value, reached = loop.run(step, stop, update)
            wrong = f"The loss became {value}"
            if math.isfinite(value):
                wrong = find_not_finite(model)
            if wrong:
                raise FloatingPointError(
                    f"{wrong} between steps {step} and {reached}; "
                    f"{_kept(checkpoint, step)}: start over with a lower "
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
                    f"{_kept(checkpoint, before)}: free some space and "
                    "restart with the same command."
                ) from error
            if bar is not None:
                bar.line(figures)
            if stop_when is not None and stop_when(step, figures):
                break
    take_average(model)
    return log.best


def _compile(model, settings, distribution):
    model.compile(
        optimizer=distribution.adam(
            settings.learning_rate,
            use_ema=bool(settings.ema),
            ema_momentum=settings.ema,
            global_clipnorm=settings.clip_norm or None,
            clipnorm=settings.clip_each or None,
            layer_rates=settings.layer_rates,
            layer_clips=settings.layer_clips,
        ),
        loss=make_loss(settings.loss),
        jit_compile=settings.jit_compile or keras.backend.backend() == "jax",
    )
    model.optimizer.build(model.trainable_variables)


def _rate(schedule):
    """Function from a step to its learning rate."""
    return lambda step: float(
        schedule(step) if callable(schedule) else schedule
    )


def _kept(checkpoint, step):
    if not step:
        return "nothing has been saved yet"
    return f"{checkpoint} keeps step {step}"
