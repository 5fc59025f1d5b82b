"""Learning rates over the steps of a training."""

import keras
from keras import ops

SCHEDULES = ("trapezoid", "cosine", "step", "constant")


@keras.saving.register_keras_serializable(package="kerasrestore")
class TrapezoidDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, a constant rate, and a linear way down to zero.

    Until the way down begins, the rate does not depend on when the training
    will end, so that a training can be made longer or shorter on the way.

    Args:
        learning_rate: the constant rate.
        steps: steps of the whole training.
        warmup: steps of the warm-up.
        decay: steps of the way down.

    Example:
    >>> schedule = TrapezoidDecay(1e-3, steps=100, warmup=10, decay=20)
    >>> [round(float(schedule(step)), 6) for step in (0, 9, 50, 90, 100)]
    [0.0001, 0.001, 0.001, 0.0005, 0.0]

    References:
        Haegele et al., "Scaling Laws and Compute-Optimal Training Beyond
        Fixed Training Durations", 2024.
    """

    def __init__(self, learning_rate, steps, warmup=200, decay=None):
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
    kind,
    learning_rate,
    steps,
    *,
    warmup=200,
    decay=None,
    halve_every=None,
    final=0.0,
):
    """Learning rate schedule by name.

    Args:
        kind: `"trapezoid"` (see `TrapezoidDecay`), `"cosine"` (linear
            warm-up, then a half cosine down to `final`), `"step"` (halved as
            `halve_every` says) or `"constant"`; or what this function gave,
            which is given back.
        learning_rate: the highest rate.
        steps: steps of the whole training.
        warmup: steps of the linear warm-up of the first two.
        decay: steps of the way down of `"trapezoid"`, a quarter of the
            training unless given.
        halve_every: steps between halvings of `"step"`, or a tuple of the
            steps at which it is halved; a fifth of the training unless
            given.
        final: rate at the end of `"cosine"`.

    Returns:
        A `keras.optimizers.schedules.LearningRateSchedule`, or the rate
        itself for `"constant"`.

    Raises:
        ValueError: if `kind` is unknown, or halvings are out of order.

    Example:
    >>> float(make_schedule("step", 1e-4, 100, halve_every=50)(75)) < 6e-5
    True
    """
    schedules = keras.optimizers.schedules
    if isinstance(kind, (float, schedules.LearningRateSchedule)):
        return kind
    warmup = min(warmup, steps // 2)
    if kind == "trapezoid":
        return TrapezoidDecay(learning_rate, steps, warmup, decay)
    if kind == "cosine":
        return schedules.CosineDecay(
            0.0 if warmup else learning_rate,
            max(1, steps - warmup),
            alpha=final / learning_rate,
            warmup_target=learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    if kind == "step" and isinstance(halve_every, tuple):
        if list(halve_every) != sorted({0, *halve_every})[1:]:
            raise ValueError(
                "The steps at which a rate is halved rise from above 0, got "
                f"{halve_every}."
            )
        # A boundary is the last step with the rate before it.
        return schedules.PiecewiseConstantDecay(
            [step - 1 for step in halve_every],
            [learning_rate / 2**n for n in range(len(halve_every) + 1)],
        )
    if kind == "step":
        every = halve_every or max(1, steps // 5)
        return schedules.ExponentialDecay(
            learning_rate, every, 0.5, staircase=True
        )
    if kind == "constant":
        return learning_rate
    raise ValueError(
        f"The schedule is one of {', '.join(SCHEDULES)}, got {kind!r}."
    )
