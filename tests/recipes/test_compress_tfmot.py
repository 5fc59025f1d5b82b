import importlib
import json

import keras
import pytest
from testing import ROOT, image_folder, preset_folder

from kerasrestore import LiteRTRestorer

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="tfmot works on TensorFlow alone",
)


@pytest.fixture
def main(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")
    return importlib.import_module("compress_tfmot").main


def command(tmp_path, method, *options):
    folder = image_folder(tmp_path / "data", 2, (40, 48))
    words = [method, "--preset", tmp_path / "small", "--out", tmp_path / "out"]
    words += ["--data", folder, "--validation", folder, "--steps", 4]
    words += ["--batch-size", 2, "--patch-size", 16, "--tile", 96, *options]
    return [str(word) for word in words]


def test_pruned(main, tmp_path, capfd):
    preset_folder(tmp_path)
    main(command(tmp_path, "prune", "--sparsity", 0.75))
    told = capfd.readouterr().out
    before, after = json.loads(told[told.index("{") :]).values()
    # Zeros are zipped away.
    assert after["zipped"] < 0.7 * before["zipped"]
    assert set(after["psnr"]) == {"sigma15", "sigma25", "sigma50"}
    path = tmp_path / "out" / "small.tflite"
    assert path.stat().st_size == after["bytes"]
    sidecar = LiteRTRestorer(path, trial=False).sidecar
    assert sidecar["sigma_range"] == [0, 55]
    assert sidecar["license"] == "Apache-2.0"


def test_other_tasks_are_refused(main, tmp_path):
    card = preset_folder(tmp_path) / "card.json"
    text = card.read_text().replace('"task": "denoise"', '"task": "jpeg"')
    card.write_text(text)
    with pytest.raises(ValueError, match="model for jpeg"):
        main(command(tmp_path, "prune"))
    assert not (tmp_path / "out").exists()
