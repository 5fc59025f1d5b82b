"""`kerasrestore restore`: which files it takes, what it calls the restored
ones, and what it tells of them."""

import io
import os
import sys
import weakref

import numpy as np
import pytest
from PIL import Image
from testing import image_folder, smooth_image

from kerasrestore import photos
from kerasrestore.cli import inputs, restore
from kerasrestore.cli.main import main
from kerasrestore.inference.image_restorer import ImageRestorer


class Inverse(ImageRestorer):
    name = "inverse"
    task = "denoise"
    receptive_field = 1

    def restore_tile(self, tile, sigma):
        return 1 - tile

    def memory_forecast(self, height, width):
        return 1


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(restore, "load_restorer", lambda *_, **__: Inverse())


def run(capsys, *words):
    code = main(["restore", *map(str, words)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def photo(path, **options):
    Image.fromarray(smooth_image(20, 30)).save(path, **options)
    return path


def tree(folder):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
    )


def test_several_photos(capsys, tmp_path):
    one, two = photo(tmp_path / "a.jpg"), photo(tmp_path / "b.png")
    source = image_folder(tmp_path / "in", 1)
    out = tmp_path / "out"
    code, lines, _ = run(capsys, one, two, source, out)
    assert code == 0 and tree(out) == ["a.jpg", "b.png", "image0.png"]
    assert lines[-1] == "3 restored, 0 already there, 0 failed"
    for target in (one, tmp_path / "c.png"):
        code, _, err = run(capsys, one, two, target)
        assert code == 2 and "not a folder" in err[0]


@pytest.mark.parametrize("pattern", ["*.jpg", "a*", "**/*.jpg"])
def test_patterns_that_the_shell_left(capsys, tmp_path, pattern):
    photo(tmp_path / "a.jpg")
    code, _, _ = run(capsys, tmp_path / pattern, tmp_path / "out")
    assert code == 0 and tree(tmp_path / "out") == ["a.jpg"]
    code, _, err = run(capsys, tmp_path / "*.xyz", tmp_path / "out")
    assert code == 2 and "does not exist" in err[0]


def test_a_name_with_brackets_is_no_pattern(capsys, tmp_path):
    path = photo(tmp_path / "a[1].png")
    assert run(capsys, path, tmp_path / "b.png")[0] == 0
    assert (tmp_path / "b.png").is_file()


def test_format_and_suffix(capsys, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    photo(source / "a.png")
    photo(source / "b.jpeg", quality=50)
    photo(source / "c.WEBP")
    words = ("--format", "jpg", "--suffix", "_clean", "--quality", "90")
    assert run(capsys, source, tmp_path / "out", *words)[0] == 0
    names = ["a_clean.jpg", "b_clean.jpeg", "c_clean.jpg"]
    assert tree(tmp_path / "out") == names
    tables = []
    for name in names:
        with Image.open(tmp_path / "out" / name) as image:
            assert image.format == "JPEG"
            tables.append(image.quantization)
    assert tables[0] == tables[1] == tables[2]
    # One photo into a folder that is there, and under a name of its own.
    words = ("--format", "tif", "--suffix", "2")
    assert run(capsys, source / "a.png", tmp_path / "out", *words)[0] == 0
    assert (tmp_path / "out" / "a2.tif").is_file()
    words = ("--format", "png")
    assert run(capsys, source / "a.png", tmp_path / "bare", *words)[0] == 0
    with Image.open(tmp_path / "bare") as image:
        assert image.format == "PNG"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--format", "gif"), "is not an output format"),
        (("--format", "jpg"), "leave one of them out"),
        (("--suffix", "x"), "only applies to output folders"),
        (("--suffix", "a/b"), "part of a file name"),
        (("--quality", "101"), "from 1 to 100"),
        (("--max-megapixels", "0"), "positive"),
        (("--max-megapixels", "0.0001"), "more than the limit"),
        (("--bits", "12"), "--bits"),
    ],
)
def test_options_that_do_not_fit(capsys, tmp_path, words, wanted):
    path = photo(tmp_path / "a.png")
    code, _, err = run(capsys, path, tmp_path / "b.png", *words)
    assert code == 2 and len(err) == 1 and wanted in err[0]
    assert tree(tmp_path) == ["a.png"]


def test_the_quality_of_the_original_is_kept(capsys, tmp_path):
    path = photo(tmp_path / "a.jpg", quality=61, subsampling=2)
    run(capsys, path, tmp_path / "b.jpg")
    with Image.open(path) as one, Image.open(tmp_path / "b.jpg") as two:
        assert one.quantization == two.quantization


def test_bits(capsys, tmp_path):
    deep = np.arange(600, dtype="uint16").reshape(20, 30) * 100
    Image.fromarray(deep).save(tmp_path / "a.png")
    words = (tmp_path / "a.png", tmp_path / "a.jpg")
    code, _, err = run(capsys, *words)
    assert code == 2 and "16 bits" in err[0]
    assert run(capsys, *words, "--bits", "8")[0] == 0
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == "L" and image.getpixel((0, 0)) > 250


class Stream:
    """Standard input or output with a buffer of bytes."""

    def __init__(self, data=b""):
        self.buffer = io.BytesIO(data)
        self.name = "<stdin>"

    def isatty(self):
        return False

    def write(self, text):
        raise AssertionError("text among the bytes of a photo")

    def flush(self):
        pass


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_streams(tmp_path, monkeypatch, capsys, kind):
    file = io.BytesIO()
    Image.fromarray(smooth_image(20, 30)).save(file, kind)
    out = Stream()
    monkeypatch.setattr(sys, "stdin", Stream(file.getvalue()))
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["restore", "-", "-"]) == 0
    assert "inverse" in capsys.readouterr().err
    with Image.open(io.BytesIO(out.buffer.getvalue())) as image:
        assert image.format == kind and image.size == (30, 20)
    monkeypatch.setattr(sys, "stdin", Stream(file.getvalue()))
    assert main(["restore", "-", str(tmp_path / "a.png"), "--quiet"]) == 0
    assert tree(tmp_path) == ["a.png"]
    out.buffer = io.BytesIO()
    words = ["restore", str(tmp_path / "a.png"), "-", "--format", "bmp"]
    assert main(words) == 0
    assert out.buffer.getvalue().startswith(b"BM")


def test_streams_that_do_not_fit(tmp_path, monkeypatch, capsys):
    path = photo(tmp_path / "a.png")
    monkeypatch.setattr(sys, "stdin", Stream(b""))
    for words, wanted in (
        (("-", tmp_path), "give a file"),
        (("-", path, tmp_path), "one photo"),
        ((path, path, "-"), "not a folder"),
        (("-", tmp_path / "b.png"), "is empty"),
    ):
        code, _, err = run(capsys, *words)
        assert code == 2 and len(err) == 1 and wanted in err[0]
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = run(capsys, "-", tmp_path / "b.png")
    assert code == 2 and "is closed" in err[0]


def test_other_kinds_are_counted_and_named(capsys, tmp_path):
    source = image_folder(tmp_path / "in", 1)
    for name in ("b.gif", "c.PSD", "d.jp2", "e.svg", "notes.txt", ".f.gif"):
        (source / name).write_bytes(b"any")
    photo(source / "g.jfif", format="JPEG")
    photo(source / "h.jpe")
    out = tmp_path / "out"
    code, lines, err = run(capsys, source, out)
    assert code == 0 and tree(out) == ["g.jfif", "h.jpe", "image0.png"]
    assert lines[-1].endswith("0 failed, 4 in unsupported formats")
    named = "\n".join(err)
    assert len(err) == 4
    for name in ("b.gif", "c.PSD", "d.jp2", "e.svg"):
        assert name in named
    (source / "image0.png").unlink()
    (source / "g.jfif").unlink()
    (source / "h.jpe").unlink()
    code, _, err = run(capsys, source, out)
    assert code == 2 and "4 images are in other formats" in err[0]


def test_raw_files_of_a_folder(capsys, tmp_path, monkeypatch):
    source = image_folder(tmp_path / "in", 1)
    (source / "a.NEF").write_bytes(b"any")
    found = inputs.find_jobs([source], tmp_path / "out", lambda name: name)
    assert [job.source.name for job in found.photos] == ["a.NEF", "image0.png"]
    monkeypatch.setattr("kerasrestore.cli.inputs.find_spec", lambda name: None)
    found = inputs.find_jobs([source], tmp_path / "out", lambda name: name)
    assert [job.source.name for job in found.photos] == ["image0.png"]
    assert [path.name for path in found.unsupported] == ["a.NEF"]


def test_formats_that_are_not_written_become_others(capsys, tmp_path):
    import imagecodecs

    source = tmp_path / "in"
    source.mkdir()
    data = imagecodecs.jpegxl_encode(smooth_image(20, 30))
    (source / "a.jxl").write_bytes(data)
    code, _, err = run(capsys, source, tmp_path / "out")
    assert code == 0 and tree(tmp_path / "out") == ["a.png"]
    assert "sRGB is assumed" in err[0]


def test_floats_of_another_range_are_a_failure_of_one_photo(capsys, tmp_path):
    source = image_folder(tmp_path / "in", 2)
    Image.new("F", (9, 9), 200).save(source / "a.tif")
    code, lines, err = run(capsys, source, tmp_path / "out")
    assert code == 1 and len(err) == 1 and "give the value of white" in err[0]
    assert lines[-1] == "2 restored, 0 already there, 1 failed"


def test_two_photos_of_one_name(capsys, tmp_path):
    for folder in ("one", "two"):
        image_folder(tmp_path / folder, 1)
    inputs = (tmp_path / "one" / "image0.png", tmp_path / "two" / "image0.png")
    code, lines, err = run(capsys, *inputs, tmp_path / "out")
    assert code == 1 and len(err) == 1 and "would be saved as" in err[0]
    assert lines[-1] == "1 restored, 0 already there, 1 failed"
    # The one that has the name already gets it.
    Image.fromarray(smooth_image(9, 9)).save(tmp_path / "one" / "image0.jpg")
    words = (tmp_path / "one", tmp_path / "new", "--format", "png")
    code, lines, err = run(capsys, *words)
    assert code == 1 and "image0.jpg would be saved as" in err[0]


def test_the_original_is_freed_before_encoding(tmp_path, monkeypatch, capsys):
    """200 megapixels would not be encoded in 2 GB otherwise."""
    read, write, seen = photos.read_photo, photos.write_photo, []

    def reading(*args, **options):
        found = read(*args, **options)
        seen.append(weakref.ref(found.pixels))
        return found

    def writing(*args, **options):
        seen.append(seen[0]() is None)
        return write(*args, **options)

    monkeypatch.setattr(photos, "read_photo", reading)
    monkeypatch.setattr(photos, "write_photo", writing)
    source = photo(tmp_path / "a.jpg")
    assert run(capsys, source, tmp_path / "b.jpg")[0] == 0
    assert seen[1]


def test_what_is_lost_is_told(capsys, tmp_path):
    path = photo(tmp_path / "a.jpg", comment=b"hello")
    code, lines, err = run(capsys, path, tmp_path / "a.png")
    assert code == 0 and len(lines) == 1
    assert err == [
        f"kerasrestore: {path}: Not written, as PNG does not support it: the "
        "comment."
    ]
    code, lines, err = run(capsys, path, tmp_path / "b.png", "--quiet")
    assert (code, lines, err) == (0, [], [])


@pytest.mark.parametrize("length", [240, 251, 255])
def test_long_names(capsys, tmp_path, length):
    path = photo(tmp_path / "a.png")
    target = tmp_path / ("b" * (length - 4) + ".png")
    assert run(capsys, path, target)[0] == 0
    assert len(os.listdir(tmp_path)) == 2


def test_white_level(capsys, tmp_path):
    """12 bits in a 16-bit file: white is 4095 before and after."""
    data = np.linspace(0, 4095, 35).reshape(5, 7).astype("uint16")
    Image.fromarray(data).save(tmp_path / "a.png")
    out = tmp_path / "b.png"
    words = (tmp_path / "a.png", out, "--white-level", 4095)
    assert run(capsys, *words)[0] == 0
    with Image.open(out) as restored:
        np.testing.assert_array_equal(np.asarray(restored), 4095 - data)
    words += ("--bits", 8, "--overwrite")
    assert run(capsys, *words)[0] == 0
    with Image.open(out) as restored:
        np.testing.assert_allclose(
            np.asarray(restored), 255 - data / 4095 * 255, atol=1
        )
