"""A small training run, and what it leaves in its folder."""

import csv
from dataclasses import replace

import keras
import numpy as np

from kerasrestore import DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.training import DevicePatches, FitSettings, fit

SETTINGS = FitSettings(
    steps=6, learning_rate=1e-3, loss="log_mse", ema=0.999, validate_every=2
)


def small_model(**options):
    return DANetMobile(widths=(8, 16), middle_blocks=1, **options)


def patches(folder, task=None, batch_size=2):
    return PatchSampler(
        folder, task or Denoise((0, 55)), patch_size=16, batch_size=batch_size
    )


# What `fit` takes besides the settings.
OPTIONS = {
    "validate",
    "distribution",
    "tensorboard",
    "progress",
    "stop_when",
}


def train(folder, out, model=None, device=False, bank=None, **changes):
    """Trains with `SETTINGS` and the options of `fit`, but for the changes.

    With `device`, patches are made by the training step, from banks of
    `bank` bytes if that is given.
    """
    keras.utils.set_random_seed(0)
    model = model or small_model()
    options = {"progress": False}
    for name in OPTIONS & changes.keys():
        options[name] = changes.pop(name)
    sampler = patches(folder)
    best = fit(
        model,
        DevicePatches(sampler, bank) if device else sampler,
        out,
        replace(SETTINGS, **changes),
        **options,
    )
    return model, best


def checkpoint(out):
    with np.load(out / "checkpoint.npz") as archive:
        return dict(archive)


def rows(out):
    with open(out / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def assert_equal(one, two):
    """The checkpoints of two training runs are the same."""
    one, two = checkpoint(one), checkpoint(two)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)
