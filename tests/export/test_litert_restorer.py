import json

import numpy as np
import pytest
from testing import enliven, random_image, run_python

from kerasrestore import DANetMobile, LiteRTRestorer, export_tflite
from kerasrestore.export.sidecar import FIELDS
from kerasrestore.models.presets import file_sha256


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model = enliven(DANetMobile(widths=(8, 16), name="small"))
    path = tmp_path_factory.mktemp("model") / "small.tflite"
    export_tflite(model, path, tile=96)
    return path


@pytest.fixture
def copy(exported, tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(exported.read_bytes())
    sidecar = exported.with_suffix(".json").read_text()
    path.with_suffix(".json").write_text(sidecar)
    return path


def change(path, **changes):
    side = path.with_suffix(".json")
    value = {**json.loads(side.read_text()), **changes}
    side.write_text(json.dumps(value))


def test_attributes(exported):
    restorer = LiteRTRestorer(exported, threads=1)
    assert restorer.name == "small" and restorer.task == "denoise"
    assert restorer.fixed_tile == (96, 96)
    assert restorer.halo == 36
    assert restorer.memory_forecast(96, 96) > 0


def test_no_keras_and_no_tensorflow(exported, tmp_path):
    image = random_image((50, 60, 3))
    np.save(tmp_path / "in.npy", image)
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
import numpy as np, kerasrestore
restorer = kerasrestore.LiteRTRestorer(sys.argv[1])
np.save(sys.argv[3], restorer.restore(np.load(sys.argv[2])))
"""
    run_python(code, exported, tmp_path / "in.npy", tmp_path / "out.npy")
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"),
        LiteRTRestorer(exported).restore(image),
        atol=1e-5,
    )


def test_floats_beyond_the_range(exported):
    restorer = LiteRTRestorer(exported)
    image = random_image((20, 20, 3)) * 4 - 2
    found = restorer.restore(image)
    assert found.min() < 0 and found.max() > 1


@pytest.mark.parametrize("key", FIELDS)
def test_every_field_is_wanted(copy, key):
    for value in (None, object):
        side = json.loads(copy.with_suffix(".json").read_text())
        side[key] = "?" if FIELDS[key] is not str and value else None
        copy.with_suffix(".json").write_text(json.dumps(side))
        with pytest.raises(ValueError, match="not a valid sidecar"):
            LiteRTRestorer(copy)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"channels": 2},
        {"tile": [96]},
        {"tile": [97, 96]},
        {"tile": [96, 10**9]},
        {"halo": 48},
        {"halo": -4},
        {"scale": 0},
        {"scale": 2},
        {"size_multiple": 0},
        {"receptive_field": -1},
        {"memory_bytes": -1},
        {"sha256": "0" * 64},
        {"tile": [128, 128]},
        {"channels": 1},
        {"sigma_input": True},
    ],
)
def test_what_does_not_belong_together(copy, changes):
    change(copy, **changes)
    with pytest.raises(ValueError, match=r"small\.(json|tflite)") as error:
        LiteRTRestorer(copy)
    assert "\n" not in str(error.value)


def test_missing_and_unreadable_files(copy):
    side = copy.with_suffix(".json")
    for text in ("", "{", "[1]", "\x00", "[" * 200_000):
        side.write_text(text)
        with pytest.raises(ValueError, match=r"small\.json"):
            LiteRTRestorer(copy)
    side.unlink()
    with pytest.raises(ValueError, match="no sidecar"):
        LiteRTRestorer(copy)
    copy.unlink()
    with pytest.raises(ValueError, match="not a file"):
        LiteRTRestorer(copy)


def test_a_flipped_byte(copy):
    data = bytearray(copy.read_bytes())
    data[1000] ^= 255
    copy.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        LiteRTRestorer(copy)


FLIP = """
import json, sys
from pathlib import Path
import numpy as np
from kerasrestore import LiteRTRestorer
from kerasrestore.models.presets import file_sha256

path = Path(sys.argv[1])
side = path.with_suffix(".json")
sidecar = json.loads(side.read_text())
whole = path.read_bytes()
# The header, the tables at the end, and a few weights between them.
tables = len(whole) - 4000
positions = [*range(0, 200, 11), *range(200, tables, 9001)]
loaded = refused = 0
for position in positions + [*range(tables, len(whole), 97)]:
    data = bytearray(whole)
    data[position] ^= 255
    path.write_bytes(data)
    sidecar["sha256"] = file_sha256(path)
    side.write_text(json.dumps(sidecar))
    try:
        restored = LiteRTRestorer(path).restore(np.zeros((9, 9, 3), "float32"))
        assert restored.shape == (9, 9, 3)
        loaded += 1
    except ValueError as error:
        assert path.name in str(error), error
        refused += 1
print(loaded, refused)
"""


def test_a_flipped_byte_with_the_right_checksum(copy):
    # In a process of its own: a crash would be LiteRT's and take all along.
    loaded, refused = run_python(FLIP, copy).split()
    assert int(loaded) > 0 and int(refused) > 0


def test_no_model_at_all(copy):
    copy.write_bytes(b"this is a text")
    change(copy, sha256=file_sha256(copy))
    with pytest.raises(ValueError, match="LiteRT can run"):
        LiteRTRestorer(copy)
