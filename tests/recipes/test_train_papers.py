import csv
import json
import runpy

import numpy as np
import pytest
from testing import ROOT, image_folder, run_python

from kerasrestore.data import folder_pairs
from kerasrestore.data.records.records import write_records

SMALL = {
    "rnan": "--local-blocks 1 --nonlocal-blocks 1 --features 8",
    "panet": "--blocks 2 --features 8",
    "nlrn": "--unrolled 2 --filters 8 --key-filters 4",
    "danet": "--widths 8,16 --blocks 0,1 --offset-width 4",
    "danet_mobile": "--widths 8,16 --middle-blocks 1",
}
# As small as they get, where it takes long to compile.
SMALLER = {
    **SMALL,
    "rnan": "--local-blocks 0 --nonlocal-blocks 1 --features 4",
    "nlrn": "--unrolled 1 --filters 8 --key-filters 4",
    "danet": "--widths 8 --blocks 0 --offset-width 4",
}
STEPS = "--batch-size 2 --patch-size 12 --validation-crop 24"
# What the papers and the released scripts say, and what is not the default
# of all: steps, batch, patch, loss, gray, and how the rate goes.
HALVED = "100000,200000,300000,400000,450000"
PAPERS = {
    "rnan --task denoise": {"steps": 1_300_000, "setting": "50"},
    "rnan --task demosaic": {"steps": 1_300_000, "setting": "GRBG"},
    "rnan --task jpeg": {"steps": 1_300_000, "gray": True, "setting": "10"},
    "rnan --task super_resolution --setting 3": {
        "steps": 3_000_000,
        "patch_size": 144,
    },
    "rnan --task super_resolution --setting 4 --released": {
        "steps": 3_000_000,
        "patch_size": 192,
        "loss": "l1",
    },
    "panet": {"steps": 1_000_000, "loss": "l1"},
    "panet --gray": {"steps": 1_000_000, "loss": "l1", "gray": True},
    "panet --task jpeg --color": {"steps": 1_000_000, "loss": "l1"},
    "panet --task super_resolution": {
        "steps": 1_000_000,
        "loss": "l1",
        "patch_size": 96,
    },
    "nlrn": {
        "steps": 500_000,
        "patch_size": 45,
        "learning_rate": 1e-3,
        "halve_every": HALVED,
        "clip_each": 0.5,
        "gray": True,
    },
    "nlrn --released master": {
        "steps": 500_000,
        "patch_size": 43,
        "learning_rate": 1e-3,
        "halve_every": HALVED,
        "clip_each": 2.5,
        "loss_crop": 5,
        "gray": True,
    },
    "nlrn --released v0 --task super_resolution": {
        "steps": 500_000,
        "patch_size": 45,
        "learning_rate": 1e-3,
        "halve_every": 75_000,
        "clip_each": 2.5,
        "gray": True,
        "setting": "2,3,4",
    },
    "danet": {
        "steps": 840_000,
        "batch_size": 12,
        "patch_size": 256,
        "schedule": "cosine",
        "final_rate": 1e-6,
    },
    "danet --task jpeg": {
        "steps": 840_000,
        "batch_size": 12,
        "patch_size": 256,
        "schedule": "cosine",
        "final_rate": 1e-6,
        "gray": True,
    },
}
COMMON = {
    "batch_size": 16,
    "patch_size": 48,
    "loss": "l2",
    "loss_crop": 0,
    "learning_rate": 1e-4,
    "schedule": "step",
    "halve_every": 200_000,
    "ema": 0.0,
    "clip_norm": 0.0,
    "clip_each": 0.0,
    "gray": False,
    "dtype": "float32",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 2, (60, 48))


def recipe(name):
    return runpy.run_path(str(ROOT / "recipes" / f"train_{name}.py"))["RECIPE"]


def run(name, *words):
    recipe(name).run(" ".join(map(str, words)).split())


def where(folder, out):
    return f"--data {folder} --validation {folder} --out {out}"


@pytest.mark.parametrize("words", PAPERS)
def test_the_papers_settings(words):
    name, *words = words.split()
    argv = [*where("a", "b").split(), *words]
    seen = vars(recipe(name).plan(argv).args)
    wanted = {**COMMON, **PAPERS[" ".join([name, *words])]}
    assert {key: seen[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        ("rnan", {0: 1e-4, 199_999: 1e-4, 200_000: 5e-5, 1_299_999: 1e-4 / 64}),
        ("panet", {0: 1e-4, 200_000: 5e-5, 999_999: 1e-4 / 16}),
        ("nlrn", {99_999: 1e-3, 100_000: 5e-4, 450_000: 1e-3 / 32}),
        ("nlrn --released v0", {75_000: 5e-4, 450_000: 1e-3 / 64}),
        ("danet", {0: 1e-4, 420_000: 5.05e-5, 840_000: 1e-6}),
    ],
)
def test_the_papers_rates(words, rates):
    name, *words = words.split()
    schedule = recipe(name).plan([*where("a", "b").split(), *words]).schedule()
    for step, rate in rates.items():
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-3), step


@pytest.mark.parametrize(
    ("words", "each", "together"),
    [("nlrn", 0.5, 0.0), ("nlrn --clip-each 0 --clip-norm 2", 0.0, 2.0)],
)
def test_gradients_are_bounded(
    words, each, together, folder, tmp_path, monkeypatch
):
    seen = []

    def see(model, sampler, out, settings, **options):
        seen.append(settings)

    monkeypatch.setattr("kerasrestore.training.recipe.plan.fit", see)
    name, *words = words.split()
    run(name, where(folder, tmp_path), SMALL[name], STEPS, *words)
    (settings,) = seen
    assert settings.clip_each == each and settings.clip_norm == together
    assert settings.ema == 0.0


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


def test_dry_run(folder, tmp_path, capsys):
    out = tmp_path / "out"
    options = (SMALL["danet_mobile"], STEPS, "--steps 7200 --dry-run")
    run("danet_mobile", where(folder, out), *options)
    text = capsys.readouterr().out
    names = [line.split()[0] for line in text.splitlines()]
    assert names == ["parameters", "MACs", "memory", "steps", "time"]
    assert "7,200 of 2 patches of 12x12" in text
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("panet --setting strong", "sigma, 0 to 255, got 'strong'"),
        ("panet --setting -5", "sigma is a number of at least 0"),
        ("panet --task jpeg --setting 200", "from 1 to 100"),
        ("panet --task demosaic --setting XYZ", "GRBG, RGGB"),
        ("panet --task demosaic --gray", "three channels"),
        ("panet --blocks 3", "choose an even number"),
        ("panet --task jpeg --quantize", "Jpeg takes no quantize"),
        ("panet --clip-norm 1 --clip-each 1", "--clip-norm or --clip-each"),
        ("panet --start nothing", "Unknown preset 'nothing'"),
        ("panet --start .", "Unknown preset '.'"),
        ("panet --batch-size 0", "--batch-size is a number above 0"),
        ("panet --ema 1.5", "--ema is below 1"),
        ("panet --learning-rate nan", "--learning-rate is a number above"),
        ("panet --halve-every 5,3", "above 0 and increasing"),
        ("panet --patch-size 100", "smaller than the patch size 100"),
        ("panet --loss l3", "'log_mse', 'l2', 'l1'"),
        ("panet --schedule zigzag", "'trapezoid'"),
        ("panet --halve-every 5,x", "Whole numbers"),
        ("panet --loss-crop 50", "--loss-crop"),
        ("nlrn --ema 0.9", "leave --ema out"),
        ("danet --widths 8,a", "Whole numbers"),
        ("danet --degraded a", "--validation-degraded"),
        ("danet --validation-degraded a", "give --degraded"),
        (
            "danet --degraded a --validation-degraded a --setting 5",
            "has no setting",
        ),
        ("danet --task jpeg --sigma-input", "leave --sigma-input out"),
    ],
)
def test_bad_arguments(words, sentence, folder, tmp_path, capsys):
    name, *words = words.split()
    out = tmp_path / "out"
    steps = "--patch-size 12 --batch-size 2 --steps 2 --quiet"
    with pytest.raises(SystemExit) as stopped:
        run(name, where(folder, out), SMALL[name], steps, *words)
    text = capsys.readouterr().err + str(stopped.value)
    assert sentence in text
    assert not out.exists()


def test_no_data(tmp_path):
    with pytest.raises(SystemExit, match="is not a folder"):
        run("panet", where(tmp_path / "none", tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("danet_mobile", "--noise camera --setting 25", "leave --setting"),
        ("danet_mobile", "--noise camera --quantize", "takes no quantize"),
        ("rnan", "--noise camera --task jpeg", "jpeg is one of jpeg"),
        (
            "danet",
            "--degraded d --validation-degraded e --noise camera",
            "leave --noise camera",
        ),
        (
            "danet",
            "--degraded d --validation-degraded e --smallest-scale 0.5",
            "leave --noise camera",
        ),
    ],
)
def test_camera_noise_is_not_ignored(name, words, told):
    recipe = runpy.run_path(str(ROOT / "recipes" / f"train_{name}.py"))[
        "RECIPE"
    ]
    line = f"--data a --validation b --out c {words}"
    with pytest.raises(ValueError, match=told):
        recipe.plan(line.split())


def test_camera_noise_of_a_recipe():
    file = ROOT / "recipes" / "train_danet_mobile.py"
    plan = runpy.run_path(str(file))["RECIPE"].plan(
        ["--data", "a", "--validation", "b", "--out", "c", "--noise", "camera"]
    )
    assert plan.task.shares["camera"] == 0.6
    assert plan.args.setting is None
