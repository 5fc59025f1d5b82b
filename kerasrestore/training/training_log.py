"""The log of a training run and its best weights."""

import csv
import json
import math
import os

from kerasrestore.files import write_atomically


class TrainingLog:
    """Writes `log.csv`, `best.weights.h5`, `best.json`, TensorBoard logs.

    Args:
        out: folder of the run.
        step: steps done; later rows of the log are dropped.
        tensorboard: whether to write TensorBoard logs.
        write: whether this process writes files; the others only keep track
            of the best validation.

    Attributes:
        best: figures of the best validation with its `"step"`, or `None`.

    Raises:
        ValueError: if TensorBoard logs are requested but it is not installed.
    """

    def __init__(self, out, step, tensorboard=False, write=True):
        self.path = out / "log.csv"
        self.best_weights = out / "best.weights.h5"
        self.best_path = out / "best.json"
        self.write = write
        self.best = None
        self.writer = None
        rows = []
        if self.path.exists():
            with open(self.path, newline="") as file:
                rows = list(csv.DictReader(file))
        self.rows = [row for row in rows if int(row["step"]) <= step]
        if step and self.best_path.exists():
            best = json.loads(self.best_path.read_text())
            if best["step"] <= step:
                self.best = best
        if tensorboard and write:
            try:
                from tensorboard.summary import Writer
            except ImportError as error:
                raise ValueError(
                    "TensorBoard logs need the package tensorboard: pip "
                    'install "kerasrestore[train]".'
                ) from error
            self.writer = Writer(str(out / "tensorboard"))

    def check_rate(self, rate):
        """Checks that the learning rate of the logged steps is unchanged.

        Args:
            rate: function from a step to its learning rate.

        Raises:
            ValueError: if it was different at a logged step.
        """
        for row in self.rows:
            step, before = int(row["step"]), float(row["learning_rate"])
            now = rate(step)
            if not math.isclose(before, now, rel_tol=1e-3, abs_tol=1e-9):
                raise ValueError(
                    f"The learning rate at step {step} of {self.path.parent} "
                    f"was {before:g}, with these arguments it is {now:g}; use "
                    "the same schedule as before or another output folder."
                )

    def keep_best(self, model, step, figures):
        """Saves the weights if their validation PSNR is the best so far."""
        before = -math.inf if self.best is None else self.best["psnr"]
        # Written like this, a PSNR of NaN is never the best.
        if not figures["psnr"] > before:
            return
        self.best = {"step": step, **figures}
        if not self.write:
            return
        temporary = self.best_weights.with_name(".best.tmp.weights.h5")
        try:
            _find_room(temporary, model)
            model.save_weights(temporary)
            temporary.replace(self.best_weights)
        finally:
            temporary.unlink(missing_ok=True)
        text = json.dumps(self.best)
        write_atomically(self.best_path, lambda f: f.write(text.encode()))

    def append(self, step, figures):
        """Appends a row with the figures of a step."""
        self.rows.append({"step": step, **figures})
        if not self.write:
            return
        # A run may resume with more validation metrics than it began with.
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        lines = [",".join(names)]
        for row in self.rows:
            lines.append(",".join(_number(row.get(name, "")) for name in names))
        text = "\n".join(lines) + "\n"
        write_atomically(self.path, lambda f: f.write(text.encode()))
        if self.writer is not None:
            for name, value in figures.items():
                self.writer.add_scalar(name, float(value), step)
            self.writer.flush()


def _find_room(path, model):
    """Raises OSError if the disk has no room for a model's weights.

    HDF5 itself does not recover from a full disk and prints an error for
    every open object.
    """
    tables = 16_384 * len(model.variables)
    with open(path, "wb") as file:
        file.write(bytes(4 * model.count_params() + tables))
        os.fsync(file.fileno())


def _number(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)
