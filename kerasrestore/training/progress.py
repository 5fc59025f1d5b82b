"""Progress of a training run."""

import sys
import time


class TrainingProgress:
    """A progress bar if stderr is a terminal, and a line per validation.

    Args:
        first: step at which this process starts.
        steps: total number of training steps.
    """

    LOSS_EVERY = 20

    def __init__(self, first, steps):
        super().__init__()
        self.first = first
        self.step = first
        self.steps = steps
        self.begun = time.monotonic()
        self.bar = None

    def __enter__(self):
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(
                *Progress.get_default_columns(),
                console=Console(file=sys.stderr),
            )
            self.bar.start()
            self.task = self.bar.add_task("training", total=self.steps)
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.stop()

    def update(self, step, read_loss):
        """Shows the progress.

        Args:
            step: number of steps done.
            read_loss: function that reads the loss from the device.
        """
        before, self.step = self.step, step
        if self.bar is not None:
            text = None
            # Reading the loss waits for the device.
            if step // self.LOSS_EVERY > before // self.LOSS_EVERY:
                text = f"training, loss {read_loss():.4f}"
            self.bar.update(self.task, completed=step, description=text)

    def line(self, figures):
        """Prints one line of metrics with the remaining time."""
        done = self.step - self.first
        left = (time.monotonic() - self.begun) / done
        left *= self.steps - self.step
        text = " ".join(f"{key} {value:.5g}" for key, value in figures.items())
        print(
            f"{self.step}/{self.steps} {text} left {left / 60:.0f} min",
            flush=True,
        )
