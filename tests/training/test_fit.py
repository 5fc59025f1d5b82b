import csv
import json
import os
import re
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from testing import ROOT, image_folder

from kerasrestore import NLRN, DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.training import Validation, fit, open_run
from kerasrestore.training import fit as fit_function
from kerasrestore.training.distribution.distribution import Distribution


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 3, (40, 48))


def train(folder, out, model=None, **options):
    keras.utils.set_random_seed(0)
    if model is None:
        model = DANetMobile(widths=(8, 16), middle_blocks=1)
    sampler = PatchSampler(
        folder, Denoise((0, 55)), patch_size=16, batch_size=2
    )
    options = {
        "steps": 6,
        "validate_every": 2,
        "warmup": 1,
        "progress": False,
        **options,
    }
    best = fit(model, sampler, out, **options)
    return model, best


def checkpoint(out):
    with np.load(out / "checkpoint.npz") as archive:
        return dict(archive)


def rows(out):
    with open(out / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def assert_equal(one, two):
    one, two = checkpoint(one), checkpoint(two)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


class StopError(Exception):
    pass


def stop_at(step):
    """A validation that ends the process's work like a kill, after the
    weights were written and before the checkpoint."""
    count = [0]

    def validate(model):
        count[0] += 2
        if count[0] == step:
            raise StopError
        return {"psnr": float(count[0])}

    return validate


def test_every_batch_is_trained_on_once_and_in_order(folder, tmp_path):
    seen = []

    class Watched(DANetMobile):
        def train_step(self, data):
            import tensorflow as tf

            tf.py_function(lambda x: seen.append(x.numpy()), [data[0]], [])
            return super().train_step(data)

    model = Watched(widths=(8, 16), middle_blocks=1)
    train(folder, tmp_path, model, steps=7, validate_every=3)
    sampler = PatchSampler(
        folder, Denoise((0, 55)), patch_size=16, batch_size=2
    )
    assert len(seen) == 7
    for step, batch in enumerate(seen):
        np.testing.assert_array_equal(batch, sampler.batch(step)[0])


@pytest.mark.parametrize("schedule", ["trapezoid", "cosine", "step"])
def test_a_training_goes_on_exactly(folder, tmp_path, schedule):
    options = {"schedule": schedule, "ema": 0.9, "clip_norm": 1.0}
    train(folder, tmp_path / "whole", **options)
    with pytest.raises(StopError):
        train(folder, tmp_path / "cut", validate=stop_at(4), **options)
    assert checkpoint(tmp_path / "cut")["step"] == 2
    train(folder, tmp_path / "cut", **options)
    assert_equal(tmp_path / "whole", tmp_path / "cut")


def test_the_log_forgets_what_is_done_again(folder, tmp_path):
    validate = Validation(folder, [Denoise(25)], crop=16)
    train(folder, tmp_path, steps=4, schedule="constant", validate=validate)
    # As if it had been killed between the log's last line and the checkpoint.
    text = (tmp_path / "log.csv").read_text()
    (tmp_path / "log.csv").write_text(
        text + text.splitlines()[-1].replace("4", "6", 1) + "\n"
    )
    train(folder, tmp_path, steps=6, schedule="constant", validate=validate)
    assert [row["step"] for row in rows(tmp_path)] == ["2", "4", "6"]
    names = {"loss", "learning_rate", "psnr", "psnr_sigma25"}
    assert names <= set(rows(tmp_path)[0])


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
    other = DANetMobile(widths=(8, 16), middle_blocks=1)
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


def test_another_schedule_is_refused(folder, tmp_path):
    train(folder, tmp_path, steps=4, schedule="cosine")
    with pytest.raises(ValueError, match="learning rate at step"):
        train(folder, tmp_path, steps=8, schedule="cosine")
    with pytest.raises(ValueError, match="more than the 2"):
        train(folder, tmp_path, steps=2, schedule="cosine")


def test_a_trapezoid_can_be_made_longer(folder, tmp_path):
    options = {"schedule": "trapezoid", "decay": 2}
    with pytest.raises(StopError):
        train(folder, tmp_path / "a", steps=6, validate=stop_at(4), **options)
    train(folder, tmp_path / "a", steps=8, **options)
    train(folder, tmp_path / "b", steps=8, **options)
    assert_equal(tmp_path / "a", tmp_path / "b")


def test_open_run(tmp_path):
    model = DANetMobile(widths=(8, 16))
    arguments = {"data": "/a/BSD400", "steps": 5, "batch_size": 2, "seed": 0}
    open_run(tmp_path, "train.py", arguments, model)
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["command"] == (
        "python recipes/train.py --data BSD400 --steps 5 --batch-size 2 "
        "--seed 0"
    )
    assert run["config"]["widths"] == [8, 16]
    # Elsewhere and longer is the same training; other batches are not.
    moved = {**arguments, "data": "/b/BSD400", "steps": 9}
    open_run(tmp_path, "train.py", moved, model)
    with pytest.raises(ValueError, match="batch_size=2, got 3"):
        open_run(tmp_path, "train.py", {**arguments, "batch_size": 3}, model)


def assert_kept(before, out):
    """The checkpoint and what lies beside it are as they were."""
    after = checkpoint(out)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[k], after[k]) for k in before)
    assert not [item for item in out.iterdir() if ".tmp" in item.name]


def test_a_loss_that_is_no_number(folder, tmp_path):
    options = {"schedule": "constant", "learning_rate": 1e-4}
    train(folder, tmp_path, steps=2, **options)
    before = checkpoint(tmp_path)

    class Broken(Denoise):
        def degrade(self, clean, rng):
            return clean * np.nan, np.float32(1)

    sampler = PatchSampler(folder, Broken(), patch_size=16, batch_size=2)
    with pytest.raises(FloatingPointError, match="keeps step 2") as caught:
        fit(
            DANetMobile(widths=(8, 16), middle_blocks=1),
            sampler,
            tmp_path,
            steps=10**6,
            validate_every=10**6,
            warmup=1,
            progress=False,
            **options,
        )
    # It does not wait for the end of the interval.
    last = re.search(r"became nan between steps 2 and (\d+)", str(caught.value))
    assert int(last[1]) < 1000
    assert_kept(before, tmp_path)


def test_a_moving_average_that_is_no_number(folder, tmp_path):
    class Poisoned(Distribution):
        def run(self, model, patches, callbacks):
            if patches.start == 4:
                average = model.optimizer._model_variables_moving_average[-1]
                average.assign(np.full(average.shape, np.inf))
            return super().run(model, patches, callbacks)

    seen = []

    def validate(model):
        seen.append(model)
        return {"psnr": float(len(seen))}

    with pytest.raises(FloatingPointError, match="no longer finite") as caught:
        train(
            folder,
            tmp_path,
            steps=6,
            validate=validate,
            distribution=Poisoned(),
        )
    assert "between steps 4 and 6" in str(caught.value)
    assert checkpoint(tmp_path)["step"] == 4
    assert json.loads((tmp_path / "best.json").read_text())["step"] == 4
    assert len(seen) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files")
@pytest.mark.parametrize(
    ("room", "better"), [(1_000, True), (100_000, True), (100_000, False)]
)
def test_a_full_disk(folder, tmp_path, room, better):
    """The disk takes files only up to a size: a part of the best weights, or
    of the checkpoint where they are not written."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    count = [0]

    def validate(model):
        count[0] += 1
        if count[0] == 2:
            before.update(checkpoint(tmp_path))
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        return {"psnr": float(count[0]) if better else 1.0}

    before = {}
    try:
        with pytest.raises(OSError, match="keeps step 2: make room"):
            train(folder, tmp_path, validate=validate)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_kept(before, tmp_path)
    model = DANetMobile(widths=(8, 16), middle_blocks=1)
    model.load_weights(tmp_path / "best.weights.h5")


def test_what_a_kill_leaves_is_cleared_away(folder, tmp_path):
    left = tmp_path / ".checkpoint.npz.123.tmp"
    left.write_bytes(b"half")
    train(folder, tmp_path, steps=2)
    assert not left.exists()


KILLED = """
import sys
import keras
from pathlib import Path
from kerasrestore import NLRN, DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.training import fit

count = [0]

def validate(model):
    count[0] += 1
    return {"psnr": float(count[0])}

keras.utils.set_random_seed(0)
sampler = PatchSampler(
    sys.argv[1], Denoise((0, 55)), patch_size=16, batch_size=2
)
fit(
    DANetMobile(widths=(8, 16), middle_blocks=1), sampler, sys.argv[2],
    steps=10**6, validate_every=1, warmup=1, decay=1, validate=validate,
)
"""


def test_kills_at_any_moment(folder, tmp_path):
    """Killed again and again, it ends where it would have ended anyway."""
    rng = np.random.default_rng()
    out = tmp_path / "killed"
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, folder, out],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.4))
            process.kill()
        step = int(checkpoint(out)["step"])
        if (out / "best.weights.h5").exists():
            model = DANetMobile(widths=(8, 16), middle_blocks=1)
            model.load_weights(out / "best.weights.h5")
    options = {"validate_every": 1, "decay": 1}
    steps = step + 3
    train(folder, out, steps=steps, **options)
    train(folder, tmp_path / "whole", steps=steps, **options)
    assert_equal(tmp_path / "whole", out)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_sigma_input_and_mixed_precision(folder, tmp_path, dtype):
    model = DANetMobile(
        widths=(8, 16), middle_blocks=1, sigma_input=True, dtype=dtype
    )
    train(
        folder,
        tmp_path,
        model,
        steps=2,
        validate=Validation(folder, [Denoise(25)], crop=16),
    )
    assert np.isfinite(float(rows(tmp_path)[-1]["loss"]))
    # And again from the file, whose types are those of the variables.
    model = DANetMobile(
        widths=(8, 16), middle_blocks=1, sigma_input=True, dtype=dtype
    )
    train(folder, tmp_path, model, steps=2)


@pytest.mark.parametrize("loss", ["log_mse", "l2", "l1"])
def test_it_learns(folder, tmp_path, loss):
    model = DANetMobile(widths=(16, 16), middle_blocks=1)
    sampler = PatchSampler(folder, Denoise(40), patch_size=24, batch_size=2)
    batch = sampler.batch(0)
    sampler.batch = lambda step: batch
    noisy, clean, _ = batch
    fit_function(
        model,
        sampler,
        tmp_path,
        steps=120,
        validate_every=120,
        learning_rate=4e-3,
        loss=loss,
        ema=0,
        progress=False,
    )
    restored = np.asarray(model(noisy))
    gain = 10 * np.log10(
        np.mean((noisy - clean) ** 2) / np.mean((restored - clean) ** 2)
    )
    assert gain > 4


def test_tensorboard(folder, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    train(folder, tmp_path, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert "loss" in tags["scalars"] + tags["tensors"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "at least 1"),
        ({"validate_every": 0}, "at least 1"),
        ({"loss": "l3"}, "log_mse, l2, l1"),
        ({"schedule": "zigzag"}, "trapezoid"),
    ],
)
def test_bad_arguments(folder, tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        train(folder, tmp_path / "out", **options)


def test_statistics_do_not_fit_averaged_weights(folder, tmp_path):
    def model():
        return NLRN(num_steps=1, window=3, filters=8, key_filters=4, channels=3)

    with pytest.raises(ValueError, match="batch normalisation"):
        train(folder, tmp_path / "out", model())
    assert not (tmp_path / "out").exists()
    train(folder, tmp_path / "out", model(), steps=1, ema=0)
