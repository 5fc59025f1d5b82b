import json
import shutil

import pytest
from small_tflite import change
from testing import image_folder

from kerasrestore import LiteRTRestorer
from kerasrestore.archive.restorer_choice import load_restorer
from kerasrestore.cli.main import main
from kerasrestore.models.presets import default_preset, file_sha256, get_preset


@pytest.fixture
def folder(made, tmp_path):
    """A preset with a float32 and an int8 file."""
    target = tmp_path / "preset"
    target.mkdir()
    card = {**get_preset(default_preset()).card, "name": "mine"}
    files = {}
    for end, options in (
        ("_float32", {}),
        ("_int8", {"quantization": "int8"}),
    ):
        for role, suffix in (("tflite", ".tflite"), ("sidecar", ".json")):
            file = target / f"mine{end}{suffix}"
            shutil.copy(made(**options).with_suffix(suffix), file)
            files[role + end] = {
                "file": file.name,
                "sha256": file_sha256(file),
            }
    (target / "card.json").write_text(json.dumps({**card, "files": files}))
    return target


def resign(folder, role, **changes):
    """Changes a sidecar and its checksum in the card."""
    card = json.loads((folder / "card.json").read_text())
    entry = card["files"][role]
    change(folder / entry["file"], **changes)
    entry["sha256"] = file_sha256(folder / entry["file"])
    (folder / "card.json").write_text(json.dumps(card))


def test_quantization(folder):
    load = LiteRTRestorer.from_preset
    for wanted, found in (
        (None, "float32"),
        ("float32", "float32"),
        ("int8", "int8"),
    ):
        restorer = load(folder, quantization=wanted)
        assert restorer.sidecar["quantization"] == found
    with pytest.raises(ValueError, match="no float16 file; it has float32"):
        load(folder, quantization="float16")
    with pytest.raises(ValueError, match=r"mine has no .* float32, int8"):
        load(folder, quantization="big")


def test_the_command_line(folder, capsys, tmp_path):
    photo = image_folder(tmp_path / "in", 1) / "image0.png"
    out = tmp_path / "out.png"
    words = ["restore", photo, out, "--preset", folder, "--quantization"]
    words = [str(word) for word in words]
    assert main([*words, "int8"]) == 0 and out.is_file()
    capsys.readouterr()
    for more, reason in (
        (["float16", "--overwrite"], "no float16 file"),
        (["int8", "--overwrite", "--runtime", "keras"], "--runtime keras"),
        (["int4", "--overwrite"], "int4"),
    ):
        assert main([*words, *more]) == 2
        error = capsys.readouterr().err
        assert reason in error and error.count("\n") == 1
    assert load_restorer(folder, "litert", quantization="int8").name
    words = ["evaluate", "--data", str(tmp_path), "--setting", "25"]
    words += ["--quantization", "int8", "--baseline", "degraded"]
    assert main(words) == 2
    assert "files of a preset" in capsys.readouterr().err


def test_a_sidecar_that_is_not_the_cards(folder):
    change(folder / "mine_float32.tflite", license="mine")
    with pytest.raises(ValueError, match=r"mine_float32\.json.* checksum"):
        LiteRTRestorer.from_preset(folder)


@pytest.mark.parametrize(
    ("role", "changes", "words"),
    [
        ("sidecar_float32", {"task": "jpeg"}, "task 'denoise'.* 'jpeg'"),
        ("sidecar_int8", {"quantization": "float32"}, "not int8"),
    ],
)
def test_card_and_sidecar_contradict(folder, role, changes, words):
    resign(folder, role, **changes)
    kind = "int8" if role.endswith("int8") else None
    with pytest.raises(ValueError, match=words):
        LiteRTRestorer.from_preset(folder, quantization=kind)
