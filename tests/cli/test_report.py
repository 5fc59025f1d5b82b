import json
import sys

import pytest
from testing import image_folder, run_python
from tflite_files import TILE, blur, convert

from kerasrestore.cli.main import main


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    paths = [folder / "good.tflite", folder / "bad.tflite"]
    blur(paths[0])
    blur(paths[1], 0.02, quantization="int8")
    return [str(path) for path in paths]


def refused(capsys, *words):
    assert main(["report", *map(str, words)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and not captured.out
    assert captured.err.startswith("kerasrestore: ")
    return captured.err


QUICK = ("--threads", "1", "--runs", "1")


def test_tables_and_files(capfd, files, tmp_path):
    data = image_folder(tmp_path / "data", 2)
    out = tmp_path / "out"
    words = ["--data", data, "--setting", "15,25", "--images", 1, "--out", out]
    assert main(["report", *files, *QUICK, *map(str, words)]) == 0
    captured = capfd.readouterr()
    assert captured.err == ""
    assert "| good | float32 | 1 FLOAT32 x FLOAT32 |" in captured.out
    assert "| bad | 25 |" in captured.out
    assert "data, 1 images, rgb. Loss against good." in captured.out
    assert captured.out == (out / "report.md").read_text()
    assert (out / "difference_bad.png").is_file()


def test_json_without_data(capsys, files):
    assert main(["report", files[0], *QUICK, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["files"][0]["quality"] is None
    assert value["dataset"] is None


def test_images_that_cannot_be_measured_are_told(capsys, files, tmp_path):
    data = image_folder(tmp_path / "data", 1)
    (data / "broken.png").write_bytes(b"no image")
    code = main(["report", files[0], *QUICK, "--data", str(data)])
    assert code == 1
    assert "Not measured: broken.png" in capsys.readouterr().out


def test_a_preset_in_keras_as_reference(capsys, files, tmp_path):
    data = image_folder(tmp_path / "data", 1)
    name = "danet_mobile_denoise_color_blind_bsd400"
    words = ["--data", str(data), "--reference", name]
    assert main(["report", files[0], *QUICK, *words]) == 0
    assert f"Loss against {name} in Keras." in capsys.readouterr().out


def test_the_preset_of_the_sidecar_is_the_reference(capsys, tmp_path):
    data = image_folder(tmp_path / "data", 1)
    name = "danet_mobile_denoise_color_blind_bsd400"
    path = blur(tmp_path / "own.tflite", quantization="int8", name=name)
    assert main(["report", str(path), *QUICK, "--data", str(data)]) == 0
    assert f"Loss against {name} in Keras." in capsys.readouterr().out


def test_mistakes_are_told_at_once(capsys, files, tmp_path, monkeypatch):
    file = files[0]
    assert "not a file" in refused(capsys, tmp_path / "none.tflite")
    assert "such as 1,2,4" in refused(capsys, file, "--threads", "many")
    assert "at least 1" in refused(capsys, file, "--threads", "0")
    assert "at least 1" in refused(capsys, file, "--runs", "-3")
    assert "--data" in refused(capsys, file, "--setting", "25")
    assert "benchmark screen" in refused(capsys, file, "--phone", file)
    assert "--quantize-input" in refused(capsys, file, "--quantize-input")
    assert "--data" in refused(capsys, file, "--reference", "a")
    assert "give a folder" in refused(capsys, file, "--out", file)
    assert "none" in refused(capsys, file, "--data", tmp_path / "none")
    data = ("--data", image_folder(tmp_path / "data", 1))
    assert "preset" in refused(capsys, file, *data, "--reference", "nobody")
    assert "got 'x'" in refused(capsys, file, *data, "--setting", "x")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    out = ("--out", tmp_path / "out")
    assert "pip install" in refused(capsys, file, *out)
    assert not (tmp_path / "out").exists()


def test_a_stranger_without_a_sidecar(capsys, tmp_path):
    path = tmp_path / "own.tflite"
    convert(lambda x: x * 2.0, path, (1, TILE, TILE, 3))
    data = image_folder(tmp_path / "data", 1)
    assert main(["report", str(path), *QUICK, "--data", str(data)]) == 0
    output = capsys.readouterr().out
    assert "No sidecar: own" in output and "## Quality" not in output


def test_neither_keras_nor_tensorflow_is_needed(files, tmp_path):
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from kerasrestore.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    data = image_folder(tmp_path / "data", 1)
    output = run_python(code, "report", *files, *QUICK, "--data", data)
    assert "| bad | 25 |" in output
