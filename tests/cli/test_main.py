import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from testing import image_folder, run_python, smooth_image

from kerasrestore.cli import restore as restore_module
from kerasrestore.cli.main import main
from kerasrestore.models.presets import default_preset, presets


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "in.png"
    Image.fromarray(smooth_image(40, 52)).save(path)
    return path


def run(capsys, *words):
    """Exit code, lines on standard output and lines of errors."""
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out.splitlines(), captured.err.splitlines()


def refused(capsys, *words):
    code, out, err = run(capsys, *words)
    assert code == 2 and len(err) == 1 and not out
    assert err[0].startswith("kerasrestore: ")
    return err[0]


def test_a_photo(capsys, photo, tmp_path):
    out = tmp_path / "out.png"
    code, lines, err = run(capsys, "restore", photo, out)
    assert (code, len(lines), err) == (0, 1, [])
    assert "52x40" in lines[0] and default_preset() in lines[0]
    assert np.asarray(Image.open(out)).shape == (40, 52, 3)
    assert sorted(os.listdir(tmp_path)) == ["in.png", "out.png"]


def test_into_a_folder_and_quietly(capsys, photo, tmp_path):
    (tmp_path / "to").mkdir()
    code, lines, err = run(capsys, "restore", photo, tmp_path / "to", "--quiet")
    assert (code, lines, err) == (0, [], [])
    assert (tmp_path / "to" / "in.png").is_file()


def test_existing_files_are_kept(capsys, photo, tmp_path):
    out = tmp_path / "out.png"
    out.write_bytes(b"old")
    assert "--overwrite" in refused(capsys, "restore", photo, out)
    assert out.read_bytes() == b"old"
    assert run(capsys, "restore", photo, out, "--overwrite")[0] == 0
    # In place, only when asked for.
    assert "--overwrite" in refused(capsys, "restore", photo, photo)
    assert run(capsys, "restore", photo, photo, "--overwrite")[0] == 0


def test_both_runtimes_agree(capsys, photo, tmp_path):
    one, two = tmp_path / "a.png", tmp_path / "b.png"
    run(capsys, "restore", photo, one)
    run(capsys, "restore", photo, two, "--runtime", "keras", "--tile", 96)
    # LiteRT's weights are rounded to float16.
    difference = np.asarray(Image.open(one)).astype(int) - Image.open(two)
    assert np.abs(difference).max() <= 2
    assert np.abs(difference).mean() < 0.05


def test_gray_photos_get_the_preset_for_gray(capsys, tmp_path):
    Image.fromarray(smooth_image(30, 30, 1)[..., 0]).save(tmp_path / "g.png")
    out = tmp_path / "out.png"
    _, lines, _ = run(capsys, "restore", tmp_path / "g.png", out)
    assert default_preset(channels=1) in lines[0]
    assert np.asarray(Image.open(out)).shape == (30, 30)


def test_strength_and_ensemble(capsys, photo, tmp_path):
    out = tmp_path / "out.png"
    run(capsys, "restore", photo, out, "--strength", "0")
    np.testing.assert_array_equal(Image.open(out), Image.open(photo))
    code, _, _ = run(capsys, "restore", photo, out, "--ensemble", "--overwrite")
    assert code == 0


def test_a_folder_is_taken_up_where_it_was_left(capsys, tmp_path):
    source = image_folder(tmp_path / "in")
    image_folder(source / "deeper", 1)
    (source / "notes.txt").write_text("no image")
    target = source / "out"  # inside: its own outputs are no inputs
    code, lines, err = run(capsys, "restore", source, target)
    assert (code, err) == (0, [])
    assert lines[-1] == "4 restored, 0 already there, 0 failed"
    assert (target / "deeper" / "image0.png").is_file()
    (target / "image1.png").unlink()
    before = (target / "image0.png").stat().st_mtime_ns
    _, lines, _ = run(capsys, "restore", source, target)
    assert lines[-1] == "1 restored, 3 already there, 0 failed"
    assert (target / "image0.png").stat().st_mtime_ns == before
    _, lines, _ = run(capsys, "restore", source, target, "--overwrite")
    assert lines[-1] == "4 restored, 0 already there, 0 failed"


def test_failures_in_a_folder(capsys, tmp_path):
    source = image_folder(tmp_path / "in")
    (source / "broken.jpg").write_bytes(b"no image")
    (source / "empty.png").write_bytes(b"")
    code, lines, err = run(capsys, "restore", source, tmp_path / "out")
    assert code == 1
    assert lines[-1] == "3 restored, 0 already there, 2 failed"
    assert len(err) == 2
    assert "broken.jpg" in err[0] and "empty.png" in err[1]
    assert len(os.listdir(tmp_path / "out")) == 3


def test_a_wrong_option_is_one_error_for_a_folder(capsys, tmp_path):
    source = image_folder(tmp_path / "in")
    out = tmp_path / "out"
    assert "takes no sigma" in refused(
        capsys, "restore", source, out, "--sigma", 5
    )
    assert not out.exists()


def test_what_is_no_input(capsys, photo, tmp_path):
    out = tmp_path / "out.png"
    (tmp_path / "none").mkdir()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "half.png").write_bytes(photo.read_bytes()[:300])
    for name, words in (
        ("missing.png", "does not exist"),
        ("none", "no photos"),
        ("text.png", "not an image"),
        ("empty.png", "is empty"),
        ("half.png", "damaged"),
    ):
        target = tmp_path / "o" if name == "none" else out
        message = refused(capsys, "restore", tmp_path / name, target)
        assert words in message
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["{in}", "{dir}/out.xyz"], "extension"),
        (["{in}", "{dir}/no/out.png"], "not a folder"),
        (["{in}", "{dir}/o.png", "--strength", "3"], "0 to 2"),
        (["{in}", "{dir}/o.png", "--strength", "x"], "--strength"),
        (["{in}", "{dir}/o.png", "--sigma", "5"], "takes no sigma"),
        (["{in}", "{dir}/o.png", "--tile", "64"], "fixed tile"),
        (["{in}", "{dir}/o.png", "--tile", "wide"], "--tile"),
        (
            ["{in}", "{dir}/o.png", "--overlap", "-3"],
            "overlap must be a number",
        ),
        (
            ["{in}", "{dir}/o.png", "--runtime", "keras", "--tile", "0"],
            "tile must",
        ),
        (["{in}", "{dir}/o.png", "--memory-limit", "much"], "2GB"),
        (["{in}", "{dir}/o.png", "--memory-limit", "1MB"], "raise the limit"),
        (["{in}", "{dir}/o.png", "--preset", "nothing"], "Unknown preset"),
        (["{in}"], "OUT"),
        (["{dir}", "{dir}"], "folder of the originals"),
        (["{dir}", "{in}"], "is not a folder"),
    ],
)
def test_what_is_refused(capsys, photo, tmp_path, words, wanted):
    words = [w.format(**{"in": photo, "dir": tmp_path}) for w in words]
    assert wanted in refused(capsys, "restore", *words)
    assert os.listdir(tmp_path) == ["in.png"]


def test_sixteen_bits_into_a_format_of_eight(capsys, tmp_path):
    deep = np.arange(400, dtype="uint16").reshape(20, 20)
    Image.fromarray(deep).save(tmp_path / "a.png")
    message = refused(capsys, "restore", tmp_path / "a.png", tmp_path / "a.jpg")
    assert "16 bits" in message


def test_interruption_leaves_nothing(capsys, photo, tmp_path, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(restore_module, "load_restorer", interrupt)
    code, _, err = run(capsys, "restore", photo, tmp_path / "out.png")
    assert code == 130 and len(err) == 1
    assert os.listdir(tmp_path) == ["in.png"]


def test_presets(capsys):
    code, lines, _ = run(capsys, "presets")
    assert code == 0 and f"  {default_preset()} (default)" in lines
    # Grouped by task.
    tasks = [line for line in lines if not line.startswith(" ")]
    assert tasks == sorted({f"{preset.task}:" for preset in presets()})
    _, lines, _ = run(capsys, "presets", "--json")
    cards = json.loads("\n".join(lines))
    assert default_preset() in [card["name"] for card in cards]
    assert all(len(card["sha256"]) == 64 for card in cards)
    wanted = {
        "parameters",
        "macs_per_pixel",
        "training_data",
        "license",
        "psnr",
    }
    assert all(wanted <= set(card) for card in cards)


def test_evaluate(capsys, tmp_path):
    data = image_folder(tmp_path / "CBSD68", 2)
    words = ["evaluate", "--data", data, "--setting", "25"]
    code, lines, err = run(capsys, *words)
    assert (code, err) == (0, [])
    assert any("CDnCNN" in line for line in lines)
    table = tmp_path / "out.csv"
    _, lines, _ = run(
        capsys, *words, "--preset", default_preset(), "--json", "--csv", table
    )
    value = json.loads("\n".join(lines))
    assert value["mean"]["psnr_rgb"] > value["mean"]["input_psnr_rgb"] + 3
    assert 0 < value["mean"]["ssim_rgb"] <= 1
    assert {"name", "psnr_rgb", "ssim_rgb"} <= set(value["images"][0])
    assert len(table.read_text().splitlines()) == 3
    _, lines, _ = run(capsys, *words, "--gray", "--json")
    assert "psnr_gray" in json.loads("\n".join(lines))["mean"]


def test_evaluate_with_a_corrupt_file(capsys, tmp_path):
    data = image_folder(tmp_path / "data", 2)
    (data / "bad.png").write_bytes(b"bad")
    code, lines, err = run(
        capsys, "evaluate", "--data", data, "--setting", "25", "--json"
    )
    assert code == 1 and len(err) == 1 and "bad.png" in err[0]
    assert len(json.loads("\n".join(lines))["images"]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "--data", "{dir}", "--setting", "-3"],
        ["evaluate", "--data", "{dir}"],
        ["evaluate", "--data", "{dir}/none", "--setting", "25"],
        ["evaluate", "--data", "{dir}", "--setting", "25", "--task", "x"],
        [
            "evaluate",
            "--data",
            "{dir}",
            "--setting",
            "25",
            "--csv",
            "{dir}/no/a.csv",
        ],
        ["fly"],
        [],
    ],
)
def test_what_else_is_refused(capsys, tmp_path, words):
    image_folder(tmp_path, 1)
    refused(capsys, *[word.format(dir=tmp_path) for word in words])


def test_neither_keras_nor_tensorflow_is_imported(photo, tmp_path):
    code = """
import sys
from kerasrestore.cli.main import main
code = main(sys.argv[1:])
heavy = {"keras", "tensorflow", "jax", "matplotlib"} & set(sys.modules)
print(code, sorted(heavy))
"""
    out = run_python(code, "restore", photo, tmp_path / "out.png", "--quiet")
    assert out == "0 []\n"
    out = run_python(code, "presets")
    assert out.endswith("0 []\n")


def test_a_reader_that_goes_away():
    shell = f"{sys.executable} -m kerasrestore presets --json | head -c 1"
    done = subprocess.run(
        ["bash", "-c", shell],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert done.stdout == "[" and done.stderr == ""


def test_a_task_that_has_no_default_and_a_model_for_another(capsys, tmp_path):
    Image.fromarray(smooth_image(24, 30)).save(tmp_path / "a.png")
    begin = ["restore", tmp_path / "a.png", tmp_path / "b.png"]
    for words, told in (
        (["--task", "fly"], "got 'fly'"),
        (["--scale", "2"], "leave the scale out"),
        (["--preset", default_preset(), "--task", "jpeg"], "leave --task out"),
        (["--preset", default_preset(), "--scale", "2"], "leave --scale out"),
        (["--pattern", "RGGB"], "leave pattern out"),
        (["--task", "denoise,demosaic"], "put demosaic first"),
    ):
        code, _, err = run(capsys, *begin, *words)
        assert code == 2 and told in err[0], words
        assert not (tmp_path / "b.png").exists()


def test_a_chain_of_tasks(capsys, tmp_path):
    Image.fromarray(smooth_image(24, 30)).save(tmp_path / "a.png")
    code, lines, _ = run(
        capsys,
        *["restore", tmp_path / "a.png", tmp_path / "b.png"],
        *["--task", "denoise,denoise", "--strength", "0.5"],
    )
    assert code == 0 and f"{default_preset()} + {default_preset()}" in lines[0]
    with Image.open(tmp_path / "b.png") as image:
        assert image.size == (30, 24)
