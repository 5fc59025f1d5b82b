import importlib
import json

import pytest
from testing import ROOT
from tflite_files import TILE, blur, convert


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes" / "benchmarks")
    return importlib.import_module("tflite")


def test_three_networks_and_the_yardstick(recipe, tmp_path, capsys):
    files = [tmp_path / "float.tflite", tmp_path / "integer.tflite"]
    for file in files:
        blur(file)
    words = ["--float32", files[0], "--int8", files[1], "--runs", 2]
    words += ["--out", tmp_path / "out"]
    assert recipe.main([str(word) for word in words]) == 0
    value = json.loads((tmp_path / "out" / "tflite.json").read_text())
    rows = {row["file"]: row for row in value["rows"]}
    assert value["size"] == [TILE, TILE, 3] and value["threads"] == 2
    blurred, dncnn = 81, 9 * (2 * 3 * 64 + 15 * 64 * 64)
    assert [row["macs"] / TILE**2 for row in value["rows"][:3]] == [
        blurred,
        blurred,
        dncnn,
    ]
    assert "DnCNN, 0.56 M, float32" in rows
    assert all(row["runs"] == 2 for row in rows.values())
    table = (tmp_path / "out" / "tflite.md").read_text()
    ratio = rows["student, float32"]["median_s"] / value["rows"][0]["median_s"]
    assert f"|{ratio:.2f}|" in table and table == capsys.readouterr().out


def test_files_of_two_sizes_do_not_compare(recipe, tmp_path):
    blur(tmp_path / "a.tflite")
    convert(lambda x: x * 2.0, tmp_path / "b.tflite", (1, 8, 8, 3))
    words = [
        "--float32",
        tmp_path / "a.tflite",
        "--int8",
        tmp_path / "b.tflite",
    ]
    with pytest.raises(ValueError, match="one size"):
        recipe.main([str(word) for word in words])
