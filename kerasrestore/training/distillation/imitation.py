"""A restorer that learns to give what another one gives."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrestore")
class Imitation(keras.Model):
    """A quantization-aware restorer beside its float model, for `fit`.

    The loss is taken between the two outputs; the clean image is not looked
    at. What rounding costs is a few hundredths of the error that both make,
    and next to the clean image its gradient would drown in that of the rest.

    A checkpoint holds the restorer that learns alone.

    Args:
        restorer: the `Restorer` that learns.
        model: the `Restorer` that it learns from. Its weights are frozen.
        **kwargs: `name` as in `keras.Model`.

    Call arguments:
        inputs: as those of both restorers.

    Input shape:
        As the restorer's.

    Output shape:
        As the restorer's.

    Example:
    >>> import numpy as np
    >>> from kerasrestore import DANetMobile
    >>> from kerasrestore.training import quantize_aware
    >>> model = DANetMobile(widths=(8, 16))
    >>> image = np.random.default_rng(0).random((1, 32, 32, 3), "float32")
    >>> trained = Imitation(quantize_aware(model, [image]), model)
    >>> trained.compile(loss="mse")
    >>> float(trained.evaluate(image, image, verbose=0)) < 1e-2
    True
    """

    def __init__(self, restorer, model, **kwargs):
        super().__init__(**kwargs)
        self.restorer = restorer
        self.model = model
        self.model.trainable = False
        self.sigma_input = restorer.sigma_input

    @property
    def checkpoint_variables(self):
        """What a checkpoint holds."""
        return self.restorer.variables

    def call(self, inputs, training=None):
        return self.restorer(inputs, training=training)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        wanted = ops.stop_gradient(self.model(x, training=False))
        return super().compute_loss(x, wanted, y_pred, sample_weight, training)
