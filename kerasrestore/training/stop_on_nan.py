"""Stops training when the loss is not finite."""

import math

import keras


class StopOnNaN(keras.callbacks.Callback):
    """Stops training early when the loss becomes NaN or infinite.

    The loss is checked only every `EVERY` steps, as each check waits for the
    device.

    Attributes:
        steps: number of steps in the current `fit`.
    """

    EVERY = 50
    # Keras need not synchronize with the device for this callback.
    async_safe = True

    def on_train_batch_end(self, batch, logs=None):
        self.steps = batch + 1
        if self.steps % self.EVERY:
            return
        # The loss is a running mean: once non-finite, it stays so.
        if not math.isfinite(float(logs["loss"])):
            self.model.stop_training = True
