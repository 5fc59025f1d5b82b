import os
import subprocess
import sys
import time

import numpy as np
import pytest
from testing import ROOT
from training.small_training import (
    assert_equal,
    checkpoint,
    rows,
    small_model,
    train,
)

from kerasrestore.tasks import Denoise
from kerasrestore.training import Validation, make_schedule


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


@pytest.mark.parametrize("schedule", ["trapezoid", "cosine", "step"])
def test_a_training_goes_on_exactly(folder, tmp_path, schedule):
    rate = make_schedule(schedule, 1e-3, 6, warmup=1)
    options = {"learning_rate": rate, "ema": 0.9, "clip_norm": 1.0}
    train(folder, tmp_path / "whole", **options)
    with pytest.raises(StopError):
        train(folder, tmp_path / "cut", validate=stop_at(4), **options)
    assert checkpoint(tmp_path / "cut")["step"] == 2
    train(folder, tmp_path / "cut", **options)
    assert_equal(tmp_path / "whole", tmp_path / "cut")


def test_a_training_that_was_told_to_stop_goes_on(folder, tmp_path):
    seen = []

    def stop(step, figures):
        # All is saved before it is asked.
        assert checkpoint(tmp_path / "cut")["step"] == step
        assert float(rows(tmp_path / "cut")[-1]["loss"]) == pytest.approx(
            figures["loss"], rel=1e-4
        )
        seen.append(step)
        return step == 4

    train(folder, tmp_path / "whole")
    train(folder, tmp_path / "cut", stop_when=stop)
    assert seen == [2, 4]
    train(folder, tmp_path / "cut")
    assert_equal(tmp_path / "whole", tmp_path / "cut")


def test_the_log_forgets_what_is_done_again(folder, tmp_path):
    validate = Validation(folder, [Denoise(25)], crop=16)
    train(folder, tmp_path, steps=4, validate=validate)
    # As if it had been killed between the log's last line and the checkpoint.
    text = (tmp_path / "log.csv").read_text()
    (tmp_path / "log.csv").write_text(
        text + text.splitlines()[-1].replace("4", "6", 1) + "\n"
    )
    train(folder, tmp_path, steps=6, validate=validate)
    assert [row["step"] for row in rows(tmp_path)] == ["2", "4", "6"]
    names = {"loss", "learning_rate", "psnr", "psnr_sigma25"}
    assert names <= set(rows(tmp_path)[0])


def test_another_schedule_is_refused(folder, tmp_path):
    def cosine(steps):
        rate = make_schedule("cosine", 1e-3, steps)
        return {"steps": steps, "learning_rate": rate}

    train(folder, tmp_path, **cosine(4))
    with pytest.raises(ValueError, match="learning rate at step"):
        train(folder, tmp_path, **cosine(8))
    with pytest.raises(ValueError, match="more than the 2"):
        train(folder, tmp_path, **cosine(2))


def test_a_trapezoid_can_be_made_longer(folder, tmp_path):
    def trapezoid(steps):
        rate = make_schedule("trapezoid", 1e-3, steps, warmup=1, decay=2)
        return {"steps": steps, "learning_rate": rate}

    with pytest.raises(StopError):
        train(folder, tmp_path / "a", validate=stop_at(4), **trapezoid(6))
    train(folder, tmp_path / "a", **trapezoid(8))
    train(folder, tmp_path / "b", **trapezoid(8))
    assert_equal(tmp_path / "a", tmp_path / "b")


KILLED = """
import sys
from training.small_training import train

count = [0]

def validate(model):
    count[0] += 1
    return {"psnr": float(count[0])}

folder, out, every, at_once, device = sys.argv[1:]
train(
    folder,
    out,
    steps=10**6,
    validate_every=int(every),
    steps_per_execution=int(at_once),
    device=device == "True",
    validate=validate,
    progress=True,
)
"""


@pytest.mark.parametrize(
    ("every", "at_once", "device"), [(1, 1, False), (5, 3, True)]
)
def test_kills_at_any_moment(folder, tmp_path, every, at_once, device):
    """Killed again and again, it ends where it would have ended anyway."""
    words = [KILLED, folder, tmp_path / "killed", every, at_once, device]
    rng = np.random.default_rng()
    out = tmp_path / "killed"
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT}/tests"},
        ) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.4))
            process.kill()
        step = int(checkpoint(out)["step"])
        if (out / "best.weights.h5").exists():
            small_model().load_weights(out / "best.weights.h5")
    options = {
        "steps": step + 3,
        "validate_every": every,
        "steps_per_execution": at_once,
        "device": device,
    }
    train(folder, out, **options)
    train(folder, tmp_path / "whole", **options)
    assert_equal(tmp_path / "whole", out)
