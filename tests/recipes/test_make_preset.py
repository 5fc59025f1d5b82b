import importlib
import json
import runpy

import pytest
from testing import ROOT, image_folder

from kerasrestore import DANetMobile, LiteRTRestorer, Restorer
from kerasrestore.litert.sidecar import read_sidecar
from kerasrestore.models.presets import Preset
from kerasrestore.training import open_run
from kerasrestore.training.recipe.run_record import RunRecord

SIZE = "--blocks 2 --features 8 --batch-size 2 --patch-size 12"
SIZE += " --validation-crop 24 --setting 25 --quantize --quiet"
ABOUT = ("--description", "A test.", "--hardware", "two cores", "--tile", "32")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 2, (60, 48))


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A network without attention, and one that went on from it with it."""
    folder = tmp_path_factory.mktemp("runs")
    file = ROOT / "recipes" / "train_panet.py"
    recipe = runpy.run_path(str(file))["RECIPE"]
    begin = f"--data {data} --validation {data} {SIZE}"
    plain, whole = folder / "plain", folder / "whole"
    recipe.run(
        f"{begin} --out {plain} --attention none --steps 2".split(),
    )
    recipe.run(f"{begin} --out {whole} --start {plain} --steps 1".split())
    return plain, whole


@pytest.fixture
def make_preset(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")
    return importlib.import_module("make_preset")


def test_measured_through_litert(make_preset, data, trained, tmp_path):
    begin = [str(trained[0]), "--name", "plain", "--into", str(tmp_path)]
    make_preset.main([*begin, *ABOUT, "--benchmarks", str(data)])
    preset = Preset(tmp_path / "plain")
    assert preset.card["measured"]["runtime"] == "litert"
    assert preset.card["sigma_range"] == [25, 25]
    assert preset.card["quantize_input"] is True
    assert "start" not in preset.card["training"]
    assert list(preset.psnr[data.name]) == ["25"]
    sidecar = read_sidecar(preset.tflite())
    assert sidecar["quality"] == preset.quality
    assert LiteRTRestorer.from_preset(preset.path).fixed_tile == (32, 32)


def test_measured_by_keras(make_preset, data, trained, tmp_path):
    begin = [str(trained[1]), "--name", "whole", "--into", str(tmp_path)]
    options = "--runtime keras --benchmark-tile 24 --benchmark-overlap 4"
    options = [*options.split(), "--benchmarks", str(data)]
    make_preset.main([*begin, *ABOUT, *options])
    preset = Preset(tmp_path / "whole")
    assert preset.card["measured"] == {
        "runtime": "keras",
        "tile": 24,
        "overlap": 4,
    }
    start = preset.card["training"]["start"]
    assert start["steps"] == 2 and "--attention none" in start["command"]
    assert read_sidecar(preset.tflite())["quality"] == {}
    model = Restorer.from_preset(preset.path)
    assert model.attention == ("mid",)
    # Nothing half-made is left beside it.
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    card = json.loads((preset.path / "card.json").read_text())
    assert card["files"].keys() >= {"tflite_float16", "log", "start_log"}


def test_tiles_are_for_keras(make_preset, trained, tmp_path, capsys):
    words = [str(trained[0]), "--name", "a", "--into", str(tmp_path), *ABOUT]
    with pytest.raises(SystemExit):
        make_preset.main([*words, "--benchmark-tile", "24"])
    assert "leave --benchmark-tile" in capsys.readouterr().err


def test_a_stage_of_a_distillation(make_preset, tmp_path):
    model = DANetMobile(widths=(8, 16))
    stage = tmp_path / "mobile"
    arguments = {"sigma": "10,40", "mobile_steps": 4, "until": "mobile"}
    open_run(stage, "distill_danet.py", arguments, model)
    model.save_weights(stage / "best.weights.h5")
    (stage / "best.json").write_text('{"step": 4, "psnr": 20.0}')
    log = "step,loss,learning_rate,psnr\n4,1.0,0.1,20.0\n"
    (stage / "log.csv").write_text(log)
    words = [str(stage), "--name", "a", "--into", str(tmp_path / "presets")]
    make_preset.main([*words, *ABOUT[:-1], "96", "--license", "Apache-2.0"])
    preset = Preset(tmp_path / "presets" / "a")
    assert preset.card["sigma_range"] == [10, 40]
    assert preset.card["training"]["steps"] == 4
    assert preset.license == "Apache-2.0"


@pytest.mark.parametrize(
    ("model", "words"),
    [("QuantizeAware", "--quantized"), ("PrivilegedTeacher", "that restores")],
)
def test_trainings_that_are_no_preset(make_preset, tmp_path, model, words):
    RunRecord(
        recipe="distill_danet.py",
        arguments={},
        command="",
        model=model,
        config={},
    ).write(tmp_path)
    with pytest.raises(ValueError, match=words):
        make_preset.main([str(tmp_path), "--name", "a", *ABOUT])
