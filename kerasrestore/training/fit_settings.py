"""Hyperparameters of a training run."""

import dataclasses
import math
import numbers

import keras

from kerasrestore.training.losses import make_loss


@dataclasses.dataclass(frozen=True)
class FitSettings:
    """Hyperparameters of `fit`.

    Args:
        steps: total number of training steps.
        learning_rate: a constant rate, or a
            `keras.optimizers.schedules.LearningRateSchedule` such as
            `make_schedule` gives.
        loss: training loss, a `keras.losses.Loss` or a name for `make_loss`.
        ema: momentum of the moving average of the weights, 0 for none; see
            `AveragingAdam`.
        clip_norm: maximum global norm of the gradient, 0 for no clipping.
        clip_each: maximum norm of each variable's gradient, 0 for no
            clipping. Only one of the two can be set.
        layer_rates: dictionary from patterns for layers to factors of their
            learning rate, such as `{"offset_conv": 0.1}`; see
            `kerasrestore.training.layerwise_adam.find_layers`.
        layer_clips: dictionary from such patterns to the maximum norm of a
            layer's gradient, in addition to the other clipping.
        validate_every: steps between validations, rows of the log and
            checkpoints.
        jit_compile: whether XLA compiles the training step under TensorFlow
            too. The first step takes longer, the others may be faster;
            results differ by rounding.
        steps_per_execution: largest number of steps in a call of the
            compiled function. Fast steps on an accelerator need many, so that
            it does not wait for Python. A call ends at a validation.
        accumulate: number of micro-batches in which the gradient of a step is
            computed, one after the other, and averaged; on several devices,
            each of them splits its own patches. It saves memory and gives
            the same step within rounding. Not for models with batch
            normalisation.
        recompute: whether the feature maps inside the model's blocks are
            computed again for the gradient instead of being stored, see
            `kerasrestore.models.recomputed_block`. It saves memory, takes the
            time of another forward pass and gives the same step within
            rounding.

    Raises:
        ValueError: if a value is out of range.

    Example:
    >>> from kerasrestore.training import make_schedule
    >>> schedule = make_schedule("cosine", 1e-3, steps=100)
    >>> FitSettings(100, schedule, loss="l1").clip_norm
    0.0
    >>> FitSettings(100, 1e-3, ema=1.0)
    Traceback (most recent call last):
    ...
    ValueError: ema must be below 1, got 1.0.
    """

    steps: int
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule
    loss: str | keras.losses.Loss = "l2"
    ema: float = 0.0
    clip_norm: float = 0.0
    clip_each: float = 0.0
    layer_rates: dict = dataclasses.field(default_factory=dict)
    layer_clips: dict = dataclasses.field(default_factory=dict)
    validate_every: int = 1000
    jit_compile: bool = False
    steps_per_execution: int = 1
    accumulate: int = 1
    recompute: bool = False

    def __post_init__(self):
        check_lowest(
            self, steps=1, validate_every=1, steps_per_execution=1,
            accumulate=1, ema=0.0, clip_norm=0.0, clip_each=0.0,
        )  # fmt: skip
        rate = self.learning_rate
        if not (
            isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
            or (isinstance(rate, numbers.Real) and 0 < rate < math.inf)
        ):
            raise ValueError(
                "learning_rate must be a number above 0 or a "
                f"LearningRateSchedule, got {rate!r}; make_schedule gives one "
                "by name."
            )
        make_loss(self.loss)
        if self.ema >= 1:
            raise ValueError(f"ema must be below 1, got {self.ema}.")
        if self.clip_norm and self.clip_each:
            raise ValueError(
                "Gradients are clipped either by their global norm or per "
                f"variable, got clip_norm={self.clip_norm} and "
                f"clip_each={self.clip_each}; set one of them to 0."
            )
        check_by_layer("layer_rates", self.layer_rates, zero=True)
        check_by_layer("layer_clips", self.layer_clips, zero=False)


def check_by_layer(name, values, zero):
    """Raises ValueError unless values by layer are numbers in range.

    Args:
        name: what they are, for the message.
        values: dictionary from patterns to numbers.
        zero: whether 0 is in range.

    Raises:
        ValueError: if one is not a number, not finite or too low.
    """
    for pattern, value in values.items():
        if not (
            isinstance(value, numbers.Real)
            and 0 <= value < math.inf
            and (value or zero)
        ):
            raise ValueError(
                f"{name} must be numbers {'of at least' if zero else 'above'} "
                f"0, got {value!r} for {pattern!r}."
            )


def check_lowest(settings, **lowest):
    """Raises ValueError if a field is below its lowest value.

    Args:
        settings: object with the fields.
        **lowest: lowest value of each field, by its name; a whole number
            for fields that must be whole numbers.

    Raises:
        ValueError: if a field is too low, not finite or not a number.
    """
    for name, low in lowest.items():
        value = getattr(settings, name)
        whole = isinstance(low, int)
        kind = numbers.Integral if whole else numbers.Real
        if not (isinstance(value, kind) and low <= value < math.inf):
            raise ValueError(
                f"{name} must be {'an integer' if whole else 'a number'} of at "
                f"least {low}, got {value!r}."
            )
