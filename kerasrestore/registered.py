"""Imports every class that is registered with Keras.

`keras.models.load_model` knows a class only once its module is imported.
"""

from kerasrestore import layers, metrics, models, training
from kerasrestore.training.distillation import distillation, privileged
from kerasrestore.training.distribution import replica_adam

__all__ = ["distillation", "privileged", "replica_adam"]

for room in (layers, metrics, models, training):
    for name in room.__all__:
        getattr(room, name)
