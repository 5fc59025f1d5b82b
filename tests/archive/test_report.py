import json

import pytest

from kerasrestore.archive.file_record import FileRecord
from kerasrestore.archive.report import Report


def record(name, outcome="restored"):
    return FileRecord(name, f"out/{name}", outcome, 0.5, 3, 4, "model")


def test_every_torn_last_line_is_dropped(tmp_path):
    path = tmp_path / "report.jsonl"
    with Report(path) as report:
        report.add(record("a.png"))
        report.add(record("é.png", "failed"))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with Report(path) as report:
            kept = path.read_bytes()
            assert report.has("out/a.png") == (size >= first)
            report.add(record("b.png"))
        assert kept == (whole[:first] if size >= first else b"")
        lines = path.read_text().splitlines()
        assert json.loads(lines[-1])["source"] == "b.png"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.jsonl"]


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n", b"a line\n", b'{"a": 1}\n', b"[]"]
)
def test_other_files_are_left_alone(tmp_path, content):
    path = tmp_path / "report.jsonl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a report"), Report(path):
        pass
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_two_runs_and_missing_folders(tmp_path):
    path = tmp_path / "report.jsonl"
    with (
        Report(path),
        pytest.raises(ValueError, match="Another run"),
        Report(path),
    ):
        pass
    with (
        pytest.raises(ValueError, match="cannot be written"),
        Report(tmp_path / "none" / "a"),
    ):
        pass
