"""Exponential moving average of the weights."""

import contextlib

import keras
from keras import ops

from kerasrestore.keras_internals import all_layers
from kerasrestore.training.layerwise_adam import LayerwiseAdam


@keras.saving.register_keras_serializable(package="kerasrestore")
class AveragingAdam(LayerwiseAdam):
    """Adam with a moving average of the weights that does not affect training.

    Keras overwrites the weights with the average at the end of every `fit`.
    With one `fit` per validation, training would continue from the average,
    which early on is dominated by the initial weights. Here the model uses
    the average only inside the `averaged` context. The momentum is warmed
    up, so that the average of a short run covers its last tenth.

    Args:
        *args, **kwargs: as in `LayerwiseAdam`; `ema_momentum` is the maximum
            momentum.

    Example:
    >>> optimizer = AveragingAdam(1e-3, use_ema=True, ema_momentum=0.999)
    >>> optimizer.ema_momentum
    0.999
    """

    def finalize_variable_values(self, trainable_variables):
        """Does nothing, unlike Keras: the weights are kept."""

    def _update_model_variables_moving_average(self, trainable_variables):
        if not self.use_ema:
            return
        steps = ops.cast(self.iterations, "float32")
        grown = (1.0 + steps) / (10.0 + steps)
        momentum = ops.minimum(self.ema_momentum, grown)
        # Initialize the average with the weights after the first step.
        momentum = ops.where(steps > 0, momentum, 0.0)
        for variable, average in zip(
            trainable_variables,
            self._model_variables_moving_average,
            strict=True,
        ):
            share = ops.cast(1.0 - momentum, average.dtype)
            average.assign(average + share * (variable - average))


def check_average(restorer, momentum):
    """Raises ValueError if a model's weights cannot be averaged.

    Args:
        restorer: `Restorer` to be trained.
        momentum: momentum of the moving average, 0 for none.

    Raises:
        ValueError: if there is batch normalisation, whose statistics would
            not match the averaged weights.
    """
    if momentum and any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in all_layers(restorer)
    ):
        raise ValueError(
            f"{type(restorer).__name__} has batch normalisation, whose "
            "statistics do not match averaged weights; leave --ema out (ema=0)."
        )


def take_average(model):
    """Replaces a model's weights by their moving average, if enabled.

    Args:
        model: compiled model.
    """
    optimizer = model.optimizer
    if not optimizer.use_ema:
        return
    for variable, average in zip(
        model.trainable_variables,
        optimizer._model_variables_moving_average,
        strict=True,
    ):
        _assign(variable, ops.convert_to_numpy(average))


@contextlib.contextmanager
def averaged(model):
    """Context in which a model uses the moving average of its weights.

    Args:
        model: compiled model; unchanged if it has no moving average.
    """
    variables = model.trainable_variables
    kept = [ops.convert_to_numpy(variable) for variable in variables]
    take_average(model)
    try:
        yield
    finally:
        for variable, value in zip(variables, kept, strict=True):
            _assign(variable, value)


def _assign(variable, value):
    """Assigns to a variable, in all local replicas with tf.distribute.

    All workers compute the same value, so there is no need for a collective
    assignment, which would broadcast every variable.
    """
    for one in getattr(variable.value, "values", [variable]):
        one.assign(value)
