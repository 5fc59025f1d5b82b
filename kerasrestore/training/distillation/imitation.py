"""Training a restorer to reproduce the output of another one."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrestore")
class Imitation(keras.Model):
    """Trains a quantization-aware restorer on its float model, with `fit`.

    The training loss compares the two outputs; the clean image is not used.
    Rounding adds a few hundredths to the error that both models make, so in
    a loss against the clean image its gradient would be lost in the rest.

    A checkpoint holds the trained restorer only.

    Args:
        restorer: the `Restorer` to train.
        model: the float `Restorer`. Its weights are frozen.
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
        """The variables that checkpoints contain."""
        return self.restorer.variables

    def call(self, inputs, training=None):
        return self.restorer(inputs, training=training)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        wanted = ops.stop_gradient(self.model(x, training=False))
        return super().compute_loss(x, wanted, y_pred, sample_weight, training)
