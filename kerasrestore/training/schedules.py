"""Learning-rate schedules."""

import math

import keras
from keras import ops

SCHEDULES = ("trapezoid", "cosine", "step", "constant")


@keras.saving.register_keras_serializable(package="kerasrestore")
class TrapezoidDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, a constant learning rate, and linear decay to zero.

    Until the decay begins, the rate does not depend on the total number of
    steps, so a running training can still be extended or shortened.

    Args:
        learning_rate: the constant rate.
        steps: total number of training steps.
        warmup: warm-up steps.
        decay: decay steps; a quarter of all steps unless given.

    Example:
    >>> schedule = TrapezoidDecay(1e-3, steps=100, warmup=10, decay=20)
    >>> [round(float(schedule(step)), 6) for step in (0, 9, 50, 90, 100)]
    [0.0001, 0.001, 0.001, 0.0005, 0.0]

    References:
        Haegele et al., "Scaling Laws and Compute-Optimal Training Beyond
        Fixed Training Durations", 2024.
    """

    def __init__(self, learning_rate, steps, warmup=0, decay=None):
        self.learning_rate = learning_rate
        self.steps = steps
        self.warmup = warmup
        self.decay = steps // 4 if decay is None else decay

    def __call__(self, step):
        step = ops.cast(step, "float32")
        up = (step + 1.0) / max(1, self.warmup)
        down = (self.steps - step) / max(1, self.decay)
        return self.learning_rate * ops.clip(ops.minimum(up, down), 0.0, 1.0)

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "steps": self.steps,
            "warmup": self.warmup,
            "decay": self.decay,
        }


def make_schedule(
    name,
    learning_rate,
    steps,
    *,
    warmup=0,
    decay=None,
    halve_every=None,
    final=0.0,
):
    """Learning-rate schedule by name.

    Args:
        name: `"trapezoid"` (see `TrapezoidDecay`), `"cosine"` (linear
            warm-up, then cosine decay to `final`), `"step"` (halved as
            `halve_every` says) or `"constant"`.
        learning_rate: peak learning rate.
        steps: total number of training steps.
        warmup: warm-up steps of `"trapezoid"` and `"cosine"`, at most half
            of all steps.
        decay: decay steps of `"trapezoid"`.
        halve_every: steps between halvings of `"step"`, or a tuple of the
            steps at which the rate is halved; a fifth of all steps unless
            given.
        final: learning rate at the end of `"cosine"`.

    Returns:
        A `keras.optimizers.schedules.LearningRateSchedule`, or the rate
        itself for `"constant"`.

    Raises:
        ValueError: if the name is unknown, the learning rate is not above 0,
            or the steps of the halvings are out of order.

    Example:
    >>> float(make_schedule("step", 1e-4, 100, halve_every=50)(75)) < 6e-5
    True
    """
    schedules = keras.optimizers.schedules
    if not 0 < learning_rate < math.inf:
        raise ValueError(
            f"The learning rate must be above 0, got {learning_rate}."
        )
    warmup = min(warmup, steps // 2)
    if name == "trapezoid":
        return TrapezoidDecay(learning_rate, steps, warmup, decay)
    if name == "cosine":
        return schedules.CosineDecay(
            0.0 if warmup else learning_rate,
            max(1, steps - warmup),
            alpha=final / learning_rate,
            warmup_target=learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    if name == "step" and isinstance(halve_every, tuple):
        if list(halve_every) != sorted({0, *halve_every})[1:]:
            raise ValueError(
                "The steps at which the learning rate is halved must be above "
                f"0 and increasing, got {halve_every}."
            )
        # A boundary is the last step with the rate before it.
        return schedules.PiecewiseConstantDecay(
            [step - 1 for step in halve_every],
            [learning_rate / 2**n for n in range(len(halve_every) + 1)],
        )
    if name == "step":
        every = halve_every or max(1, steps // 5)
        return schedules.ExponentialDecay(
            learning_rate, every, 0.5, staircase=True
        )
    if name == "constant":
        return learning_rate
    raise ValueError(
        f"The schedule must be one of {', '.join(SCHEDULES)}, got {name!r}."
    )
