import json
import math
import shutil
import sys

import numpy as np
import pytest
from PIL import Image
from pytest import approx
from testing import image_folder
from tflite_files import HALO, TILE, blur, convert, write_sidecar

from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.phone import pictures
from kerasrestore.phone.report import phone_report
from kerasrestore.tasks import Denoise

ERROR = 0.03


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A blur, the same with an error, and one without a sidecar."""
    folder = tmp_path_factory.mktemp("models")
    blur(folder / "good.tflite")
    blur(folder / "bad.tflite", ERROR, quantization="int8")
    shape = (1, TILE, TILE, 3)
    convert(lambda x: x * 2.0, folder / "stranger.tflite", shape)
    return [folder / f"{name}.tflite" for name in ("good", "bad", "stranger")]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data") / "set", 3, (40, 36))


@pytest.fixture(scope="module")
def report(files, data):
    return phone_report(
        files, data=data, settings=["15", "50"], threads=(1, 2), runs=2
    )


def test_facts(report, files):
    good, bad, stranger = report.files
    assert [one["label"] for one in report.files] == ["good", "bad", "stranger"]
    assert good["size_bytes"] == files[0].stat().st_size
    assert good["restored_pixels"] == TILE**2
    assert good["core_pixels"] == (TILE - 2 * HALO) ** 2
    assert good["graph"]["macs"] == good["graph"]["sidecar_macs"] == 82944
    assert good["graph"]["op_counts"] == good["graph"]["taken"]
    assert good["graph"]["left"] == {} and good["graph"]["warnings"] == []
    assert (good["quantization"], bad["quantization"]) == ("float32", "int8")
    for key in ("task", "quantization", "tile", "halo", "core_pixels"):
        assert stranger[key] is None
    assert stranger["quality"] is None and stranger["latency"]


def test_time(report):
    own = {row["threads"]: row["median_s"] for row in report.yardstick}
    for entry in report.files:
        assert [row["threads"] for row in entry["latency"]] == [1, 2]
        for row in entry["latency"]:
            per_pixel = row["median_s"] * 1e6
            assert row["s_per_megapixel"] == approx(per_pixel / TILE**2)
            if entry["core_pixels"]:
                core = per_pixel / entry["core_pixels"]
                assert row["core_s_per_megapixel"] == approx(core)
            else:
                assert row["core_s_per_megapixel"] is None
            ratio = row["median_s"] / own[row["threads"]]
            assert row["yardsticks"] == approx(ratio)


def test_quality(report, files, data):
    good, bad, _ = report.files
    assert report.reference == "good"
    assert [row["setting"] for row in good["quality"]] == [15, 50]
    assert "loss_db" not in good["quality"][0]
    restorers = [LiteRTRestorer(file) for file in files[:2]]
    for place, sigma in enumerate((15, 50)):
        task = Denoise(float(sigma))
        losses = {}
        for index, path in enumerate(sorted(data.iterdir())):
            clean = np.asarray(Image.open(path))
            noisy = task.degrade_benchmark(clean, index)
            figures = [
                task.score(one.restore(noisy), clean)["psnr"]
                for one in restorers
            ]
            losses[path.name] = figures[0] - figures[1]
        row = bad["quality"][place]
        found = {image["name"]: image["loss_db"] for image in row["images"]}
        assert found == approx(losses)
        assert row["loss_db"] == approx(np.mean(list(losses.values())))
        assert row["worst_loss_db"] == max(found.values()) > 0
        assert row["worst"] == max(found, key=found.get)


def test_the_difference_is_that_of_the_worst_image(report):
    ((label, images),) = report.differences
    _, clean, wanted, found, title = images
    assert label == "bad" and clean.shape == (40, 36, 3)
    difference = (found - wanted).mean(axis=(0, 1))
    np.testing.assert_allclose(difference, [ERROR, 0, 0], atol=1e-5)
    assert report.files[1]["quality"][0]["worst"] in title
    assert "dB worse than good" in title


def test_what_is_written(report, tmp_path):
    out = tmp_path / "deep" / "out"
    names = ["report.json", "report.md", "report.png", "difference_bad.png"]
    assert [path.name for path in report.write(out)] == names
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    value = json.loads((out / "report.json").read_text())
    assert value["format"] == 1
    assert value["files"] == json.loads(json.dumps(report.files))
    lines = (out / "report.md").read_text().splitlines()
    row = report.files[1]["quality"][1]
    cells = f"{row['psnr']:.3f} | {row['ssim']:.4f} | {row['loss_db']:.3f}"
    assert any(line.startswith(f"| bad | 50 | {cells}") for line in lines)
    tables = [line.count("|") for line in lines if line.startswith("| good")]
    assert tables == [12, 12, 12, 8, 8]
    for name in names[2:]:
        image = np.asarray(Image.open(out / name).convert("RGB"))
        assert image.std() > 10


def test_nothing_is_written_if_a_picture_cannot_be(
    report, tmp_path, monkeypatch
):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pictures, "draw_difference", fail)
    with pytest.raises(KeyboardInterrupt):
        report.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_matplotlib(report, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ValueError, match="pip install"):
        report.write(tmp_path)


def test_a_reference_of_ones_own(files, data):
    report = phone_report(
        files[:1],
        data=data,
        images=1,
        reference=LiteRTRestorer(files[1]),
        threads=(1,),
        runs=1,
    )
    (row,) = report.files[0]["quality"]
    assert report.reference == str(files[1])
    assert row["setting"] == 25 and len(row["images"]) == 1
    # It is the file that is better.
    assert row["loss_db"] < 0
    assert f"| {files[1]} | 25 |" in report.to_markdown()


def test_files_that_take_bytes_want_clipped_noise(files, data, tmp_path):
    report = phone_report(
        files[:1],
        data=data,
        settings=[50],
        quantize_input=True,
        threads=(1,),
        runs=1,
    )
    (row,) = report.files[0]["quality"]
    clean = np.asarray(Image.open(min(data.iterdir())))
    task = Denoise(50, quantize=True)
    noisy = task.degrade_benchmark(clean, 0)
    figure = task.score(noisy, clean, quantize=False)["psnr"]
    assert row["images"][0]["input_psnr"] == approx(figure)
    assert "input clipped and rounded" in report.to_markdown()
    report.files[0]["io"]["image"] = "uint8"
    assert "byte input" not in report.to_markdown()
    row["quantize_input"] = False
    assert "good: byte input" in report.to_markdown()


def test_without_a_float_file(files, data):
    report = phone_report(files[1:], data=data, images=2, threads=(1,), runs=1)
    row = report.files[0]["quality"][0]
    assert report.reference is None and "loss_db" not in row
    lowest = min(row["images"], key=lambda image: image["psnr"])
    assert row["worst"] == lowest["name"]
    assert report.differences == []
    assert "No float32 file" in report.to_markdown()


def test_perfect_images_lose_nothing(tmp_path, data):
    for name in ("a", "b"):
        path = tmp_path / f"{name}.tflite"
        convert(lambda x: x + 0.0, path, (1, TILE, TILE, 3))
        write_sidecar(path)
    report = phone_report(
        [tmp_path / "a.tflite", tmp_path / "b.tflite"],
        data=data,
        settings=[0],
        threads=(1,),
        runs=1,
    )
    row = report.files[1]["quality"][0]
    assert row["psnr"] == math.inf and row["loss_db"] == 0
    value = json.loads(report.to_json())
    assert value["files"][1]["quality"][0]["psnr"] is None


def test_files_of_one_name(files, tmp_path):
    other = tmp_path / "good.tflite"
    shutil.copy(files[2], other)
    report = phone_report([files[0], other], threads=(1,), runs=1)
    labels = [entry["label"] for entry in report.files]
    assert labels == [str(files[0])[:-7], str(other)[:-7]]


def test_files_of_open_size_are_run_at_the_sidecars_tile(tmp_path):
    path = convert(
        lambda x: x * 0.5, tmp_path / "open.tflite", (1, None, None, 3)
    )
    write_sidecar(path, dynamic=True)
    report = phone_report([path], threads=(1,), runs=1)
    (entry,) = report.files
    assert entry["process"]["outputs"] == [[1, TILE, TILE, 3]]
    assert entry["graph"]["warnings"][0]["count"] == 1


def refused(words, *args, **options):
    with pytest.raises(ValueError, match=words):
        phone_report(*args, threads=(1,), runs=1, **options)


def test_what_is_refused(files, data, tmp_path):
    refused("at least one .tflite", [])
    refused("given twice", [files[0], files[0]])
    refused("is not a file", [tmp_path / "none.tflite"])
    refused("at least 1", files[:1], data=data, images=0)
    refused("strange", files[:1], data=data, settings=["strange"])
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(files[0].read_bytes()[:900])
    refused("not a model that LiteRT can run", [broken])
    shutil.copy(files[0].with_suffix(".json"), broken.with_suffix(".json"))
    refused("checksum", [broken])
    gray = tmp_path / "gray.tflite"
    convert(lambda x: x * 0.5, gray, (1, TILE, TILE, 1))
    write_sidecar(gray, channels=1, color_order="gray")
    refused("differ in task", [files[0], gray], data=data)
