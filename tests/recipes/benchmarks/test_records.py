import importlib

import pytest
from PIL import Image
from testing import ROOT, image_folder


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes" / "benchmarks")
    return importlib.import_module("records")


def test_what_it_prints(recipe, tmp_path, monkeypatch, capsys):
    folder = image_folder(tmp_path / "in", size=(60, 70))
    arguments = ["--data", str(folder), "--steps", "3", "--rounds", "2"]
    monkeypatch.setattr("sys.argv", ["benchmark_records.py", *arguments])
    recipe.main()
    printed = capsys.readouterr().out
    assert "3 images written" in printed
    assert printed.count("patches/s") == 5


def test_drawn_images(recipe, tmp_path):
    recipe.draw(tmp_path, 1)
    with Image.open(tmp_path / "0000.png") as image:
        assert image.size == (2040, 1356)
