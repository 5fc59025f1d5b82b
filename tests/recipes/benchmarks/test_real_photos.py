"""Quality floors of the default presets on small free photographs."""

import dataclasses
import importlib
import sys

import numpy as np
import pytest
from testing import ROOT

from kerasrestore.data.images import list_images
from kerasrestore.models.presets import default_preset

# Mean gain over the input in decibels on tests/samples, or for photos without
# noise, which have no gain, the mean PSNR; some tenths below what the shipped
# weights reach.
FLOORS = {
    "Kodak24, white noise 20, JPEG 92": 5.2,
    # Two of the three photos hardly have any noise.
    "Kodak24, simulated camera, JPEG 92": 0.05,
    "CBSD68, white noise 25, not clipped": 9.5,
    "CBSD68 in gray, equal noise 25": 8.1,
    "the same, sepia": 7.8,
    "Kodak24, no noise": 50.0,
}
GRAY_FLOORS = {
    "Kodak24, white noise 20, JPEG 92": 7.3,
    "Kodak24, simulated camera, JPEG 92": 0.3,
    "CBSD68, white noise 25, not clipped": 8.4,
    "Kodak24, no noise": 55.0,
}
# Largest shift of a flat colour, in levels.
SHIFTS = {"float16": 0.7, "int8": 1.5}
SAMPLES = ROOT / "tests" / "samples"


@pytest.fixture(scope="module")
def recipe():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "recipes" / "benchmarks")
        yield importlib.import_module("real_photos")


@pytest.fixture(scope="module", params=SHIFTS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def method(recipe, kind):
    return recipe.preset_method(None, kind)


@pytest.fixture(scope="module")
def gray_method(recipe, kind):
    return recipe.preset_method(default_preset(channels=1), kind)


def gain(recipe, method, name, channels):
    row = next(row for row in recipe.rows(channels) if row.name == name)
    row = dataclasses.replace(row, folder=SAMPLES.name)
    pairs = recipe.pairs(row, SAMPLES.parent, 1, channels)
    given, restored = recipe.score([method], pairs).mean(axis=0)
    return restored if np.isinf(given) else restored - given


@pytest.mark.parametrize("name", FLOORS)
def test_default_preset(recipe, method, name):
    assert gain(recipe, method, name, 3) >= FLOORS[name]


@pytest.mark.parametrize("name", GRAY_FLOORS)
def test_gray_preset(recipe, gray_method, name):
    assert gain(recipe, gray_method, name, 1) >= GRAY_FLOORS[name]


def test_flat_colours_keep_their_brightness(recipe, method, kind):
    assert recipe.flat_shift(method) <= SHIFTS[kind]


def test_flat_grays_keep_their_brightness(recipe, gray_method):
    assert recipe.flat_shift(gray_method, 1) <= 0.2


@pytest.mark.parametrize("gray", [False, True])
def test_the_table(recipe, tmp_path, monkeypatch, capsys, gray):
    for name in ("PolyU100", "Kodak24", "CBSD68"):
        (tmp_path / name).mkdir()
        for file in list_images(SAMPLES)[:2]:
            copy = tmp_path / name / file.name
            copy.write_bytes(file.read_bytes())
            if name == "PolyU100":
                copy.rename(copy.with_stem(f"{file.stem}_real"))
                mean = copy.with_stem(f"{file.stem}_mean")
                mean.write_bytes(file.read_bytes())
    words = ["real_photos.py", "--data", tmp_path, "--step", 2, "--preset"]
    words.append("danet_mobile_denoise_color_blind_bsd400")
    words += ["--gray"] * gray
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    recipe.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 1 + len(recipe.rows(1 if gray else 3)) + 1
    assert lines[2].startswith("| PolyU, 1 real pairs | inf |")
    flat = "256 flat grays" if gray else "216 flat colours"
    assert lines[-1].startswith(f"| {flat}")
    monkeypatch.setattr(sys, "argv", ["real_photos.py", "--data", "."])
    with pytest.raises(SystemExit, match="Nothing to measure"):
        recipe.main()
