"""The few small files of a training run that come back from a machine."""

import dataclasses
import shutil
from pathlib import Path

from kerasrestore.files import write_atomically
from kerasrestore.training.recipe.run_record import RunRecord
from kerasrestore.training.window.half_weights import write_half

LARGEST = 16 * 2**20


class BroughtBack:
    """A folder with what is needed of a training run.

    It is a run folder itself: `recipes/make_preset.py` and `--start` take it.
    It lacks `checkpoint.npz`, so that training cannot resume there, and its
    weights are float16.

    Args:
        out: the folder; made if it does not exist.
        run: folder of the training run.

    Raises:
        ValueError: if the folder contains files already.
    """

    def __init__(self, out, run):
        self.out = Path(out)
        self.run = Path(run)
        self.out.mkdir(parents=True, exist_ok=True)
        if any(self.out.iterdir()):
            raise ValueError(
                f"{self.out} is not empty; give a new folder for --out."
            )
        self.written = None

    def update(self, steps=None):
        """Copies what has changed.

        Args:
            steps: number of steps if the run has no end yet: the record then
                says that it was this long, at a constant learning rate.
        """
        weights = self.run / "best.weights.h5"
        if not weights.exists():
            return
        time = weights.stat().st_mtime_ns
        if time != self.written:
            write_half(weights, self.out / weights.name)
            self.written = time
        for name in ("best.json", "log.csv"):
            data = (self.run / name).read_bytes()
            write_atomically(self.out / name, lambda f, d=data: f.write(d))
        record = RunRecord.read(self.run)
        if record.start is not None:
            # That run may not be where the preset is made.
            log = Path(record.arguments["start"]) / "log.csv"
            shutil.copy(log, self.out / "start_log.csv")
        if steps is not None:
            record = _shortened(record, steps)
        record.write(self.out)

    def too_large(self):
        """Names of files that are too large to come back."""
        return [
            path.name
            for path in sorted(self.out.iterdir())
            if path.stat().st_size > LARGEST
        ]


def _shortened(record, steps):
    """The record of a run without an end as that of the steps so far."""
    planned = f"--steps {record.arguments['steps']} "
    return dataclasses.replace(
        record,
        arguments={**record.arguments, "steps": steps, "decay": 0},
        command=record.command.replace(planned, f"--steps {steps} "),
    )
