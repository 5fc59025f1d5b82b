"""Training that can be interrupted at any moment and resumes exactly."""

from kerasrestore.training.distillation.distillation import Distillation
from kerasrestore.training.distillation.imitation import Imitation
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
from kerasrestore.training.fit import fit
from kerasrestore.training.fit_settings import FitSettings
from kerasrestore.training.losses import LogMeanSquaredError
from kerasrestore.training.patches.device_patches import DevicePatches
from kerasrestore.training.quantization.quantize_aware import (
    QuantizeAware,
    quantize_aware,
)
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.schedules import TrapezoidDecay, make_schedule
from kerasrestore.training.trainee import Trainee
from kerasrestore.training.validation import Validation

__all__ = [
    "DevicePatches",
    "Distillation",
    "FitSettings",
    "Imitation",
    "LogMeanSquaredError",
    "QuantizeAware",
    "Trainee",
    "TrapezoidDecay",
    "Validation",
    "fit",
    "make_schedule",
    "open_distribution",
    "open_run",
    "quantize_aware",
]
