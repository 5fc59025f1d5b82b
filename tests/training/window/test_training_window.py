"""With a clock on which each look takes a second."""

import csv
import itertools
import json

import numpy as np
import pytest
from recipes.small_recipes import recipe
from testing import image_folder

from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.window.training_window import TrainingWindow
from kerasrestore.training.window.window_clock import WindowClock

SIZE = "--widths 8,16 --middle-blocks 1 --batch-size 2 --patch-size 12"
SIZE += " --validation-crop 24 --steps-per-execution 2 --warmup 1"


class Clock(WindowClock):
    """A clock for which a validation is due every four steps."""

    def validate_every(self, step_seconds, at_once):
        return 2 * at_once


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 2, (60, 48))


def train(data, folder, seconds):
    """Trains and returns the report, the lines printed and the run."""
    looks = itertools.count()
    clock = Clock(seconds, reserve=0, now=lambda: float(next(looks)))
    words = f"--data {data} --validation {data} {SIZE}".split()
    lines = []
    window = TrainingWindow(
        recipe("danet_mobile"),
        words,
        clock,
        folder / "out",
        folder / "scratch",
        lines.append,
    )
    return window.run(), lines, folder / "scratch" / "out"


def rows(folder):
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("window")
    return *train(data, folder, 160), folder


def test_the_rate_is_constant_and_falls_to_zero(trained):
    report, lines, _, folder = trained
    log = rows(folder / "out")
    rates = [float(row["learning_rate"]) for row in log]
    flat = [rate for rate in rates if rate == pytest.approx(rates[0])]
    assert len(flat) > 1
    assert rates[: len(flat)] == pytest.approx(flat)
    assert len(rates) > len(flat) and rates[-1] == 0 == report.rate_left
    assert sorted(rates, reverse=True) == pytest.approx(rates)
    record = json.loads((folder / "out" / "run.json").read_text())
    steps = int(log[-1]["step"])
    assert record["arguments"]["steps"] == steps == report.training_steps
    assert record["arguments"]["decay"] == steps - int(
        log[len(flat) - 1]["step"]
    )
    assert f"until step {steps:,}" in "\n".join(lines)
    assert f"--steps {steps} " in record["command"]


def test_it_is_the_training_of_the_recipe(trained, data, tmp_path):
    *_, run, folder = trained
    record = json.loads((folder / "out" / "run.json").read_text())
    words = f"--data {data} --validation {data} --out {tmp_path} {SIZE} --quiet"
    for name in ("schedule", "steps", "decay", "validate_every"):
        value = record["arguments"][name]
        words += f" --{name.replace('_', '-')} {value}"
    recipe("danet_mobile").run(words.split())
    with (
        np.load(run / "checkpoint.npz") as one,
        np.load(tmp_path / "checkpoint.npz") as two,
    ):
        assert set(one) == set(two)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def test_what_comes_back(trained):
    report, lines, run, folder = trained
    names = {path.name for path in (folder / "out").iterdir()}
    assert names - {"curve.png"} == {
        "best.json",
        "best.weights.h5",
        "log.csv",
        "report.json",
        "run.json",
    }
    model, _ = load_run(folder / "out")
    whole, _ = load_run(run)
    for one, two in zip(model.weights, whole.weights, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-6)
    best = json.loads((folder / "out" / "best.json").read_text())
    assert report.end["psnr"] == pytest.approx(best["psnr"], abs=0.05)
    saved = json.loads((folder / "out" / "report.json").read_text())
    assert saved["training_steps"] == report.training_steps
    assert saved["steps"][-1]["dtype"] == "float32"
    assert [one["dtype"] for one in saved["steps"]] == [
        "mixed_bfloat16",
        "float32",
    ]
    text = "\n".join(lines)
    assert "TFLOP/s" in text and "before training: psnr" in text


def test_a_loan_without_time_for_the_decay(data, tmp_path):
    report, lines, _ = train(data, tmp_path, seconds=5)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert report.training_steps == 4
    # As far as it came, and not the steps that were left open.
    assert record["arguments"]["steps"] == 4
    assert record["arguments"]["decay"] == 0
    assert "--steps 4 " in record["command"]
    assert report.rate_left == pytest.approx(1)
    assert "not annealed" in "\n".join(lines)
    load_run(tmp_path / "out")


def test_a_machine_that_becomes_slower_in_the_decay(data, tmp_path):
    lines, slow, now = [], [], [0.0]

    def look():
        # Each look takes ten seconds once the decay has begun.
        now[0] += 10.0 if slow else 1.0
        return now[0]

    clock = Clock(200, reserve=0, now=look)

    def say(line):
        lines.append(line)
        if "falls from now on" in line:
            slow.append(True)

    words = f"--data {data} --validation {data} {SIZE}".split()
    window = TrainingWindow(
        recipe("danet_mobile"),
        words,
        clock,
        tmp_path / "out",
        tmp_path / "scratch",
        say,
    )
    report = window.run()
    assert slow and 0 < report.rate_left < 1
    assert "not annealed" in "\n".join(lines)
    # The best weights are there, and the log of the steps taken.
    load_run(tmp_path / "out")
    log = rows(tmp_path / "out")
    assert int(log[-1]["step"]) == report.training_steps
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["arguments"]["steps"] > report.training_steps


def test_folders_that_are_in_use(data, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.txt").write_text("here already")
    own = (recipe("danet_mobile"), [], None)
    with pytest.raises(ValueError, match="not empty; give a new folder"):
        TrainingWindow(*own, out, tmp_path / "scratch")
    (tmp_path / "scratch" / "new").mkdir(parents=True)
    with pytest.raises(ValueError, match="new folder for --scratch"):
        TrainingWindow(*own, tmp_path / "new", tmp_path / "scratch")
