"""A small archive whose run is killed once, with the real command."""

import runpy

from testing import ROOT

SCRIPT = ROOT / "recipes" / "benchmarks" / "archive_load.py"


def test_what_was_killed_ends_as_if_undisturbed(tmp_path):
    script = runpy.run_path(str(SCRIPT))
    figures = script["load"](
        tmp_path, photos=20, workers=2, kills=1, timed=False
    )
    assert figures["wrong"] == []
    assert figures["restored"] == 19
    assert figures["exit codes"] == [1, -9, 1]


def test_what_is_wrong_is_found(tmp_path):
    check = runpy.run_path(str(SCRIPT))["check"]
    source, plain, killed = (tmp_path / name for name in ("in", "a", "b"))
    for folder in (source, plain, killed):
        folder.mkdir()
        (folder / "a.png").write_bytes(b"a")
        (folder / "b.png").write_bytes(b"b")
    report = tmp_path / "report.jsonl"
    line = '{{"source": "{}", "outcome": "restored"}}\n'
    both = line.format(source / "a.png") + line.format(source / "b.png")
    report.write_text(both)
    assert check(source, plain, killed, report) == []
    (killed / "a.png").write_bytes(b"")
    (killed / ".b.tmp").write_bytes(b"")
    report.write_text(both.splitlines(keepends=True)[0] * 2)
    assert check(source, plain, killed, report) == [
        ".b.tmp is odd",
        "a.png differs",
        f"{source / 'a.png'} was restored twice",
        f"{source / 'b.png'} is reported as None",
    ]
