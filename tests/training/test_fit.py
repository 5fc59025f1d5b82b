import json

import numpy as np
import pytest
from training.small_training import (
    patches,
    rows,
    small_model,
    train,
)

from kerasrestore import NLRN, DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.training import FitSettings, Validation, fit, make_schedule


def test_every_batch_is_trained_on_once_and_in_order(folder, tmp_path):
    seen = []

    class Watched(DANetMobile):
        def train_step(self, data):
            import tensorflow as tf

            tf.py_function(lambda x: seen.append(x.numpy()), [data[0]], [])
            return super().train_step(data)

    model = Watched(widths=(8, 16), middle_blocks=1)
    train(folder, tmp_path, model, steps=7, validate_every=3)
    sampler = patches(folder)
    assert len(seen) == 7
    for step, batch in enumerate(seen):
        np.testing.assert_array_equal(batch, sampler.batch(step)[0])


def test_best_weights(folder, tmp_path):
    scores = iter([1.0, 3.0, 2.0])
    model, best = train(
        folder,
        tmp_path,
        ema=0.5,
        validate=lambda model: {"psnr": next(scores)},
    )
    assert best["step"] == 4 and best["psnr"] == 3.0
    assert json.loads((tmp_path / "best.json").read_text())["step"] == 4
    other = small_model()
    other.load_weights(tmp_path / "best.weights.h5")
    assert not np.array_equal(other.get_weights()[0], model.get_weights()[0])


def test_the_average_is_validated_and_kept(folder, tmp_path):
    seen = []

    def validate(model):
        seen.append(model.get_weights()[0])
        return {"psnr": 1.0}

    model, _ = train(folder, tmp_path, steps=2, ema=0.5, validate=validate)
    optimizer = model.optimizer
    average = optimizer._model_variables_moving_average[0]
    np.testing.assert_array_equal(seen[0], np.array(average))
    # It lags behind: without an average the same steps lead elsewhere.
    other, _ = train(folder, tmp_path / "raw", steps=2, ema=0)
    assert not np.array_equal(other.get_weights()[0], seen[0])


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_sigma_input_and_mixed_precision(folder, tmp_path, dtype):
    model = small_model(sigma_input=True, dtype=dtype)
    train(
        folder,
        tmp_path,
        model,
        steps=2,
        validate=Validation(folder, [Denoise(25)], crop=16),
    )
    assert np.isfinite(float(rows(tmp_path)[-1]["loss"]))
    # And again from the file, whose types are those of the variables.
    model = small_model(sigma_input=True, dtype=dtype)
    train(folder, tmp_path, model, steps=2)


@pytest.mark.parametrize("loss", ["log_mse", "l2", "l1"])
def test_it_learns(folder, tmp_path, loss):
    model = DANetMobile(widths=(16, 16), middle_blocks=1)
    sampler = PatchSampler(folder, Denoise(40), patch_size=24, batch_size=2)
    batch = sampler.batch(0)
    sampler.batch = lambda step: batch
    noisy, clean, _ = batch
    schedule = make_schedule("trapezoid", 4e-3, 120, warmup=60)
    settings = FitSettings(120, schedule, loss=loss, validate_every=120)
    fit(model, sampler, tmp_path, settings, progress=False)
    restored = np.asarray(model(noisy))
    gain = 10 * np.log10(
        np.mean((noisy - clean) ** 2) / np.mean((restored - clean) ** 2)
    )
    assert gain > 4


def test_xla(folder, tmp_path):
    train(folder, tmp_path / "a")
    train(folder, tmp_path / "b", jit_compile=True)
    plain, compiled = (
        [float(row["loss"]) for row in rows(tmp_path / name)] for name in "ab"
    )
    assert compiled == pytest.approx(plain, abs=1e-3)


def test_tensorboard(folder, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    train(folder, tmp_path, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert "loss" in tags["scalars"] + tags["tensors"]


def test_statistics_do_not_fit_averaged_weights(folder, tmp_path):
    def model():
        return NLRN(num_steps=1, window=3, filters=8, key_filters=4, channels=3)

    with pytest.raises(ValueError, match="batch normalisation"):
        train(folder, tmp_path / "out", model())
    assert not (tmp_path / "out").exists()
    train(folder, tmp_path / "out", model(), steps=1, ema=0)
