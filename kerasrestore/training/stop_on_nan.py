"""An end to trainings that have lost their way."""

import math

import keras


class StopOnNaN(keras.callbacks.Callback):
    """Stops a fit whose loss is no longer finite, before its steps are done.

    The loss is looked at now and then: every look waits for the device.

    Attributes:
        steps: steps of the fit so far.
    """

    EVERY = 50
    # Keras need not wait for this one, nor so for the device.
    async_safe = True

    def on_train_batch_end(self, batch, logs=None):
        self.steps = batch + 1
        if self.steps % self.EVERY:
            return
        # The mean over the steps stays without a number once it is.
        if not math.isfinite(float(logs["loss"])):
            self.model.stop_training = True
