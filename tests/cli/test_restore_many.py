"""`kerasrestore restore` for archives: workers, report, locks, leftovers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from testing import ROOT, image_folder

from kerasrestore.cli import restore
from kerasrestore.cli.main import main
from kerasrestore.cli.restore_many import LOCK
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.locks import locked


class Quick(ImageRestorer):
    """Doubles the values and notes how often it was at work."""

    name = "quick"
    task = "denoise"
    receptive_field = 1
    tiles = 0

    def restore_tile(self, tile, sigma):
        self.tiles += 1
        return np.minimum(2 * tile, 1)

    def memory_forecast(self, height, width):
        return 1


@pytest.fixture
def quick(monkeypatch):
    restorer = Quick()
    monkeypatch.setattr(restore, "load_restorer", lambda *_, **__: restorer)
    return restorer


def run(capsys, *words):
    code = main(["restore", *map(str, words)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def test_workers_with_a_real_model(tmp_path, capsys):
    source = image_folder(tmp_path / "in", 3)
    (source / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    report = tmp_path / "report.jsonl"
    words = ["restore", str(source), str(tmp_path / "out"), "--workers", "2"]
    code = main([*words, "--report", str(report)])
    lines = capsys.readouterr().out.splitlines()
    assert code == 1 and lines[-1] == "3 restored, 0 already there, 1 failed"
    found = [json.loads(line) for line in report.read_text().splitlines()]
    outcomes = {Path(one["source"]).name: one["outcome"] for one in found}
    assert outcomes.pop("bad.jpg") == "failed"
    assert outcomes == {f"image{i}.png": "restored" for i in range(3)}
    # A report of its own names what another run has restored.
    (source / "bad.jpg").unlink()
    new = tmp_path / "new.jsonl"
    assert main([*words, "--report", str(new)]) == 0
    assert new.read_text().count('"already there"') == 3
    assert main([*words, "--report", str(new)]) == 0
    assert len(new.read_text().splitlines()) == 3
    assert len(os.listdir(tmp_path / "out")) == 3


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--workers 0", "from 1 to 256"),
        ("--timeout 0", "must be positive"),
        ("--report in/image0.png", "is not a report"),
    ],
)
def test_wrong_options_of_an_archive(
    capsys, quick, tmp_path, monkeypatch, words, wanted
):
    monkeypatch.chdir(tmp_path)
    image_folder(tmp_path / "in", 1)
    before = (tmp_path / "in" / "image0.png").read_bytes()
    code, _, err = run(capsys, "in", "out", *words.split())
    assert code == 2 and len(err) == 1 and wanted in err[0]
    assert (tmp_path / "in" / "image0.png").read_bytes() == before


@pytest.mark.parametrize("option", ["--workers", "--report"])
def test_one_photo_has_no_workers(capsys, quick, tmp_path, option):
    source = image_folder(tmp_path / "in", 1) / "image0.png"
    code, _, err = run(capsys, source, tmp_path / "a.png", option, "1")
    assert code == 2 and "leave it out" in err[0]


def test_two_runs_with_one_output_folder(capsys, quick, tmp_path):
    source = image_folder(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out" / LOCK):
        code, _, err = run(capsys, source, tmp_path / "out")
    assert code == 2 and len(err) == 1 and "Another run" in err[0]
    assert quick.tiles == 0 and not os.listdir(tmp_path / "out")


def test_leftovers_of_a_killed_run_are_removed(capsys, quick, tmp_path):
    source = image_folder(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".0123456789abcdef.tmp").write_bytes(b"half")
    (tmp_path / "out" / LOCK).write_bytes(b"")
    assert run(capsys, source, tmp_path / "out")[0] == 0
    assert os.listdir(tmp_path / "out") == ["image0.png"]


@pytest.mark.parametrize("ending", ["interrupted", "killed"])
def test_workers_end_with_the_command(tmp_path, ending):
    source = image_folder(tmp_path / "in", 40, (200, 200))
    out = tmp_path / "out"
    command = (sys.executable, "-m", "kerasrestore", "restore", source, out)
    process = subprocess.Popen(
        [*command, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert " -> " in process.stdout.readline()
    # The pipes are closed once the workers have ended, too.
    if ending == "interrupted":  # by a terminal, which tells all of them
        os.killpg(process.pid, signal.SIGINT)
        wanted = 130, "kerasrestore: interrupted; finished files are kept.\n"
    else:
        process.kill()
        wanted = -signal.SIGKILL, ""
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == wanted
    if ending == "interrupted":
        assert all(name.startswith("image") for name in os.listdir(out))
