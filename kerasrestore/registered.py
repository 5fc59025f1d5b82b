"""Imports every class that is registered with Keras.

`keras.models.load_model` finds a class only after its module has been imported.
"""

from kerasrestore import layers, metrics, models, training
from kerasrestore.training.distillation import distillation, privileged
from kerasrestore.training.distribution import replica_adam

__all__ = ["distillation", "privileged", "replica_adam"]

for package in (layers, metrics, models, training):
    for name in package.__all__:
        getattr(package, name)
