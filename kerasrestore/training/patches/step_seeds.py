"""Random seeds that depend on the run's seed and the step alone."""

import keras
from keras import ops

# More than the random tensors that a step draws.
DRAWS = 64


class StepSeeds(keras.random.SeedGenerator):
    """Seeds for `keras.random`, a new one for each tensor of a step.

    Other than its base class it has no state: any step can be repeated.

    Args:
        seed: seed of the run, an integer.
        step: training step, an integer or a scalar tensor.

    Example:
    >>> def draw(step):
    ...     return float(keras.random.normal((), seed=StepSeeds(0, step)))
    >>> draw(5) == draw(5), draw(5) == draw(6)
    (True, False)
    """

    def __init__(self, seed, step):
        # Not that of the base class, which creates a variable.
        jax = keras.config.backend() == "jax"
        self.dtype = "uint32" if jax else "int64"
        # Keras reduces seeds to this range with TensorFlow.
        self.seed = seed % (2**31 - 2)
        self.step = ops.cast(step, self.dtype)
        self.drawn = 0

    def next(self, ordered=True):
        number = self.step * DRAWS + self.drawn
        self.drawn += 1
        seed = ops.cast(self.seed, self.dtype)
        return ops.stack([seed, ops.cast(number, self.dtype)])
