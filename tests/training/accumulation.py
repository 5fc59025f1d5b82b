"""Training in micro-batches, beside training with whole batches."""

from pathlib import Path

import keras
import numpy as np
from training.small_training import checkpoint, patches, rows, small_model

from kerasrestore.models.danet.danet import DANet
from kerasrestore.models.danet.privileged_teacher import PrivilegedTeacher
from kerasrestore.training import (
    DevicePatches,
    Distillation,
    FitSettings,
    Imitation,
    fit,
    quantize_aware,
)
from kerasrestore.training.distillation.privileged import PrivilegedTraining
from kerasrestore.training.trainee import Trainee

BATCH = 5
STEPS = 4
KINDS = (
    "plain",
    "sigma",
    "trainee",
    "distillation",
    "privileged",
    "quantize_aware",
)


def build(kind, **options):
    """A model to fit, and the restorer inside it."""
    keras.utils.set_random_seed(0)
    if kind == "privileged":
        teacher = PrivilegedTeacher(
            widths=(8, 8),
            encoder_blocks=(0, 0),
            decoder_blocks=(0, 0),
            offset_width=4,
        )
        return PrivilegedTraining(teacher), teacher
    model = small_model(sigma_input=kind == "sigma", **options)
    if kind == "trainee":
        return Trainee(model, loss_crop=8), model
    if kind == "distillation":
        teacher = DANet(widths=(8, 8, 8), blocks=(0, 0, 0), offset_width=4)
        loss = keras.losses.MeanAbsoluteError()
        features = {"middle_block0_add": "middle_last"}
        return Distillation(model, teacher, loss, features=features), model
    if kind == "quantize_aware":
        images = np.random.default_rng(0).random((1, 2, 16, 16, 3), "float32")
        trained = quantize_aware(model, images)
        return Imitation(trained, model), trained
    return model, model


def train(folder, out, kind, device=False, dtype=None, **changes):
    """Trains a small model of a kind on batches of `BATCH` patches."""
    model, restorer = build(kind, **({"dtype": dtype} if dtype else {}))
    sampler = patches(folder, batch_size=BATCH)
    settings = {
        "loss": "l1",
        "ema": 0.999,
        "clip_norm": 0.05,
        "validate_every": 2,
        **changes,
    }
    fit(
        model,
        DevicePatches(sampler) if device else sampler,
        out,
        FitSettings(STEPS, 1e-3, **settings),
        restorer=restorer,
        progress=False,
    )
    return checkpoint(Path(out)), rows(Path(out))


def assert_close(one, two, atol=2e-5):
    """Two runs had the same losses, weights and optimizer state."""
    (state, log), (other, other_log) = one, two
    np.testing.assert_allclose(
        [float(row["loss"]) for row in other_log],
        [float(row["loss"]) for row in log],
        rtol=1e-5,
    )
    assert state.keys() == other.keys()
    for name, value in state.items():
        np.testing.assert_allclose(
            other[name], value, atol=atol, rtol=1e-3, err_msg=name
        )


def compare(folder, out):
    """Compares every kind of model, with patches of host and device.

    Raises:
        AssertionError: if micro-batches make a difference.
    """
    out = Path(out)
    for kind in KINDS:
        for device in (False, True) if kind == "plain" else (False,):
            name = f"{kind}_{device}"
            runs = [
                train(
                    folder, out / f"{name}_{parts}", kind, device,
                    accumulate=parts,
                )
                for parts in (1, 2, 3, 5)[: 4 if kind == "plain" else 2]
            ]  # fmt: skip
            losses = {row["loss"] for row in runs[0][1]}
            assert len(losses) == len(runs[0][1]) > 1
            for run in runs[1:]:
                assert_close(runs[0], run)
            print(name, flush=True)
