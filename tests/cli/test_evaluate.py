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
