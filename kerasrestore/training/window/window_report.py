"""What a training in a loan of an accelerator achieved."""

import contextlib
import dataclasses
import json
from pathlib import Path

from kerasrestore.files import write_atomically


@dataclasses.dataclass
class WindowReport:
    """Figures of a training in a loan of an accelerator.

    Attributes:
        versions, devices: what it ran on.
        matrix_rates: floating-point operations a second of matrix products,
            by dtype.
        steps: `StepTime` of the checks; the last is that of the training.
        start: validation before training.
        end: validation of the weights that are brought back.
        training_steps: steps taken.
        rate_left: share of the learning rate at the end; 0 if annealed.
        seconds_per_step: at the end of training, validations included.
        step_seconds: the same without validations.
    """

    versions: dict = dataclasses.field(default_factory=dict)
    devices: list = dataclasses.field(default_factory=list)
    matrix_rates: dict = dataclasses.field(default_factory=dict)
    steps: list = dataclasses.field(default_factory=list)
    start: dict = dataclasses.field(default_factory=dict)
    end: dict = dataclasses.field(default_factory=dict)
    training_steps: int = 0
    rate_left: float = 1.0
    seconds_per_step: float = 0.0
    step_seconds: float = 0.0

    def lines(self):
        """The result, line by line."""
        used = self.steps[-1]
        flops = used.flops / self.step_seconds
        kind, rate = next(iter(self.matrix_rates.items()))
        return [
            f"{self.training_steps:,} steps of {used.batch} patches, "
            f"{used.batch / self.seconds_per_step:,.0f} patches a second with "
            f"validations, {used.batch / self.step_seconds:,.0f} without",
            f"{flops / 1e12:.3g} TFLOP/s in a step, {flops / rate:.1%} of the "
            f"{rate / 1e12:.3g} of {kind} matrices",
            f"PSNR {self.start['psnr']:.2f} dB before, {self.end['psnr']:.2f} "
            "dB after, weights as they are brought back",
        ]

    def write(self, folder):
        """Writes `report.json`, and `curve.png` if matplotlib is there.

        Args:
            folder: folder with the `log.csv` of the run.
        """
        from kerasrestore.training.plot_log import plot_log

        folder = Path(folder)
        text = json.dumps(dataclasses.asdict(self), indent=1) + "\n"
        write_atomically(
            folder / "report.json", lambda file: file.write(text.encode())
        )
        with contextlib.suppress(ValueError):  # without matplotlib
            plot_log(folder / "log.csv", folder / "curve.png")
