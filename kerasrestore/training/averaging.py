"""The moving average of the weights, kept apart from them."""

import contextlib

import keras
from keras import ops

from kerasrestore.keras_internals import all_layers


@keras.saving.register_keras_serializable(package="kerasrestore")
class AveragingAdam(keras.optimizers.Adam):
    """Adam whose moving average of the weights leaves the training alone.

    Keras puts the average into the model at the end of every `fit`. A
    training that calls `fit` once per validation would go on from there, and
    at its beginning that is mostly the untrained weights. Here `averaged`
    lends the average to the model, and the momentum grows with the steps, so
    that the average of a short training is of its last tenth.

    Args:
        *args, **kwargs: as in `keras.optimizers.Adam`; `ema_momentum` is the
            highest momentum.

    Example:
    >>> optimizer = AveragingAdam(1e-3, use_ema=True, ema_momentum=0.999)
    >>> optimizer.ema_momentum
    0.999
    """

    def finalize_variable_values(self, trainable_variables):
        """Leaves the weights as they are."""

    def _update_model_variables_moving_average(self, trainable_variables):
        if not self.use_ema:
            return
        steps = ops.cast(self.iterations, "float32")
        grown = (1.0 + steps) / (10.0 + steps)
        momentum = ops.minimum(self.ema_momentum, grown)
        # The first average is the weights after the first step.
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
        restorer: `Restorer` that is trained.
        momentum: of the moving average, 0 for none.

    Raises:
        ValueError: if there is batch normalisation, whose statistics would
            be those of other weights than the averaged ones.
    """
    if momentum and any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in all_layers(restorer)
    ):
        raise ValueError(
            f"{type(restorer).__name__} has batch normalisation, whose "
            "statistics do not fit averaged weights; leave --ema out (ema=0)."
        )


def take_average(model):
    """Gives a model the moving average of its weights, if there is one.

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
    """Context in which a model has the moving average of its weights.

    Args:
        model: compiled model; without an average it stays as it is.
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
    """Sets a variable, in every replica of this process under tf.distribute.

    All workers come to the same value by themselves. An assignment to all
    would be sent from one to the others, variable by variable.
    """
    for one in getattr(variable.value, "values", [variable]):
        one.assign(value)
