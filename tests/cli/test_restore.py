"""`kerasrestore restore` with a quick stand-in for the network: what it prints,
where, when it stops, and what it leaves."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from testing import image_folder, smooth_image

from kerasrestore import photos
from kerasrestore.cli import restore
from kerasrestore.cli.main import main
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.models.presets import get_preset

ROOT = Path(__file__).parents[2]


class Quick(ImageRestorer):
    """Doubles the values and notes how often it was at work."""

    name = "quick"
    task = "denoise"
    receptive_field = 1
    fixed_tile = (16, 16)

    def __init__(self):
        self.tiles = 0

    def restore_tile(self, tile, sigma):
        self.tiles += 1
        return np.minimum(2 * tile, 1)

    def memory_forecast(self, height, width):
        return 1


@pytest.fixture
def quick(monkeypatch):
    restorer = Quick()
    restorer.loaded = []

    def load(preset, runtime, channels, **options):
        restorer.loaded.append((preset, runtime, channels))
        return restorer

    monkeypatch.setattr(restore, "load_restorer", load)
    return restorer


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(capsys, *words):
    code = main(["restore", *map(str, words)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def test_the_restored_pixels_are_written(capsys, quick, tmp_path):
    image = smooth_image(20, 30) // 2
    Image.fromarray(image).save(tmp_path / "in.png")
    out = tmp_path / "out.png"
    assert run(capsys, tmp_path / "in.png", out)[0] == 0
    np.testing.assert_array_equal(Image.open(out), 2 * image)


def test_a_folder_loads_each_restorer_once(capsys, quick, tmp_path):
    source = image_folder(tmp_path / "in", 3)
    for name in ("g", "h"):
        Image.fromarray(smooth_image(9, 9, 1)[..., 0]).save(
            source / f"{name}.png"
        )
    code, lines, _ = run(capsys, source, tmp_path / "out", "--runtime", "keras")
    assert code == 0 and len(lines) == 6
    assert quick.loaded == [(None, "keras", 3), (None, "keras", 1)]


def test_nothing_is_computed_for_what_cannot_be_written(
    capsys, quick, tmp_path
):
    rgba = np.dstack([smooth_image(20, 20), np.full((20, 20), 9, "uint8")])
    Image.fromarray(rgba).save(tmp_path / "in.png")
    code, _, err = run(capsys, tmp_path / "in.png", tmp_path / "out.jpg")
    assert code == 2 and "transparency" in err[0]
    assert quick.tiles == 0


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--tile", "64"], "fixed tile"),
        (["--strength", "nan"], "0 to 2"),
        (["--sigma", "5"], "takes no sigma"),
        (["--memory-limit", "0GB"], "positive"),
    ],
)
def test_a_wrong_option_stops_a_folder(capsys, quick, tmp_path, words, wanted):
    source = image_folder(tmp_path / "in", 3)
    code, lines, err = run(capsys, source, tmp_path / "out", *words)
    assert code == 2 and not lines and len(err) == 1 and wanted in err[0]
    assert quick.tiles == 0


def test_an_output_folder_that_cannot_be_made(capsys, quick, tmp_path):
    source = image_folder(tmp_path / "in", 3)
    (tmp_path / "file").write_bytes(b"")
    code, lines, err = run(capsys, source, tmp_path / "file" / "out")
    assert code == 2 and not lines and len(err) == 1
    assert "choose another folder" in err[0] and quick.tiles == 0


def test_a_folder_where_a_file_should_go_is_a_failure(capsys, quick, tmp_path):
    source = image_folder(tmp_path / "in", 1)
    (tmp_path / "out" / "image0.png").mkdir(parents=True)
    code, lines, err = run(capsys, source, tmp_path / "out")
    assert code == 1 and len(err) == 1 and "is a folder" in err[0]
    assert lines == ["0 restored, 0 already there, 1 failed"]


def test_a_subfolder_that_cannot_be_read_is_told(
    capsys, quick, tmp_path, monkeypatch
):
    source = image_folder(tmp_path / "in", 1)
    image_folder(source / "closed", 1)
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    code, lines, err = run(capsys, source, tmp_path / "out")
    assert code == 1 and len(err) == 1 and "closed cannot be read" in err[0]
    assert lines[-1] == "1 restored, 0 already there, 1 failed"


def test_out_of_memory_is_a_failure_of_one_file(
    capsys, quick, tmp_path, monkeypatch
):
    source = image_folder(tmp_path / "in", 2)
    read = photos.read_photo

    def full(path, **options):
        if path.name == "image0.png":
            raise MemoryError
        return read(path, **options)

    monkeypatch.setattr(photos, "read_photo", full)
    code, lines, err = run(capsys, source, tmp_path / "out")
    assert code == 1 and len(lines) == 2
    assert err == [f"kerasrestore: {source / 'image0.png'}: MemoryError"]


@pytest.mark.parametrize("moment", ["tile", "save"])
def test_interruption_keeps_what_is_whole(
    capsys, quick, tmp_path, monkeypatch, moment
):
    source = image_folder(tmp_path / "in", 3)
    assert run(capsys, source / "image0.png", tmp_path / "one.png")[0] == 0

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    def interrupt_second(file):
        if (tmp_path / "out" / "image0.png").exists():
            raise KeyboardInterrupt
        sync(file)

    if moment == "tile":
        monkeypatch.setattr(Quick, "restore_tile", interrupt)
    else:
        sync = os.fsync
        monkeypatch.setattr(os, "fsync", interrupt_second)
    code, _, err = run(capsys, source, tmp_path / "out")
    assert code == 130 and len(err) == 1
    left = sorted(os.listdir(tmp_path / "out"))
    assert left == ([] if moment == "tile" else ["image0.png"])
    # An output that is to be replaced stays as it was.
    before = (tmp_path / "one.png").read_bytes()
    code, _, _ = run(
        capsys, source / "image1.png", tmp_path / "one.png", "--overwrite"
    )
    assert code == 130 and (tmp_path / "one.png").read_bytes() == before


def test_a_bar_leaves_redirected_output_alone(quick, tmp_path, monkeypatch):
    source = image_folder(tmp_path / "in", 2)
    out, err = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["restore", str(source), str(tmp_path / "out")]) == 0
    lines = out.getvalue().splitlines()
    assert [" -> " in line for line in lines] == [True, True, False]
    assert "2 photos" in err.getvalue() and " -> " not in err.getvalue()


def test_quiet_shows_no_bar(quick, tmp_path, monkeypatch):
    source = image_folder(tmp_path / "in", 2)
    out, err = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    words = ["restore", str(source), str(tmp_path / "out"), "--quiet"]
    assert main(words) == 0
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_a_reader_that_went_away_is_no_failed_photo(
    quick, tmp_path, monkeypatch
):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    source = image_folder(tmp_path / "in", 2)
    with open(tmp_path / "sink", "w") as sink:
        stdout = Closed()
        stdout.fileno = sink.fileno
        err = io.StringIO()
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "stderr", err)
        assert main(["restore", str(source), str(tmp_path / "out")]) == 1
    assert err.getvalue() == ""
    assert os.listdir(tmp_path / "out") == ["image0.png"]


@pytest.mark.parametrize("closing", ["2>&-", ">&-", "2>&- >&-"])
def test_closed_streams(tmp_path, closing):
    source = image_folder(tmp_path / "in", 1) / "image0.png"
    out = tmp_path / "out.png"
    shell = f'"$0" -m kerasrestore restore "$1" "$2" {closing}'
    done = subprocess.run(
        ["bash", "-c", shell, sys.executable, source, out],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(out) as image:
        assert image.size == (40, 48)


def test_a_name_that_the_output_cannot_show(quick, tmp_path, monkeypatch):
    source = image_folder(tmp_path / "in", 1) / "image0.png"
    out = tmp_path / "\u732b.png"
    buffer = io.BytesIO()
    stdout = io.TextIOWrapper(buffer, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert main(["restore", str(source), str(out)]) == 0
    assert out.is_file() and b"\\u732b.png" in buffer.getvalue()


def test_a_runtime_that_is_not_installed(capsys, tmp_path, monkeypatch):
    source = image_folder(tmp_path / "in", 1) / "image0.png"
    # None stands for a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "kerasrestore.models.restorer", None)
    code, _, err = run(
        capsys, source, tmp_path / "out.png", "--runtime", "keras"
    )
    assert code == 2 and len(err) == 1 and "--runtime" in err[0]


def test_a_file_of_a_model(capsys, tmp_path):
    model = get_preset("danet_mobile_denoise_gray_blind_bsd400").tflite()
    Image.fromarray(smooth_image(20, 30, 1)[..., 0]).save(tmp_path / "in.png")
    output = tmp_path / "out.png"
    words = (tmp_path / "in.png", output, "--model", model)
    code = main(["restore", *map(str, words), "--runtime", "keras"])
    assert code == 2
    assert "leave --runtime keras" in capsys.readouterr().err
    assert not output.exists()
    code = main(["restore", *map(str, words), "--quiet"])
    assert code == 0
    with Image.open(output) as restored:
        assert restored.size == (30, 20)
    code = main(["restore", *map(str, words), "--preset", "any"])
    assert code == 2
    assert "not allowed with" in capsys.readouterr().err
