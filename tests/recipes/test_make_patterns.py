import importlib

import numpy as np
import pytest
from PIL import Image
from testing import ROOT

SAMPLES = ROOT / "tests" / "samples"


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")
    return importlib.import_module("make_patterns")


def draw(recipe, out, *options):
    recipe.main([str(SAMPLES), str(out), "--side", "512", *options])
    return {file.name: np.asarray(Image.open(file)) for file in out.iterdir()}


def test_images_are_functions_of_seed_and_number(recipe, tmp_path, capsys):
    first = draw(recipe, tmp_path / "a", "--images", "2")
    again = draw(recipe, tmp_path / "b", "--images", "1")
    other = draw(recipe, tmp_path / "c", "--images", "1", "--seed", "1")
    assert sorted(first) == ["pattern_00.png", "pattern_01.png"]
    np.testing.assert_array_equal(
        first["pattern_00.png"], again["pattern_00.png"]
    )
    for image in (first["pattern_01.png"], other["pattern_00.png"]):
        assert image.shape == (512, 512, 3)
        assert (image != first["pattern_00.png"]).any()
    assert capsys.readouterr().out.count("pattern_00.png") == 3


@pytest.mark.parametrize(
    "name", ["stripes", "mesh", "squares", "dots", "spots", "letters"]
)
def test_patterns_cover_a_part(recipe, name):
    pattern = getattr(recipe, name)
    assert pattern in recipe.PATTERNS
    for seed in range(5):
        rng = np.random.default_rng(seed)
        field = pattern(rng, recipe.coordinates(rng, 256))
        assert field.shape == (256, 256) and np.isfinite(field).all()
        assert 0.01 < (field > 0).mean() < 0.99
        # It repeats itself all over the square.
        for part in (field[:128, :128], field[128:, 128:]):
            assert 0 < (part > 0).mean() < 1


def test_nothing_is_overwritten(recipe, tmp_path):
    draw(recipe, tmp_path, "--images", "1")
    before = (tmp_path / "pattern_00.png").read_bytes()
    with pytest.raises(ValueError, match=r"already holds pattern_00\.png"):
        draw(recipe, tmp_path, "--images", "2", "--seed", "3")
    assert (tmp_path / "pattern_00.png").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("words", [["--images", "0"], ["--side", "500"]])
def test_mistakes(recipe, tmp_path, words):
    with pytest.raises(ValueError, match="multiple of 512"):
        recipe.main([str(SAMPLES), str(tmp_path / "out"), *words])
    assert not (tmp_path / "out").exists()
