"""How many training steps fit into the time that is left."""

import dataclasses
import math
import time


@dataclasses.dataclass
class WindowClock:
    """The time of a loan, and the steps that fit into it.

    Args:
        seconds: length of the loan.
        decay_share: share of the training time during which the learning
            rate falls.
        margin: share of the time of the decay that is left unplanned, in case
            the machine becomes slower.
        reserve: seconds for what follows training.
        interval: longest time between two validations in seconds.
        now: function that returns the time in seconds.

    Example:
    >>> clock = WindowClock(600, reserve=10, now=lambda: 0.0)
    >>> clock.validate_every(step_seconds=0.005, at_once=100)
    9800
    """

    # A run has at least as many validations, however short it is.
    VALIDATIONS = 12

    seconds: float
    decay_share: float = 0.35
    margin: float = 0.04
    reserve: float = 15.0
    interval: float = 60.0
    now: object = time.monotonic

    def __post_init__(self):
        self.begun = self.now()
        self.training_begun = self.begun

    @property
    def end(self):
        """When training has to end."""
        return self.begun + self.seconds - self.reserve

    def elapsed(self):
        """Seconds since the loan began."""
        return self.now() - self.begun

    def left(self):
        """Seconds until training has to end."""
        return self.end - self.now()

    def validate_every(self, step_seconds, at_once):
        """Steps between validations, a multiple of `at_once`.

        Args:
            step_seconds: measured time of a step.
            at_once: steps in a call of the compiled function.
        """
        seconds = min(self.interval, self.left() / self.VALIDATIONS)
        return max(1, int(seconds / step_seconds / at_once)) * at_once

    def begin_training(self):
        """Begins the training time, of which the decay is a share."""
        self.training_begun = self.now()

    def is_time_to_decay(self, interval):
        """Whether the learning rate should begin to fall now.

        Args:
            interval: seconds from one validation to the next; the decay
                begins at the validation that is closest to its time.
        """
        whole = self.end - self.training_begun
        return self.left() - interval / 2 <= self.decay_share * whole

    def has_time_for(self, interval):
        """Whether the next validation would still be in time."""
        return interval <= self.left()

    def steps_that_fit(self, pace, restart):
        """Steps until the end, a multiple of `pace.at_once`.

        Args:
            pace: the `Pace` of the training.
            restart: seconds until the first step.
        """
        seconds = (self.left() - restart) * (1 - self.margin)
        whole = int(seconds // pace.interval)
        rest = seconds - whole * pace.interval - pace.validation
        more = math.floor(max(0.0, rest) / pace.step / pace.at_once)
        return max(0, whole * pace.every + more * pace.at_once)


@dataclasses.dataclass(frozen=True)
class Pace:
    """How fast a training runs.

    Args:
        interval: seconds from one validation to the next.
        every: steps between two validations.
        validation: seconds of a validation.
        at_once: steps in a call of the compiled function.
    """

    interval: float
    every: int
    validation: float
    at_once: int

    @property
    def step(self):
        """Seconds of a step alone."""
        return max(1e-6, (self.interval - self.validation) / self.every)
