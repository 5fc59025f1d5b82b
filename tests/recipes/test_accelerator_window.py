"""As on a machine with JAX and without TensorFlow."""

import importlib
import json
import runpy

import pytest
from recipes.small_recipes import SMALL
from testing import ROOT, run_python

from kerasrestore.models.presets import Preset
from kerasrestore.training.window.window_plan import WindowPlan

SCRIPT = ROOT / "recipes" / "accelerator_window.py"
PLANS = WindowPlan.read_all(ROOT / "recipes" / "plans" / "accelerator.toml")
SIZE = "--encoder-blocks 1 --decoder-blocks 1 --batch-size 2 --patch-size 16"
SIZE += " --loss-crop 12 --validation-crop 24 --steps-per-execution 2"
ABOUT = ("--description", "A test.", "--hardware", "two cores", "--tile", "96")
JAX = """
import runpy, sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")
    return importlib.import_module("accelerator_window")


def test_a_preset_is_made_of_what_comes_back(folder, tmp_path, monkeypatch):
    out = tmp_path / "result"
    words = ["--plan", "white", "--minutes", "0.1", "--out", out]
    words += ["--data", folder, "--validation", folder, "--"]
    words += [*SMALL["danet_mobile"].split(), *SIZE.split()]
    text = run_python(JAX, SCRIPT, *words, KERAS_BACKEND="jax")
    assert "tensorflow" not in text and "backend jax" in text
    for dtype in ("float32", "mixed_bfloat16"):
        assert f"steps in {dtype}: " in text or f"step in {dtype}: " in text
    files = list(out.iterdir())
    assert len(files) <= 8 and all(
        path.stat().st_size < 16 * 2**20 for path in files
    )
    record = json.loads((out / "run.json").read_text())
    assert record["recipe"] == "train_danet_mobile.py"
    assert record["versions"]["backend"] == "jax"
    monkeypatch.syspath_prepend(ROOT / "recipes")
    make_preset = importlib.import_module("make_preset")
    into = tmp_path / "presets"
    make_preset.main([str(out), "--name", "a", "--into", str(into), *ABOUT])
    preset = Preset(into / "a")
    assert preset.card["sigma_range"] == [0, 55]
    assert preset.card["training"]["command"].startswith(
        "python recipes/train_danet_mobile.py --data "
    )


@pytest.mark.parametrize("name", PLANS)
def test_plans_are_command_lines_of_their_recipes(name, folder, tmp_path):
    plan = PLANS[name]
    recipe = runpy.run_path(str(ROOT / "recipes" / plan.recipe))["RECIPE"]
    words = plan.words(folder, folder, None)
    out = ["--out", str(tmp_path), "--schedule", "trapezoid", "--decay", "0"]
    found = recipe.plan([*words, *out])
    assert found.options.patches == "device"
    assert found.options.dtype == "mixed_bfloat16"
    assert found.options.start == plan.start
    assert found.settings.scales == (1, 1)
    assert found.task.name == "denoise"


def test_photo_is_the_network_of_the_shipped_preset(folder, tmp_path):
    plan = PLANS["photo"]
    recipe = runpy.run_path(str(ROOT / "recipes" / plan.recipe))["RECIPE"]
    words = plan.words(folder, folder, None)
    found = recipe.plan([*words, "--out", str(tmp_path)])
    card = Preset(ROOT / "kerasrestore/models/danet/presets" / plan.start).card
    config = found.model()[1].get_config()
    for key, value in card["config"].items():
        one = config[key]
        assert (list(one) if isinstance(one, tuple) else one) == value
    shares = card["degradation"]["config"]["shares"]
    assert found.task.shares == shares
    assert (found.settings.batch_size, found.settings.patch_size) == (64, 128)


def test_what_goes_to_the_recipe():
    plan = PLANS["photo"]
    words = plan.words("a", "b", "none", ["--seed", "7"])
    assert words[:4] == ["--data", "a", "--validation", "b"]
    assert words[-2:] == ["--seed", "7"] and "--start" not in words
    words = plan.words("a", "b", "runs/c")
    assert words[words.index("--start") + 1] == "runs/c"


def test_arguments(script, capsys):
    script.main(["--list"])
    assert "photo_gray" in capsys.readouterr().out
    with pytest.raises(ValueError, match="no plan 'foto'; choose from photo"):
        script.main(["--plan", "foto", "--minutes", "1", "--out", "x"])
    with pytest.raises(SystemExit):
        script.main(["--plan", "photo", "--minutes", "1"])
    assert "--out is needed to train" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        script.main(["--plan", "photo", "--minutes", "-1", "--out", "x"])
    assert "--minutes must be above 0" in capsys.readouterr().err
