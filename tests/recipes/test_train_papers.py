import csv
import json
import shlex

import numpy as np
import pytest
from recipes.small_recipes import SMALL, SMALLER, STEPS, recipe, run, where
from testing import ROOT, run_python

from kerasrestore.data import folder_pairs
from kerasrestore.data.records.records import write_records


def test_batch_statistics_go_on(folder, tmp_path):
    small = (SMALL["nlrn"], STEPS, "--validate-every 2 --quiet")
    for out, lengths in (("whole", (4,)), ("parts", (2, 4))):
        for steps in lengths:
            data = where(folder, tmp_path / out)
            run("nlrn", data, *small, "--steps", steps)
    with (
        np.load(tmp_path / "whole" / "checkpoint.npz") as one,
        np.load(tmp_path / "parts" / "checkpoint.npz") as two,
    ):
        assert any("moving_variance" in name for name in one)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def test_records_give_the_batches_of_the_folder(folder, tmp_path):
    pairs = folder_pairs(folder, folder)
    records = write_records("mine", pairs, tmp_path)
    options = f"--validation {folder} --out out {STEPS}".split()
    photos = ["--validation-degraded", str(folder)]
    for more, low in (([], []), (photos, ["--degraded", str(folder)])):
        drawn = [
            recipe("danet").plan([*source, *options, *more]).sampler().batch(3)
            for source in (
                ["--data", str(folder), *low],
                ["--records", str(records.path)],
            )
        ]
        for one, two in zip(*drawn, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", SMALL)
def test_twenty_steps(name, folder, tmp_path, capsys):
    options = (SMALL[name], STEPS, "--steps 20 --validate-every 10")
    run(name, where(folder, tmp_path), *options)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["10/20", "20/20"]
    assert json.loads(lines[-1]) == json.loads(
        (tmp_path / "best.json").read_text()
    )
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["10", "20"]
    assert all(np.isfinite(float(row["psnr"])) for row in rows)
    # And on from there: nothing is left to do.
    run(name, where(folder, tmp_path), *options)
    with pytest.raises(SystemExit, match="seed=0, got 1"):
        run(name, where(folder, tmp_path), *options, "--seed 1")


JAX = """
import runpy, sys
sys.modules["tensorflow"] = None  # any import of it fails
folder, out, *commands = sys.argv[1:]
for command in commands:
    name, *words = command.split()
    recipe = runpy.run_path(f"recipes/train_{name}.py")["RECIPE"]
    where = f"--data {folder} --validation {folder} --out {out}/{name}"
    recipe.run([*where.split(), *words])
"""


def test_twenty_steps_under_jax(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    steps = f"{STEPS} --steps 20 --validate-every 20 --quiet"
    commands = [f"{name} {small} {steps}" for name, small in SMALLER.items()]
    run_python(JAX, folder, tmp_path, *commands, KERAS_BACKEND="jax")
    for name in SMALL:
        best = json.loads((tmp_path / name / "best.json").read_text())
        assert best["step"] == 20 and np.isfinite(best["psnr"])


MIRRORED = """
import runpy, sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, halves)
folder, out, *commands = sys.argv[1:]
for command in commands:
    name, *words = command.split()
    recipe = runpy.run_path(f"recipes/train_{name}.py")["RECIPE"]
    for strategy in ("none", "mirrored"):
        where = f"--data {folder} --validation {folder} --strategy {strategy}"
        where = f"{where} --out {out}/{name}_{strategy}"
        recipe.run([*where.split(), *words])
"""


def test_two_devices_train_as_one(folder, tmp_path, monkeypatch):
    """Attention has loops with gradients of their own; they are shared too."""
    monkeypatch.chdir(ROOT)
    steps = f"{STEPS} --steps 4 --validate-every 1 --quiet"
    steps = f"{steps} --learning-rate 1e-3"
    commands = [f"{name} {small} {steps}" for name, small in SMALLER.items()]
    run_python(MIRRORED, folder, tmp_path, *commands)
    for name in SMALLER:
        one, two = (losses(tmp_path / f"{name}_{s}") for s in WAYS)
        np.testing.assert_allclose(one, two, atol=1e-4)
        # A training that stands still would agree too.
        assert np.ptp(one) > 1e-3


WAYS = ("none", "mirrored")


def losses(out):
    with open(out / "log.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        ("rnan --task jpeg --setting 10,30", ["quality10", "quality20"]),
        ("rnan --task super_resolution --released", ["x2"]),
        ("panet --task demosaic", ["demosaic"]),
        ("nlrn --task super_resolution", ["x2", "x3", "x4"]),
        ("nlrn --released v0 --setting 0,30", ["sigma15", "sigma25"]),
        ("nlrn --released master", ["sigma25"]),
        ("danet --setting 5,25 --sigma-input", ["sigma15", "sigma25"]),
    ],
)
def test_tasks(words, columns, folder, tmp_path):
    name, *words = words.split()
    options = (*words, SMALLER[name], STEPS, "--steps 2 --quiet")
    run(name, where(folder, tmp_path), *options)
    best = json.loads((tmp_path / "best.json").read_text())
    assert {f"psnr_{column}" for column in columns} <= set(best)


def test_patches_of_the_device(folder, tmp_path):
    words = "--patches device --steps-per-execution 2 --steps 5"
    words += " --task super_resolution --texture-crops 2"
    run("panet", where(folder, tmp_path), SMALL["panet"], STEPS, words)
    text = (tmp_path / "log.csv").read_text()
    assert "psnr_x2" in text
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["arguments"]["patches"] == "device"
    # The steps a call may change when it is resumed, the patches may not.
    words = words.replace("execution 2", "execution 5")
    run("panet", where(folder, tmp_path), SMALL["panet"], STEPS, words)
    with pytest.raises(SystemExit, match="patches='device', got 'host'"):
        run(
            "panet",
            where(folder, tmp_path),
            SMALL["panet"],
            STEPS,
            words.replace("device", "host"),
        )


def test_photographs(folder, tmp_path):
    options = f"--degraded {folder} --validation-degraded {folder}"
    run(
        "danet",
        where(folder, tmp_path / "out"),
        options,
        "--task super_resolution --setting 3",
        SMALLER["danet"],
        STEPS,
        "--steps 2 --quiet",
    )
    best = json.loads((tmp_path / "out" / "best.json").read_text())
    # Nothing is to be restored, and the network begins near to that.
    assert best["psnr_x3"] > 20
    arguments = json.loads((tmp_path / "out" / "run.json").read_text())
    assert "--validation-degraded" in arguments["command"]


def test_attention_joins_a_trained_network(folder, tmp_path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    steps = f"{SMALL['panet']} {STEPS} --validate-every 2"
    run("panet", where(folder, first), steps, "--attention none --steps 2")
    before = json.loads((first / "best.json").read_text())["psnr"]
    capsys.readouterr()
    last = f"{steps} --start {first} --learning-rate 1e-9 --steps"
    run("panet", where(folder, second), last, 2)
    assert "randomly initialized: attention_mid\n" in capsys.readouterr().out
    # Its initial weights are small.
    after = json.loads((second / "best.json").read_text())["psnr"]
    assert after == pytest.approx(before, abs=0.05)
    assert json.loads((second / "run.json").read_text())["start"]["command"]
    # Going on wants the first training no more.
    first.rename(tmp_path / "away")
    run("panet", where(folder, second), last, 4)
    with open(second / "log.csv", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4"]


def test_arguments_of_the_network(folder, tmp_path):
    out = tmp_path / "out"
    words = ("--blocks 2", STEPS, "--steps 2 --quiet --model features=8")
    more = "--model attention=pre,post --model levels=2"
    run("panet", where(folder, out), *words, more)
    record = json.loads((out / "run.json").read_text())
    wanted = {"attention": ["pre", "post"], "features": 8, "levels": 2}
    assert record["arguments"]["model"] == wanted
    assert wanted.items() <= record["config"].items()
    assert "--model levels=2" in record["command"]
    # The record's command is the same training.
    again = shlex.split(record["command"])[2:]
    plan = recipe("panet").plan(again)
    assert plan.arguments["model"] == wanted
    # In any order; other values are another training.
    run("panet", where(folder, out), more, *words)
    with pytest.raises(SystemExit, match="holds a run with model="):
        run("panet", where(folder, out), *words, "--model levels=2")


def test_rounded_noise_is_recorded(folder, tmp_path):
    words = (SMALLER["panet"], STEPS, "--steps 1 --quiet")
    for out, more in (("on", ""), ("off", "--no-quantize")):
        run("panet", where(folder, tmp_path / out), *words, more)
        record = json.loads((tmp_path / out / "run.json").read_text())
        again = recipe("panet").plan(shlex.split(record["command"])[2:])
        assert again.task.quantize is (not more)
        assert record["task"]["config"]["quantize"] is (not more)
    with pytest.raises(SystemExit, match="quantize=False, got True"):
        run("panet", where(folder, tmp_path / "off"), *words)


def test_older_runs_had_no_layers_of_their_own(folder, tmp_path):
    words = (SMALLER["danet"], STEPS, "--quiet --validate-every 1")
    plain = "--layer-rates none --layer-clips none"
    run("danet", where(folder, tmp_path), *words, plain, "--steps 1")
    path = tmp_path / "run.json"
    record = json.loads(path.read_text())
    for name in ("layer_rates", "layer_clips", "model"):
        del record["arguments"][name]
    path.write_text(json.dumps(record))
    steps = "--steps 2 --schedule cosine"
    with pytest.raises(SystemExit, match="layer_clips='none', got 'offset"):
        run("danet", where(folder, tmp_path), *words, steps)


def test_dry_run(folder, tmp_path, capsys):
    out = tmp_path / "out"
    options = (SMALL["danet_mobile"], STEPS, "--steps 7200 --dry-run")
    run("danet_mobile", where(folder, out), *options)
    text = capsys.readouterr().out
    names = [line.split()[0] for line in text.splitlines()]
    assert names == ["parameters", "MACs", "memory", "steps", "time"]
    assert "7,200 of 2 patches of 12x12" in text
    assert not out.exists()
