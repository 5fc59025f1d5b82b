"""Training steps between two validations, many in a call."""

import math


class TrainingLoop:
    """Takes training steps until the next validation.

    Args:
        steps: `TensorFlowSteps` or `JaxSteps`.
        at_once: largest number of steps in a call of the compiled function.
    """

    # Reading the loss waits for the device.
    CHECK_EVERY = 50

    def __init__(self, steps, at_once):
        self.steps = steps
        self.at_once = at_once

    def run(self, start, stop, progress=None):
        """Takes the steps `start` to `stop`, or until the loss is not finite.

        Args:
            start: number of steps taken before.
            stop: number of steps taken afterwards.
            progress: function called with the number of steps taken and a
                function that reads the mean loss from the device.

        Returns:
            The mean loss and the number of steps taken.
        """
        step = checked = start
        self.steps.begin()
        try:
            while step < stop:
                until = min(stop, self.steps.patches.until(step))
                count = min(self.at_once, until - step)
                loss = self.steps.run(step, step + count)
                step += count
                if progress is not None:
                    progress(step, lambda loss=loss: float(loss))
                # The loss is a running mean: once non-finite, it stays so.
                if step - checked >= self.CHECK_EVERY:
                    checked = step
                    if not math.isfinite(float(loss)):
                        break
            return float(loss), step
        finally:
            self.steps.end()
