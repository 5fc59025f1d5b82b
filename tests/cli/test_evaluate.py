import json

import pytest
from testing import image_folder

from kerasrestore.cli.main import main
from kerasrestore.models.presets import get_preset


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
    assert captured.err.count("\n") == 1 and "other columns" in captured.err
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
        (["--task", "jpeg"], "wants --setting, quality"),
        (["--task", "jpeg", "--setting", "x"], "quality, 1 to 100, got 'x'"),
        (["--task", "jpeg", "--setting", "10.5"], "got '10.5'"),
        (["--task", "jpeg", "--setting", "0"], "from 1 to 100"),
        (["--task", "super_resolution", "--setting", "5"], "2, 3 or 4"),
        (["--task", "demosaic", "--setting", "ABCD"], "pattern is one of"),
        (["--setting", "loud"], "sigma is a number"),
        (["--setting", "25", "--tile", "64"], "fixed tile"),
        (["--setting", "25", "--overlap", "-1"], "overlap is a number"),
        (["--task", "demosaic", "--quantize-input"], "leave --quantize-input"),
        (["--task", "jpeg", "--setting", "10"], "does jpeg with 3"),
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
        ([], "denoise, data"),
        (
            ["--task", "super_resolution", "--setting", "3"],
            "super_resolution, setting 3, data, 2 images, y, shave3",
        ),
    ],
)
def test_pairs_of_photographs(capsys, tmp_path, words, told):
    data = image_folder(tmp_path / "data", 2)
    degraded = image_folder(tmp_path / "degraded", 2, seed=9)
    begin = ["evaluate", "--data", str(data), "--degraded", str(degraded)]
    assert main([*begin, *words, "--baseline", "degraded"]) == 0
    assert told in capsys.readouterr().out
