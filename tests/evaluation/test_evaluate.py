import csv
import json

import numpy as np
import pytest
from PIL import Image
from testing import smooth_image

from kerasrestore import evaluate
from kerasrestore.data import ImagePair
from kerasrestore.evaluation import Baseline, paper_rows
from kerasrestore.metrics import psnr_gray, psnr_rgb, ssim_rgb
from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution


class Identity:
    task = "denoise"
    name = "identity"
    sigma_input = False
    scale = 1

    def __init__(self, channels=3):
        self.channels = channels
        self.options = []

    def restore(self, image, **options):
        assert image.dtype == np.float32
        self.options.append(options)
        return image


@pytest.fixture
def folder(tmp_path):
    for index, name in enumerate(("b.png", "a.png", "c.png")):
        image = smooth_image(64, 80, seed=index)
        Image.fromarray(image).save(tmp_path / name)
    return tmp_path


def test_the_protocol_to_the_letter(folder):
    report = evaluate(Identity(), Denoise(25), folder)
    assert [image["name"] for image in report.images] == [
        "a.png",
        "b.png",
        "c.png",
    ]
    values = []
    for index, item in enumerate(report.images):
        clean = np.asarray(Image.open(folder / item["name"]))
        noise = np.random.default_rng([0, index]).normal(0, 25, clean.shape)
        noisy = clean + noise
        assert item["input_psnr_rgb"] == pytest.approx(
            psnr_rgb(noisy, clean), abs=1e-5
        )
        output = np.clip(np.rint(noisy), 0, 255).astype("uint8")
        assert item["psnr_rgb"] == pytest.approx(
            psnr_rgb(output, clean), abs=1e-3
        )
        assert item["ssim_rgb"] == pytest.approx(
            ssim_rgb(output, clean), abs=1e-4
        )
        values.append(item["psnr_rgb"])
    assert report.mean["psnr_rgb"] == pytest.approx(np.mean(values))


@pytest.mark.parametrize(
    ("sigma", "wanted"), [(15, 24.61), (25, 20.17), (50, 14.15)]
)
def test_the_noisy_rows_of_published_tables(folder, sigma, wanted):
    report = evaluate(Identity(), Denoise(sigma), folder)
    assert report.mean["input_psnr_rgb"] == pytest.approx(wanted, abs=0.05)


def test_gray(folder):
    report = evaluate(Identity(1), Denoise(25), folder, gray=True)
    clean = np.asarray(Image.open(folder / "a.png")).astype(float)
    gray = np.rint(clean @ [0.298936, 0.587043, 0.114021]).astype("uint8")
    noise = np.random.default_rng([0, 0]).normal(0, 25, gray.shape)
    assert report.images[0]["input_psnr_gray"] == pytest.approx(
        psnr_gray(gray + noise, gray), abs=1e-3
    )
    assert set(report.mean) == {
        "psnr_gray",
        "ssim_gray",
        "input_psnr_gray",
        "input_ssim_gray",
    }


def test_files_that_fail_are_named_and_the_rest_measured(folder):
    (folder / "broken.png").write_bytes(b"no image")
    Image.new("RGB", (5, 5)).save(folder / "tiny.png")
    report = evaluate(Identity(), Denoise(25), folder)
    assert [item["name"] for item in report.failed] == [
        "broken.png",
        "tiny.png",
    ]
    assert len(report.images) == 3
    # A file that fails keeps its place in the count: others' noise stays.
    clean = np.asarray(Image.open(folder / "c.png"))
    noise = np.random.default_rng([0, 3]).normal(0, 25, clean.shape)
    assert report.images[2]["input_psnr_rgb"] == pytest.approx(
        psnr_rgb(clean + noise, clean), abs=1e-5
    )


def test_what_does_not_belong_together(folder):
    with pytest.raises(ValueError, match="colour preset"):
        evaluate(Identity(1), Denoise(25), folder)
    other = Identity()
    other.task = "jpeg"
    with pytest.raises(ValueError, match="made for jpeg"):
        evaluate(other, Denoise(25), folder)
    with pytest.raises(ValueError, match="one noise level"):
        evaluate(Identity(), Denoise((0, 55)), folder)


def test_rounded_inputs_are_another_protocol_and_say_so(folder, tmp_path):
    plain = evaluate(Identity(), Denoise(50), folder)
    rounded = evaluate(Identity(), Denoise(50, quantize=True), folder)
    name = "input_psnr_rgb"
    assert rounded.mean[name] > plain.mean[name] + 0.1
    assert json.loads(plain.to_json())["quantize_input"] is False
    assert json.loads(rounded.to_json())["quantize_input"] is True
    note = "input clipped and rounded"
    assert note in rounded.table() and note not in plain.table()
    path = tmp_path / "out.csv"
    for report in (plain, rounded):
        report.append_csv(path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["quantize_input"] for row in rows[::3]] == ["False", "True"]


def test_sigma_tiles_and_ensemble_are_passed_on(folder, tmp_path):
    restorer = Identity()
    restorer.sigma_input = True
    options = {"tile": 24, "overlap": 4, "ensemble": True}
    report = evaluate(restorer, Denoise(25), folder, **options)
    assert restorer.options[0] == {**options, "sigma": 25.0}
    assert json.loads(report.to_json())["tile"] == 24
    assert ", tile 24, overlap 4\n" in report.table()
    report.append_csv(tmp_path / "out.csv")
    with open(tmp_path / "out.csv", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["tile"], row["overlap"]) == ("24", "4")


def test_json(folder):
    report = evaluate(Identity(), Denoise(0), folder)
    value = json.loads(report.to_json())
    # Equal images have an infinite PSNR, which JSON has no number for.
    assert value["mean"]["psnr_rgb"] is None
    assert {"name", "psnr_rgb", "ssim_rgb"} <= set(value["images"][0])
    assert value["dataset"] == folder.name


def test_csv_grows(folder, tmp_path):
    path = tmp_path / "out.csv"
    for sigma in (15, 25):
        evaluate(Identity(), Denoise(sigma), folder).append_csv(path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert [row["setting"] for row in rows[::3]] == ["15.0", "25.0"]
    path.write_text("other,columns\n")
    with pytest.raises(ValueError, match="different columns"):
        evaluate(Identity(), Denoise(15), folder).append_csv(path)
    assert path.read_text() == "other,columns\n"
    path.write_bytes(b"\xff\xfe,\xe9\n")
    with pytest.raises(ValueError, match="different columns"):
        evaluate(Identity(), Denoise(15), folder).append_csv(path)


def test_table_has_the_rows_of_others(tmp_path):
    folder = tmp_path / "CBSD68"
    folder.mkdir()
    Image.fromarray(smooth_image(32, 32)).save(folder / "a.png")
    table = evaluate(Identity(), Denoise(25), folder).table()
    assert "31.30" in table and "identity" in table
    assert paper_rows("CBSD68", "denoise", 25)[-1].method == "Restormer"
    assert paper_rows("CBSD68", "denoise", 26) == []


def test_pairs_of_folders(folder, tmp_path_factory):
    degraded = tmp_path_factory.mktemp("degraded")
    for name in ("a", "b", "lonely"):
        image = smooth_image(64, 80, seed=5 + ord(name[0]))
        Image.fromarray(image).save(degraded / f"{name}.png")
    Image.fromarray(smooth_image(60, 80)).save(degraded / "c.png")
    report = evaluate(Identity(), Denoise(25), folder, degraded=degraded)
    assert [image["name"] for image in report.images] == ["a.png", "b.png"]
    failed = {item["name"]: item["error"] for item in report.failed}
    assert "not 1 times as large" in failed["c.png"]
    assert "no clean image" in failed["lonely.png"]
    clean, other = (
        np.asarray(Image.open(place / "a.png")) for place in (folder, degraded)
    )
    assert report.images[0]["psnr_rgb"] == pytest.approx(
        psnr_rgb(other, clean), abs=1e-5
    )


def test_a_gray_image_among_colour_ones_is_named(folder):
    Image.fromarray(smooth_image(64, 80, 1)[..., 0]).save(folder / "gray.png")
    with pytest.raises(ValueError, match=r"1 of 4 .* such as gray\.png"):
        evaluate(Identity(), Denoise(25), folder)
    report = evaluate(Identity(), Denoise(25), folder, gray=False)
    assert [item["name"] for item in report.failed] == ["gray.png"]
    assert "evaluate in gray" in report.failed[0]["error"]
    assert len(report.images) == 3
    assert (
        len(evaluate(Identity(1), Denoise(25), folder, gray=True).images) == 4
    )


def test_a_set_says_itself_that_it_is_gray(tmp_path):
    for index in range(2):
        gray = smooth_image(40, 48, seed=index)[..., 0]
        Image.fromarray(gray).save(tmp_path / f"{index}.png")
    report = evaluate(Identity(1), Denoise(25), tmp_path)
    assert report.gray and report.protocol == "gray"
    assert len(report.images) == 2
    # Colour models restore gray images, too.
    colour = evaluate(Identity(3), Denoise(25), tmp_path)
    assert colour.gray and colour.mean == report.mean
    with pytest.raises(ValueError, match="demosaic does not support gray"):
        evaluate(Baseline("degraded", Demosaic()), Demosaic(), tmp_path)


def test_a_list_of_pairs(folder):
    pairs = [ImagePair("x", None, folder / "a.png")]
    report = evaluate(Identity(), Denoise(25), pairs)
    assert [image["name"] for image in report.images] == ["a.png"]
    with pytest.raises(ValueError, match="leave degraded"):
        evaluate(Identity(), Denoise(25), pairs, degraded=folder)


@pytest.mark.parametrize(
    ("task", "kind", "gray", "protocol"),
    [
        (Denoise(25), "degraded", False, "rgb"),
        (Demosaic(), "degraded", False, "rgb"),
        (Jpeg(10), "degraded", True, "gray"),
        (SuperResolution(3), "bicubic", False, "y_shave3"),
        (SuperResolution(2), "bicubic", True, "gray_shave2"),
    ],
)
def test_baselines_of_all_tasks(folder, task, kind, gray, protocol):
    baseline = Baseline(kind, task, 1 if gray else 3)
    report = evaluate(baseline, task, folder, gray=gray)
    assert report.protocol == protocol and not report.failed
    item = report.images[0]
    assert item["name"] == "a.png"
    if kind == "degraded":
        assert item[f"psnr_{protocol}"] == item[f"input_psnr_{protocol}"]
    else:
        clean = task.load_clean(folder / "a.png", 1 if gray else 3)
        clean = clean[..., 0] if gray else clean
        small = task.degrade_benchmark(clean, 0)
        wanted = task.score(baseline.restore(small), clean)
        assert item[f"psnr_{protocol}"] == wanted["psnr"]
    assert kind in report.table()


def test_baselines_that_do_not_go_with_the_task():
    with pytest.raises(ValueError, match="use 'bicubic'"):
        Baseline("degraded", SuperResolution(2))
    with pytest.raises(ValueError, match="use 'degraded'"):
        Baseline("bicubic", Denoise(25))
    with pytest.raises(ValueError, match="one of degraded, bicubic"):
        Baseline("nearest", Denoise(25))


def test_a_restorer_of_another_scale(folder):
    other = Identity()
    other.task = "super_resolution"
    with pytest.raises(ValueError, match="has scale 1"):
        evaluate(other, SuperResolution(2), folder)
