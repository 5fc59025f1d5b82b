import importlib.util
import json
import os
import subprocess
import sys

import pytest
from testing import ROOT, enliven, preset_folder

from kerasrestore import DANetMobile
from kerasrestore.export.tflite import export_tflite
from kerasrestore.tasks import Denoise
from kerasrestore.training import QuantizeAware
from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.recipe.run import open_run

RECIPE = ROOT / "recipes" / "quantize_aware.py"


@pytest.fixture(scope="module")
def floating(tmp_path_factory):
    """The folder of a float training of a gray model."""
    out = tmp_path_factory.mktemp("float")
    model = enliven(DANetMobile(channels=1, widths=(8, 16), middle_blocks=1))
    arguments = {"setting": "10,40"}
    open_run(out, "train_danet_mobile.py", arguments, model, Denoise((10, 40)))
    model.save_weights(out / "best.weights.h5")
    return out


def quantize(folder, out, *words):
    options = {
        "--data": folder,
        "--validation": folder,
        "--out": out,
        "--steps": 4,
        "--patch-size": 16,
        "--batch-size": 2,
        "--validate-every": 2,
    }
    given = [word for option in options.items() for word in option]
    return subprocess.run(
        [sys.executable, *map(str, (RECIPE, *given, *words))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_run_becomes_an_integer_network(folder, floating, tmp_path):
    done = quantize(folder, tmp_path / "run", "--run", floating)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = dict(
        line.split(": ", 1)
        for line in done.stdout.splitlines()
        if line.startswith(("float32", "int8"))
    )
    figures = {name: json.loads(line) for name, line in lines.items()}
    assert list(figures) == ["float32", "int8 before", "int8 after"]
    best = json.loads((tmp_path / "run" / "best.json").read_text())
    assert best["psnr"] == pytest.approx(figures["int8 after"]["psnr"])
    # Validated at the noise levels of the float training.
    assert set(best) >= {"psnr_sigma15", "psnr_sigma25"}
    assert "psnr_sigma50" not in best

    model, run = load_run(tmp_path / "run")
    assert isinstance(model, QuantizeAware) and model.channels == 1
    assert run.task.sigma == (10, 40)
    sidecar = export_tflite(model, tmp_path / "a.tflite", to="int8", tile=96)
    assert sidecar["quantization_method"] == "quantization_aware"

    # Done already: nothing is trained again.
    before = (tmp_path / "run" / "checkpoint.npz").read_bytes()
    again = quantize(folder, tmp_path / "run", "--run", floating)
    assert again.returncode == 0, again.stderr[-3000:]
    assert (tmp_path / "run" / "checkpoint.npz").read_bytes() == before


@pytest.fixture(scope="module")
def main():
    spec = importlib.util.spec_from_file_location("recipe", RECIPE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_the_folder_of_a_preset(main, folder, tmp_path, capsys):
    preset = preset_folder(tmp_path)
    words = ["--data", folder, "--validation", folder, "--out", tmp_path / "o"]
    words += ["--patch-size", 16, "--batch-size", 2, "--dry-run"]
    main([str(word) for word in (*words, "--preset", preset)])
    assert "step" in capsys.readouterr().out


def test_a_stage_of_a_distillation(main, folder, tmp_path, capsys):
    model = enliven(DANetMobile(widths=(8, 16), middle_blocks=1))
    stage = {"sigma": "10,40", "mobile_steps": 4, "until": "mobile"}
    open_run(tmp_path / "mobile", "distill_danet.py", stage, model)
    model.save_weights(tmp_path / "mobile" / "best.weights.h5")
    words = ["--data", folder, "--validation", folder, "--out", tmp_path / "o"]
    words += ["--patch-size", 16, "--batch-size", 2, "--dry-run"]
    main([str(word) for word in (*words, "--run", tmp_path / "mobile")])
    assert "step" in capsys.readouterr().out


def test_what_is_refused(main, folder, floating, tmp_path):
    base = ["--data", folder, "--validation", folder, "--out", tmp_path / "o"]
    base += ["--patch-size", "16"]
    run = ["--run", floating]
    for words, sentence in (
        ([], "give --preset or --run"),
        ([*run, "--preset", "x"], "Only one model can be quantized"),
        (["--preset", "x"], "'x'"),
        (["--run", tmp_path], "holds no training"),
        ([*run, "--color"], "leave --gray and --color out"),
        ([*run, "--dtype", "mixed_bfloat16"], "leave --dtype out"),
        ([*run, "--loss-crop", "8"], "leave --loss-crop out"),
    ):
        with pytest.raises(SystemExit) as error:
            main([str(word) for word in (*base, *words)])
        text = str(error.value)
        assert sentence in text and "\n" not in text, text
    assert not (tmp_path / "o").exists()
