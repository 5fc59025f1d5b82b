"""The golden vectors of Kotlin and JavaScript are what Python gives."""

import json

import numpy as np
import pytest
from PIL import Image
from testing import ROOT

from kerasrestore import LiteRTRestorer
from kerasrestore.photos import read_photo

GOLDENS = ROOT / "mobile" / "models" / "goldens"
VECTORS = (
    "tiling.json",
    "reflect.json",
    "blends.json",
    "rounding.json",
    "strength.json",
    "orientation.json",
    "transparency.json",
)
PIXELS = json.loads((GOLDENS / "pixels.json").read_text())
# A golden may have been made on another processor, which sums in another
# order: in float32 that turns a byte by one, in int8 by a few steps.
FARTHEST = {"float32": 1, "int8": 6}


@pytest.fixture(scope="module")
def maker(scripts):
    return scripts("make_goldens")


@pytest.fixture(scope="module")
def pixels(scripts):
    return scripts("golden_pixels")


@pytest.mark.parametrize("name", VECTORS)
def test_vectors(maker, name):
    assert set(maker.JSON) == set(VECTORS)
    held = json.loads((GOLDENS / name).read_text())
    assert held == json.loads(json.dumps(maker.JSON[name]()))


def test_vectors_hold_what_they_are_for():
    def read(name):
        return json.loads((GOLDENS / name).read_text())

    plans = read("tiling.json")
    assert any(c["feather"] for c in plans)
    assert any(c["tile"][0] > c["height"] for c in plans)
    assert any(c["tile"][0] != c["tile"][1] for c in plans)
    assert {1} < {c["height"] for c in plans} & {c["width"] for c in plans}
    holes = read("transparency.json")["filled"]
    assert {hole["channels"] for hole in holes} == {1, 3}
    assert any(hole["pixels"] != hole["result"] for hole in holes)
    middles = dict.fromkeys(range(256), 0)
    for value, byte in read("rounding.json")["to_byte"]:
        assert np.float32(value) == value
        exact = np.float32(value) * np.float32(255)
        middles[byte] += exact % 1 == 0.5
        assert byte == np.rint(np.clip(exact, 0, 255))
    # Middles go to even bytes; each has one below and one above it.
    assert all(count == 0 for byte, count in middles.items() if byte % 2)
    assert sum(middles.values()) > 100
    to_float = read("rounding.json")["to_float"]
    assert to_float == [[byte, np.float32(byte / 255)] for byte in range(256)]


def test_inputs(pixels):
    folder = GOLDENS / "pixels"
    for name, crop in pixels.PICTURES.items():
        with Image.open(folder / f"{name}.png") as image:
            assert image.mode == crop[0]
            np.testing.assert_array_equal(image, pixels.picture(*crop))


@pytest.fixture(scope="module")
def restorers(files):
    return {
        path.stem: LiteRTRestorer(path, trial=False)
        for folder in (files, GOLDENS / "models")
        for path in folder.glob("*.tflite")
    }


@pytest.mark.parametrize(
    "case", PIXELS, ids=[case["expected"] for case in PIXELS]
)
def test_pixels(case, restorers):
    restorer = restorers[case["model"]]
    photo = read_photo(GOLDENS / case["input"])
    expected = read_photo(GOLDENS / case["expected"])
    found = restorer.restore(
        photo, strength=case["strength"], sigma=case["sigma"]
    )
    assert found.pixels.shape == expected.pixels.shape
    apart = np.abs(found.pixels.astype(int) - expected.pixels)
    assert apart.max() <= FARTHEST[restorer.sidecar["quantization"]]
    assert np.mean(apart > 0) < 0.01
    if photo.alpha is not None:
        np.testing.assert_array_equal(found.alpha, expected.alpha)
        assert 0 in photo.alpha


def test_pixels_hold_what_they_are_for(pixels):
    listed = [
        (case["model"], case["input"], case["strength"], case["sigma"])
        for case in PIXELS
    ]
    assert listed == [
        (model, f"pixels/{name}.png", strength, sigma)
        for model, name, strength, sigma in pixels.runs()
    ]
    scales = {
        pixels.ENLARGING[model]["scale"]
        for model, *_ in listed
        if model in pixels.ENLARGING
    }
    assert scales == {2, 3}
    named = {case[key] for case in PIXELS for key in ("input", "expected")}
    there = {f"pixels/{path.name}" for path in (GOLDENS / "pixels").iterdir()}
    assert named == there
    size = sum(f.stat().st_size for f in GOLDENS.rglob("*") if f.is_file())
    assert size < 2 * 2**20
