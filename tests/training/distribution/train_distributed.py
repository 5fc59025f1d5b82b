"""A small training for the tests of distribution, as a process of its own.

python train_distributed.py FOLDER OUT KIND:STRATEGY[,KIND:STRATEGY ...] STEPS

KIND@device makes the patches on the device.
"""

import os
import sys
from pathlib import Path

import keras

from kerasrestore import DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.training import DevicePatches, FitSettings, fit
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
from kerasrestore.training.validation import Validation


class Student(keras.Model):
    """A restorer that also learns from a frozen one, by a loss of its own."""

    sigma_input = True

    def __init__(self, student, teacher):
        super().__init__()
        self.student = student
        self.teacher = teacher
        teacher.trainable = False
        self.imitation = keras.losses.MeanAbsoluteError()
        self.tracker = keras.metrics.Mean("imitation")
        self.build({"image": (None, 16, 16, 3), "sigma": (None, 1)})

    def build(self, shape):
        self.built = True

    @property
    def checkpoint_variables(self):
        return self.student.variables

    def call(self, inputs, training=None):
        return self.student(inputs, training=training)

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        taught = self.share(y_pred, self.teacher(x, training=False))
        self.tracker.update_state(taught)
        return loss + taught

    def share(self, y_pred, taught):
        return self.imitation(taught, y_pred)


class Unshared(Student):
    """The same with a loss that knows nothing of devices."""

    def share(self, y_pred, taught):
        return keras.ops.mean(keras.ops.abs(taught - y_pred))


def restorer():
    return DANetMobile(widths=(8, 16), middle_blocks=1, sigma_input=True)


def build(kind):
    """The model that is fitted and the restorer in it."""
    model = restorer()
    if kind == "plain":
        return model, model
    wrapper = {"student": Student, "unshared": Unshared}[kind]
    return wrapper(model, restorer()), model


def train(folder, out, kind, strategy, steps, batch_size=4):
    kind, _, place = kind.partition("@")
    distribution = open_distribution(strategy)
    # Workers begin with the chief's weights, whatever their own.
    keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))
    print(distribution.describe(), flush=True)
    with distribution.scope():
        model, inner = build(kind)
    sampler = PatchSampler(
        folder, Denoise((0, 55)), patch_size=16, batch_size=batch_size
    )
    fit(
        model,
        DevicePatches(sampler) if place == "device" else sampler,
        out,
        FitSettings(
            steps,
            1e-3,
            loss="log_mse",
            ema=0.5,
            clip_norm=0.5,
            validate_every=1,
        ),
        validate=Validation(folder, [Denoise(25)], crop=16),
        restorer=inner,
        distribution=distribution,
    )


def main(folder, out, runs, steps):
    if os.environ.get("DEVICES"):
        import tensorflow as tf

        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()]
            * int(os.environ["DEVICES"]),
        )
    for run in runs.split(","):
        kind, strategy = run.split(":")
        train(folder, Path(out) / f"{kind}_{strategy}", kind, strategy, steps)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:4], int(sys.argv[4]))
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(str(error))
