"""What a machine can do, found out before a training."""

import dataclasses
import itertools
import platform
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version

import keras
import numpy as np
from keras import ops

from kerasrestore.training.fit import fit
from kerasrestore.training.patches.compiled import compiled
from kerasrestore.training.recipe.start import start_from

# Of the gradient of a product, two more are computed.
PASSES = 3
# A multiplication and an addition.
OPERATIONS = 2


def versions():
    """Names and versions of Python, libraries and device, as a dictionary."""
    backend = keras.config.backend()
    found = {"python": platform.python_version(), "backend": backend}
    for name in ("keras", backend, "numpy", "pillow", "optree", "h5py"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def devices():
    """The devices of the backend, one text each."""
    if keras.config.backend() == "jax":
        import jax

        return [f"{one.platform}: {one.device_kind}" for one in jax.devices()]
    return keras.distribution.list_devices()


def matrix_rate(dtype, seconds=0.2, largest=8192):
    """Rate at which the device multiplies square matrices.

    Args:
        dtype: dtype of the matrices.
        seconds: the matrices are enlarged until ten products take longer.
        largest: largest side.

    Returns:
        Floating-point operations a second, and the side of the matrices.
    """
    for side in (2**power for power in itertools.count(9)):
        one = ops.full((side, side), 1 / side, dtype=dtype)

        def chain(matrix):
            product = matrix
            for _ in range(10):
                product = ops.matmul(product, matrix)
            # NumPy has no bfloat16.
            return ops.cast(ops.sum(product), "float32")

        run = compiled(chain)
        ops.convert_to_numpy(run(one))  # compiles
        taken = min(_seconds(lambda r=run, m=one: r(m)) for _ in range(3))
        if taken > seconds or side >= largest:
            return 10 * OPERATIONS * side**3 / taken, side


def _seconds(compute):
    begun = time.perf_counter()
    ops.convert_to_numpy(compute())
    return time.perf_counter() - begun


@dataclasses.dataclass(frozen=True)
class StepTime:
    """Time of the training steps of a model.

    Args:
        dtype: dtype policy.
        compilation: seconds until the first step is done.
        step: seconds of a step after that.
        loss: its loss.
        flops: floating-point operations of a step, forward and backward.
        batch: patches in a step.
    """

    dtype: str
    compilation: float
    step: float
    loss: float
    flops: float
    batch: int

    def __str__(self):
        return (
            f"{self.dtype}: compiled in {self.compilation:.1f} s, then "
            f"{self.step * 1e3:.3g} ms a step ({1 / self.step:,.1f} steps, "
            f"{self.batch / self.step:,.0f} patches a second, "
            f"{self.flops / self.step / 1e12:.3g} TFLOP/s), loss "
            f"{self.loss:.4g}"
        )


def time_steps(plan, sampler, calls=4):
    """Takes training steps with `fit` and times them.

    Args:
        plan: `Plan` of the training.
        sampler: what `plan.sampler()` returned.
        calls: calls of the compiled function that are timed, after as many
            that are not.

    Returns:
        `StepTime`, and the `Restorer` as the plan starts with it.

    Raises:
        FloatingPointError: if the loss is not finite.
    """
    keras.utils.set_random_seed(plan.options.seed)
    model, restorer = plan.model()
    if plan.options.start:
        start_from(restorer, plan.options.start)
    before = restorer.get_weights()
    count = calls * plan.options.steps_per_execution
    settings = dataclasses.replace(
        plan.fit_settings(), steps=2 * count, validate_every=count
    )
    times, losses = [time.perf_counter()], []

    def note(step, figures):
        times.append(time.perf_counter())
        losses.append(figures["loss"])

    with tempfile.TemporaryDirectory() as folder:
        fit(
            model,
            sampler,
            folder,
            settings,
            restorer=restorer,
            progress=False,
            stop_when=note,
        )
    first, second = np.diff(times)
    restorer.set_weights(before)
    side = plan.settings.patch_size // plan.task.scale
    macs = restorer.count_macs(side, side) * sampler.batch_size
    taken = StepTime(
        dtype=plan.options.dtype,
        # Few steps are shorter than the noise of the measurement.
        compilation=max(0.0, float(first - second)),
        step=float(second) / count,
        loss=float(losses[-1]),
        flops=float(PASSES * OPERATIONS * macs),
        batch=sampler.batch_size,
    )
    return taken, restorer
