import hashlib
import json
import shutil

import pytest
from small_tflite import write_small

from kerasrestore import LiteRTRestorer
from kerasrestore.litert.sidecar import read_sidecar
from kerasrestore.models.presets import default_preset


@pytest.fixture(scope="module")
def script(scripts):
    return scripts("export_models")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    return write_small(folder / "mine.tflite", sigma_input=True)


def checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_folder_is_replaced_as_a_whole(script, files):
    assert [path.name for path in files.parent.iterdir()] == ["files"]
    listed = json.loads((files / "models.json").read_text())
    assert listed["format"] == 1
    names = {"models.json"}
    for model in listed["models"]:
        names |= {model["tflite"], model["sidecar"]}
        tflite = files / model["tflite"]
        assert model["name"] == tflite.stem
        assert model["bytes"] == tflite.stat().st_size
        assert model["sha256"] == checksum(tflite)
        assert model["sidecar_sha256"] == checksum(files / model["sidecar"])
        assert read_sidecar(tflite)["sha256"] == model["sha256"]
    assert {path.name for path in files.iterdir()} == names
    titles = {model["name"]: model["title"] for model in listed["models"]}
    assert listed["default"].startswith(default_preset())
    assert titles[listed["default"]].startswith("Colour, photo, ")
    name = script.BYTES
    assert titles[name] == "Colour, blind, float32"
    assert titles[f"{name}_int8"] == "Colour, blind, int8"
    bytes_in = "Colour, blind, {}, bytes in and out"
    assert titles[f"{name}_uint8"] == bytes_in.format("float32")
    assert titles[f"{name}_int8_uint8"] == bytes_in.format("int8")
    sidecar = read_sidecar(files / f"{name}_int8_uint8.tflite")
    assert sidecar["quantization_method"] == "quantization_aware"


def test_models_of_your_own(script, small, tmp_path, monkeypatch):
    shipped = LiteRTRestorer.from_preset(script.BYTES, quantization="int8")
    monkeypatch.setattr(script, "with_bytes", lambda folder: [shipped])
    monkeypatch.setattr(script, "for_phones", lambda folder: [])
    monkeypatch.setattr(script, "default_preset", lambda: script.BYTES)
    out = tmp_path / "files"
    assert script.main(["--out", str(out), "--add", str(small)]) == 0
    listed = json.loads((out / "models.json").read_text())["models"]
    assert [model["name"] for model in listed][1:] == ["mine"]
    assert listed[1]["title"] == "Colour, noise level, float32"
    assert listed[1]["sha256"] == checksum(out / "mine.tflite")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b"no model"), "checksum"),
        (lambda path: path.unlink(), "not a file"),
        (lambda path: path.with_suffix(".json").unlink(), "no sidecar"),
    ],
)
def test_a_bad_model_changes_nothing(
    script, small, tmp_path, capsys, damage, words
):
    path = tmp_path / "bad.tflite"
    shutil.copyfile(small, path)
    shutil.copyfile(small.with_suffix(".json"), path.with_suffix(".json"))
    damage(path)
    out = tmp_path / "files"
    out.mkdir()
    (out / "models.json").write_text("as it was")
    assert script.main(["--out", str(out), "--add", str(path)]) == 2
    message = capsys.readouterr().err
    assert words in message
    assert message.count("\n") == 1
    assert [entry.read_text() for entry in out.iterdir()] == ["as it was"]
    assert not list(tmp_path.glob(".files*"))


def test_two_of_one_name(script, small, tmp_path, capsys, monkeypatch):
    again = LiteRTRestorer(small, trial=False)
    monkeypatch.setattr(script, "with_bytes", lambda folder: [again])
    out = tmp_path / "files"
    assert script.main(["--out", str(out), "--add", str(small)]) == 2
    assert "Two models have the name mine" in capsys.readouterr().err
    assert not out.exists()


def test_free_sides_are_refused(script, tmp_path, capsys):
    path = write_small(tmp_path / "free.tflite", dynamic=True)
    out = tmp_path / "files"
    assert script.main(["--out", str(out), "--add", str(path)]) == 2
    assert "export it again with a tile" in capsys.readouterr().err
