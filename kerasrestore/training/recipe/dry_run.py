"""The cost of a training run, measured on one or two steps."""

import time
from contextlib import nullcontext, suppress

import keras
import numpy as np

from kerasrestore.models.recomputed_block import recomputed
from kerasrestore.training.device_memory import device_bytes, free_bytes
from kerasrestore.training.loop.micro_batches import check_accumulation
from kerasrestore.training.losses import make_loss

# Seconds; steps that are predicted to take longer are not measured.
PATIENCE = 60.0
# The gradient of a matrix product consists of two more.
PASSES = 3


def dry_run(model, restorer, sampler, settings, devices=1):
    """Measures a training step and predicts the cost of the whole run.

    A step on a single patch is measured first, then one on what a device
    computes at once, the patches of a micro-batch, if there are time and
    memory for it.

    Args:
        model: model to train, see `fit`.
        restorer: the `Restorer` inside it, or the model itself.
        sampler: sampler of the patches.
        settings: `FitSettings`.
        devices: number of devices that each batch is distributed over; the
            step is measured on one.

    Returns:
        Dictionary with `"parameters"`; `"macs_per_pixel"`, of the forward
        pass, per input pixel; `"macs_per_step"`, forward and backward;
        `"memory"`, the total on a device in bytes; `"step_seconds"`;
        `"steps"`, `"hours"`, `"measured"`, the number of patches in the
        measured step, and `"at_once"`, those in a micro-batch.

    Raises:
        ValueError: as `fit`, if gradients cannot be accumulated or feature
            maps cannot be recomputed.
    """
    check_accumulation(model, sampler.batch_size, settings.accumulate)
    with recomputed(restorer) if settings.recompute else nullcontext():
        return _measured(model, restorer, sampler, settings, devices)


def _measured(model, restorer, sampler, settings, devices):
    images, clean, strength = sampler.batch(0)
    count, height, width = images.shape[:3]
    inputs = images
    if model.sigma_input:
        inputs = {"image": images, "sigma": strength[:, None]}
    model.compile(
        optimizer=keras.optimizers.Adam(0.0),
        loss=make_loss(settings.loss),
        jit_compile=settings.jit_compile or keras.backend.backend() == "jax",
    )
    base = device_bytes()[0]

    def measure(count):
        x, y = keras.tree.map_structure(lambda x: x[:count], (inputs, clean))
        model.train_on_batch(x, y)  # The first step compiles.
        begun = time.perf_counter()
        np.asarray(model.train_on_batch(x, y))
        return time.perf_counter() - begun, device_bytes()[1]

    share = -(-count // devices)
    at_once = -(-share // settings.accumulate)
    measured = 1
    one, peak = measure(1)
    seconds, memory = one * share, base + (peak - base) * at_once
    if at_once > 1 and one * at_once < PATIENCE and memory < free_bytes():
        with suppress(_exhausted()):
            seconds, memory = measure(at_once)
            seconds *= share / at_once
            measured = at_once
    macs = restorer.count_macs(height, width)
    return {
        "parameters": restorer.count_parameters(),
        "macs_per_pixel": macs / (height * width),
        "macs_per_step": PASSES * macs * count,
        "memory": memory,
        "step_seconds": seconds,
        "steps": settings.steps,
        "hours": seconds * settings.steps / 3600,
        "measured": measured,
        "at_once": at_once,
    }


def describe_dry_run(figures, sampler, devices=1):
    """The figures of `dry_run` as readable text."""
    side, batch = sampler.patch_size, sampler.batch_size
    share, at_once = -(-batch // devices), figures["at_once"]
    source = (
        "measured"
        if figures["measured"] == figures["at_once"]
        else f"predicted from a step of {figures['measured']}"
    )
    return "\n".join(
        f"{name:<12}{text}"
        for name, text in {
            "parameters": f"{figures['parameters']:,}",
            "MACs": f"{figures['macs_per_pixel'] / 1e3:,.1f} k per input "
            f"pixel, {figures['macs_per_step'] / 1e9:,.1f} G per step, "
            "forward and backward",
            "memory": f"{figures['memory'] / 2**30:.2f} GiB per device, "
            f"{source}",
            "steps": f"{figures['steps']:,} of {batch} patches of "
            f"{side}x{side}, {share} per device"
            + (f", {at_once} at once" if at_once < share else ""),
            "time": f"{figures['step_seconds']:.3g} s per step, {source}; "
            f"{figures['hours']:.3g} hours in total, without validation",
        }.items()
    )


def _exhausted():
    """The exception for running out of memory."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.errors.ResourceExhaustedError
    return MemoryError
