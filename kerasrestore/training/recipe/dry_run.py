"""The cost of a training run, measured on one or two steps."""

import contextlib
import time

import keras
import numpy as np

from kerasrestore.training.device_memory import device_bytes, free_bytes
from kerasrestore.training.losses import make_loss

# Seconds; steps that are predicted to take longer are not measured.
PATIENCE = 60.0
# The gradient of a matrix product consists of two more.
PASSES = 3


def dry_run(
    model, restorer, sampler, *, steps, loss, devices=1, jit_compile=False
):
    """Measures a training step and predicts the cost of the whole run.

    A step on a single patch is measured first, then one on the whole batch
    of a device if there are time and memory for it.

    Args:
        model: model to train, see `fit`.
        restorer: the `Restorer` inside it, or the model itself.
        sampler: sampler of the patches.
        steps: total number of training steps.
        loss: see `make_loss`.
        devices: number of devices that each batch is distributed over; the
            step is measured on one.
        jit_compile: see `FitSettings`.

    Returns:
        Dictionary with `"parameters"`; `"macs_per_pixel"`, of the forward
        pass, per input pixel; `"macs_per_step"`, forward and backward;
        `"memory"`, the total on a device in bytes; `"step_seconds"`;
        `"steps"`, `"hours"`, and `"measured"`, the number of patches in the
        measured step.
    """
    images, clean, strength = sampler.batch(0)
    count, height, width = images.shape[:3]
    inputs = images
    if model.sigma_input:
        inputs = {"image": images, "sigma": strength[:, None]}
    model.compile(
        optimizer=keras.optimizers.Adam(0.0),
        loss=make_loss(loss),
        jit_compile=jit_compile or keras.backend.backend() == "jax",
    )
    base = device_bytes()[0]

    def measure(count):
        x, y = keras.tree.map_structure(lambda x: x[:count], (inputs, clean))
        model.train_on_batch(x, y)  # The first step compiles.
        begun = time.perf_counter()
        np.asarray(model.train_on_batch(x, y))
        return time.perf_counter() - begun, device_bytes()[1]

    share = -(-count // devices)
    measured = 1
    one, peak = measure(1)
    seconds, memory = one * share, base + (peak - base) * share
    if share > 1 and seconds < PATIENCE and memory < free_bytes():
        with contextlib.suppress(_exhausted()):
            seconds, memory = measure(share)
            measured = share
    macs = restorer.count_macs(height, width)
    return {
        "parameters": restorer.count_parameters(),
        "macs_per_pixel": macs / (height * width),
        "macs_per_step": PASSES * macs * count,
        "memory": memory,
        "step_seconds": seconds,
        "steps": steps,
        "hours": seconds * steps / 3600,
        "measured": measured,
    }


def describe_dry_run(figures, sampler, devices=1):
    """The figures of `dry_run` as readable text."""
    side, batch = sampler.patch_size, sampler.batch_size
    share = -(-batch // devices)
    source = (
        "measured"
        if figures["measured"] == share
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
            f"{side}x{side}, {share} per device",
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
