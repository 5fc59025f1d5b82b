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
from kerasrestore.training.distillation.privileged import (
    PrivilegedPatches,
    PrivilegedSampler,
    PrivilegedTraining,
)
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
    on_device = DevicePatches
    if kind == "privileged":
        on_device = PrivilegedPatches
        sampler = sampler if device else PrivilegedSampler(sampler)
    settings = {
        "loss": "l1",
        "ema": 0.999,
        "clip_norm": 0.05,
        "validate_every": 2,
        **changes,
    }
    fit(
        model,
        on_device(sampler) if device else sampler,
        out,
        FitSettings(STEPS, 1e-3, **settings),
        restorer=restorer,
        progress=False,
    )
    return checkpoint(Path(out)), rows(Path(out))


def assert_close(one, two, atol=2e-5, rtol=1e-5):
    """Two runs had the same losses, weights and optimizer state."""
    (state, log), (other, other_log) = one, two
    np.testing.assert_allclose(
        [float(row["loss"]) for row in other_log],
        [float(row["loss"]) for row in log],
        rtol=rtol,
    )
    assert state.keys() == other.keys()
    for name, value in state.items():
        np.testing.assert_allclose(
            other[name], value, atol=atol, rtol=100 * rtol, err_msg=name
        )


def compare(folder, out, kinds=KINDS[1:]):
    """Compares models of some kinds, and patches of host and device.

    Raises:
        AssertionError: if micro-batches make a difference.
    """
    out = Path(out)
    runs = [(kind, False, (1, 2)) for kind in kinds]
    for kind, device, counts in [
        ("plain", False, (1, 3, BATCH)),
        ("plain", True, (1, 2)),
        *runs,
    ]:
        name = f"{kind}_{device}"
        whole, *others = (
            train(
                folder,
                out / f"{name}_{count}",
                kind,
                device,
                accumulate=count,
            )
            for count in counts
        )
        losses = {row["loss"] for row in whole[1]}
        assert len(losses) == len(whole[1]) > 1
        for other in others:
            assert_close(whole, other)


def compare_half_precision(folder, out):
    """The same with a loss scale, which has to take part once a step.

    Raises:
        AssertionError: if micro-batches make a difference.
    """
    one, two = (
        train(
            folder,
            Path(out) / f"half_{parts}",
            "plain",
            dtype="mixed_float16",
            accumulate=parts,
        )
        for parts in (1, 2)
    )
    assert_close(one, two, atol=2e-3, rtol=1e-2)
    counts = [v for k, v in two[0].items() if k.endswith("step_counter")]
    assert counts == [STEPS]
