"""Training with recomputed blocks, beside training without."""

from pathlib import Path

import keras
from training.loop.accumulation import assert_close
from training.small_training import checkpoint, patches, rows

from kerasrestore.models import RNAN, DANet
from kerasrestore.training import FitSettings, fit

STEPS = 3
MODELS = {
    "danet": lambda **options: DANet(
        widths=(8, 8), blocks=(1, 0), offset_width=4, **options
    ),
    "rnan": lambda **options: RNAN(
        local_blocks=1, nonlocal_blocks=1, features=4, **options
    ),
}


def train(folder, out, name, steps=STEPS, **changes):
    """Trains a small model on batches of three patches."""
    keras.utils.set_random_seed(0)
    fit(
        MODELS[name](),
        patches(folder, batch_size=3),
        out,
        FitSettings(
            steps, 1e-3, loss="l1", clip_norm=0.05, validate_every=1, **changes
        ),
        progress=False,
    )
    return checkpoint(Path(out)), rows(Path(out))


def compare(folder, out):
    """Compares runs with and without recomputation, and one that changes.

    Raises:
        AssertionError: if it makes a difference.
    """
    out = Path(out)
    for name in MODELS:
        plain = train(folder, out / name / "plain", name)
        assert len({row["loss"] for row in plain[1]}) == STEPS
        mixed = out / name / "mixed"
        train(folder, mixed, name, steps=1, recompute=True)
        train(folder, mixed, name, steps=2)
        both = train(folder, mixed, name, recompute=True, accumulate=2)
        assert_close(plain, both)
