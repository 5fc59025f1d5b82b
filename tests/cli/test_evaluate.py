import pytest
from testing import image_folder

from kerasrestore.cli.main import main


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
