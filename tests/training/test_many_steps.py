import re

import numpy as np
import pytest
from testing import ROOT, run_python
from training.many_steps import compare
from training.small_training import SETTINGS, patches, small_model, train

from kerasrestore.tasks import Denoise
from kerasrestore.training import DevicePatches, FitSettings, fit


@pytest.mark.parametrize("device", [False, True])
def test_steps_a_call_and_a_kill_change_nothing(folder, tmp_path, device):
    compare(folder, tmp_path, device)


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
folder, out, device, tests = sys.argv[1:]
sys.path.insert(0, tests)
from training.many_steps import compare
compare(folder, out, device == "True")
"""


@pytest.mark.parametrize("device", [False, True])
def test_the_same_with_jax(folder, tmp_path, device):
    words = (folder, tmp_path, device, ROOT / "tests")
    run_python(JAX, *words, KERAS_BACKEND="jax")


def test_half_precision_and_noise_level(folder, tmp_path):
    for dtype in ("mixed_bfloat16", "mixed_float16"):
        model = small_model(sigma_input=True, dtype=dtype)
        train(
            folder,
            tmp_path / dtype,
            model,
            device=True,
            steps_per_execution=2,
        )
        assert all(map(np.all, map(np.isfinite, model.get_weights())))


def test_xla_makes_the_same_patches_learn(folder, tmp_path):
    losses = [
        train(
            folder,
            tmp_path / str(compiled),
            device=True,
            jit_compile=compiled,
            validate=lambda model: {"psnr": 1.0},
        )[1]["loss"]
        for compiled in (False, True)
    ]
    assert losses[1] == pytest.approx(losses[0], abs=0.5)


def test_patches_of_the_device_are_trained_on(folder, tmp_path):
    """The loss of a step is that of the patches of its number."""
    model = small_model()
    sampler = DevicePatches(patches(folder, Denoise((5, 50))))
    before = model.get_weights()
    settings = FitSettings(3, 1e-9, "l2", validate_every=3)
    best = fit(
        model,
        sampler,
        tmp_path,
        settings,
        validate=lambda model: {"psnr": 1.0},
        progress=False,
    )
    model.set_weights(before)
    wanted = []
    for step in range(3):
        noisy, clean, _ = sampler.batch(step)
        wanted.append(np.mean((np.asarray(model(noisy)) - clean) ** 2))
    assert best["loss"] == pytest.approx(np.mean(wanted), rel=1e-3)


def test_a_loss_that_is_no_number_stops_between_calls(folder, tmp_path):
    class Broken(Denoise):
        def pair_tensors(self, clean, drawn):
            degraded, target, strength = super().pair_tensors(clean, drawn)
            return degraded * np.nan, target, strength

    settings = FitSettings(
        10**6,
        SETTINGS.learning_rate,
        validate_every=10**6,
        steps_per_execution=40,
    )
    sampler = DevicePatches(patches(folder, Broken()))
    with pytest.raises(FloatingPointError, match="nothing has been") as caught:
        fit(small_model(), sampler, tmp_path, settings, progress=False)
    last = re.search(r"between steps 0 and (\d+)", str(caught.value))
    assert last[1] == "80"


def test_at_least_one_step():
    with pytest.raises(ValueError, match="steps_per_execution must be an int"):
        FitSettings(10, 1e-3, steps_per_execution=0)
