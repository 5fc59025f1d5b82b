import csv
import json

import numpy as np
import pytest
from PIL import Image
from recipes.small_recipes import SMALL, STEPS, run, where
from testing import image_folder, smooth_image

from kerasrestore.cli.main import main
from kerasrestore.models.presets import get_preset
from kerasrestore.tasks import CameraNoise


@pytest.fixture
def words(tmp_path):
    data = image_folder(tmp_path / "data", 1)
    return ["evaluate", "--data", str(data), "--setting", "25"]


def test_a_csv_that_is_a_folder_is_refused_at_once(capsys, words, tmp_path):
    assert main([*words, "--csv", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "is a folder" in captured.err and not captured.out


def test_figures_are_shown_even_if_the_csv_has_other_columns(
    capsys, words, tmp_path
):
    table = tmp_path / "table.csv"
    table.write_text("a,b\n")
    assert main([*words, "--csv", str(table)]) == 2
    captured = capsys.readouterr()
    assert "degraded input" in captured.out
    assert captured.err.count("\n") == 1 and "different columns" in captured.err
    assert table.read_text() == "a,b\n"


def test_a_paper_that_is_none_is_refused_at_once(capsys, words):
    assert main([*words, "--paper", "panet:99"]) == 2
    captured = capsys.readouterr()
    assert "tables 1 to 9" in captured.err and not captured.out


def test_rows_of_one_table_of_a_paper(capsys, tmp_path):
    data = image_folder(tmp_path / "Urban100", 1)
    words = ["evaluate", "--data", str(data), "--setting", "50"]
    assert main([*words, "--paper", "panet:1"]) == 0
    output = capsys.readouterr().out
    assert "29.47" in output and "DANet, table 3" not in output


@pytest.mark.parametrize(
    "words",
    [
        ["--task", "demosaic"],
        ["--task", "demosaic", "--setting", "RGGB"],
        ["--task", "jpeg", "--setting", "10", "--gray"],
        ["--task", "denoise", "--setting", "12.5"],
    ],
)
def test_every_task_has_its_baseline(capsys, tmp_path, words):
    data = image_folder(tmp_path / "data", 2)
    plots = tmp_path / "plots"
    begin = ["evaluate", "--baseline", "degraded", "--data", str(data)]
    assert main([*begin, *words, "--plot", str(plots)]) == 0
    assert "degraded input" in capsys.readouterr().out
    assert sorted(path.name for path in plots.iterdir()) == [
        "psnr.png", "sheet_image0.png", "sheet_image1.png",
    ]  # fmt: skip


def test_bicubic_enlargement(capsys, tmp_path):
    data = image_folder(tmp_path / "data", 1)
    words = ["--task", "super_resolution", "--setting", "3"]
    begin = ["evaluate", "--baseline", "bicubic", "--data", str(data)]
    assert main([*begin, *words]) == 0
    assert "y, shave3" in capsys.readouterr().out


def test_a_file_of_a_model(capsys, words):
    preset = get_preset("danet_mobile_denoise_color_blind_bsd400")
    model = str(preset.tflite())
    assert main([*words, "--model", model]) == 0
    assert preset.name in capsys.readouterr().out
    assert main([*words, "--model", model, "--runtime", "keras"]) == 2
    assert "runs through LiteRT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--task", "jpeg"], "requires a setting, the JPEG quality"),
        (
            ["--task", "jpeg", "--setting", "x"],
            "whole number from 1 to 100, got 'x'",
        ),
        (["--task", "jpeg", "--setting", "10.5"], "got '10.5'"),
        (["--task", "jpeg", "--setting", "0"], "from 1 to 100"),
        (["--task", "super_resolution", "--setting", "5"], "2, 3 or 4"),
        (["--task", "demosaic", "--setting", "ABCD"], "pattern must be one of"),
        (["--setting", "loud"], "sigma, 0 to 255, got 'loud'"),
        (["--setting", "25", "--tile", "64"], "fixed tile"),
        (["--setting", "25", "--overlap", "-1"], "overlap must be a number"),
        (["--task", "demosaic", "--quantize-input"], "support quantize"),
        (["--setting", "0,55"], "requires one noise level"),
        (
            ["--task", "jpeg", "--noise", "camera"],
            "of jpeg must be one of",
        ),
        (["--noise", "camera", "--quantize-input"], "support quantize"),
        (["--noise", "camera", "--setting", "25"], "within 1e-08..1"),
        (
            ["--degradation", "camera", "--jpeg-quality", "x"],
            "LOW,HIGH or none",
        ),
        (["--noise", "camera", "--jpeg-quality", "0"], "within 1..100"),
        (
            ["--setting", "25", "--jpeg-quality", "80"],
            "only applies to --degradation camera",
        ),
        (
            ["--degradation", "camera", "--degraded", "."],
            "leave --degraded out",
        ),
    ],
)
def test_settings_that_do_not_fit(capsys, tmp_path, words, told):
    data = image_folder(tmp_path / "data", 1)
    assert main(["evaluate", "--data", str(data), *words]) == 2
    captured = capsys.readouterr()
    assert told in captured.err and captured.err.count("\n") == 1


def test_partners_that_are_missing(capsys, tmp_path):
    data = image_folder(tmp_path / "data", 3)
    degraded = image_folder(tmp_path / "degraded", 2, seed=9)
    words = ["--setting", "25", "--baseline", "degraded", "--json"]
    begin = ["evaluate", "--data", str(data), "--degraded", str(degraded)]
    assert main([*begin, *words]) == 1
    captured = capsys.readouterr()
    assert "image2.png" in captured.err
    assert len(json.loads(captured.out)["images"]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "denoise, photographs, data"),
        (
            ["--task", "super_resolution", "--setting", "3"],
            "super_resolution, setting 3, photographs, data, 2 images, y, "
            "shave3",
        ),
    ],
)
def test_pairs_of_photographs(capsys, tmp_path, words, told):
    data = image_folder(tmp_path / "data", 2)
    degraded = image_folder(tmp_path / "degraded", 2, seed=9)
    begin = ["evaluate", "--data", str(data), "--degraded", str(degraded)]
    assert main([*begin, *words, "--baseline", "degraded"]) == 0
    assert told in capsys.readouterr().out


CAMERA = ["--degradation", "camera", "--baseline", "degraded", "--json"]


def camera(capsys, data, *words):
    assert main(["evaluate", "--data", str(data), *CAMERA, *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_noise_of_a_camera(capsys, tmp_path):
    """The figures are those of the seed, in every run."""
    data = image_folder(tmp_path / "data", 2)
    table = tmp_path / "table.csv"
    found = camera(capsys, data, "--csv", str(table))
    assert found["degradation"] == "camera" and found["setting"] is None
    clean = np.asarray(Image.open(data / "image1.png"))
    task = CameraNoise(shares={"camera": 1.0})
    noisy, target = task.benchmark_pair(clean, 1)
    wanted = task.score(noisy, target, quantize=False)["psnr"]
    assert found["images"][1]["psnr_rgb"] == pytest.approx(wanted)
    assert camera(capsys, data, "--seed", "0")["images"] == found["images"]
    other = camera(capsys, data, "--seed", "7")
    assert other["seed"] == 7 and other["images"] != found["images"]
    with open(table, newline="") as file:
        assert {row["degradation"] for row in csv.DictReader(file)} == {
            "camera"
        }


def test_strength_and_jpeg_of_a_camera(capsys, tmp_path):
    data = image_folder(tmp_path / "data", 1)
    weak = camera(capsys, data, "--setting", "1e-5", "--jpeg-quality", "none")
    strong = camera(capsys, data, "--setting", "1e-2", "--jpeg-quality", "90")
    assert weak["degradation"] == "camera shot=1e-05 jpeg=0"
    assert strong["degradation"] == "camera shot=0.01 jpeg=1 quality=90"
    assert weak["mean"]["psnr_rgb"] > strong["mean"]["psnr_rgb"] + 3


def test_figures_of_a_camera_are_not_set_beside_published_ones(
    capsys, tmp_path
):
    data = image_folder(tmp_path / "SIDD", 1)
    begin = ["evaluate", "--data", str(data), "--baseline", "degraded"]
    assert main([*begin, "--degradation", "camera"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("denoise, camera, SIDD") and "published" not in text
    assert "table" not in text


def gray_folder(path, count):
    path.mkdir(exist_ok=True)
    for index in range(count):
        image = Image.fromarray(smooth_image(40, 48, seed=index)[..., 0])
        image.save(path / f"gray{index}.png")
    return path


@pytest.mark.parametrize("model", [[], ["--baseline", "degraded"]])
def test_gray_images_are_measured_as_such(capsys, tmp_path, model):
    data = gray_folder(tmp_path / "data", 2)
    (data / "broken.png").write_bytes(b"no image")
    words = ["--setting", "25", "--data", str(data), "--json", *model]
    assert main(["evaluate", *words]) == 1
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["gray"] is True and len(found["images"]) == 2
    assert "broken.png" in captured.err


def test_gray_images_among_colour_ones(capsys, tmp_path):
    data = image_folder(gray_folder(tmp_path / "data", 1), 2)
    words = ["--setting", "25", "--data", str(data), "--baseline", "degraded"]
    assert main(["evaluate", *words]) == 2
    error = capsys.readouterr().err
    assert "1 of 3 images are gray, such as gray0.png" in error
    assert main(["evaluate", *words, "--gray", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["images"]) == 3
    assert main(["evaluate", *words, "--color", "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["images"]) == 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folders of tiny runs of some recipes, by name."""
    folder = tmp_path_factory.mktemp("runs")
    data = image_folder(folder / "photos", 2, (40, 48))
    small = f"{STEPS} --steps 1 --quiet"
    for name, words in {
        "panet": f"{SMALL['panet']} --setting 50",
        "panet_jpeg": f"{SMALL['panet']} --task jpeg",
        "nlrn": f"{SMALL['nlrn']} --task super_resolution",
        "nlrn_v0": f"{SMALL['nlrn']} --released v0",
    }.items():
        recipe = "panet" if name.startswith("panet") else "nlrn"
        run(recipe, where(data, folder / name), words, small)
    return folder


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        (
            "panet",
            [],
            {"task": "denoise", "setting": 50, "quantize_input": True},
        ),
        ("panet", ["--setting", "15"], {"setting": 15, "gray": False}),
        ("panet", ["--no-quantize-input"], {"quantize_input": False}),
        ("panet_jpeg", [], {"task": "jpeg", "setting": 10, "gray": True}),
        # Trained on all three factors, on enlarged images.
        (
            "nlrn",
            ["--setting", "3"],
            {"task": "super_resolution", "protocol": "gray_shave3"},
        ),
        ("nlrn_v0", ["--setting", "25"], {"gray": True}),
    ],
)
def test_a_training_run(capsys, trained, name, words, expected):
    begin = ["evaluate", "--run", str(trained / name)]
    begin += ["--data", str(trained / "photos"), "--json"]
    assert main([*begin, *words]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {key: report[key] for key in expected} == expected
    assert report["restorer"] == name
    # The untrained networks do little, for v0 to its own range of values.
    assert any(key.startswith("psnr") for key in report["mean"])


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("nlrn", [], "requires one scale"),
        ("panet", ["--task", "jpeg", "--setting", "10"], "made for denoise"),
        ("panet", ["--quantization", "int8"], "--quantization selects"),
        ("photos", [], "holds no training run"),
        ("panet", ["--preset", "x"], "not allowed with"),
    ],
)
def test_a_training_run_that_does_not_fit(capsys, trained, name, words, told):
    begin = ["evaluate", "--run", str(trained / name)]
    begin += ["--data", str(trained / "photos")]
    try:
        assert main([*begin, *words]) == 2
    except SystemExit as stopped:
        assert stopped.code == 2
    assert told in capsys.readouterr().err
