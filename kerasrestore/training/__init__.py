"""Training that can be cut off at any moment and goes on exactly."""

from kerasrestore.training.fit import fit
from kerasrestore.training.losses import LogMeanSquaredError
from kerasrestore.training.run import open_run
from kerasrestore.training.schedules import TrapezoidDecay, make_schedule
from kerasrestore.training.validation import DenoiseValidation

__all__ = [
    "DenoiseValidation",
    "LogMeanSquaredError",
    "TrapezoidDecay",
    "fit",
    "make_schedule",
    "open_run",
]
