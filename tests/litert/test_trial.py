import os
import sys

import pytest
from small_tflite import change, refusal

from kerasrestore import LiteRTRestorer


def test_shipped_models_are_not_tried(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere")
    LiteRTRestorer.from_preset()


def test_no_child_can_be_started(copied, monkeypatch):
    path = copied()
    change(path, name="another")  # tried already under its own name
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert "pass trial=False" in refusal(path)
    LiteRTRestorer(path, trial=False)


def test_once_for_each_model(copied, monkeypatch):
    path = copied()
    change(path, name="once")
    LiteRTRestorer(path)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    LiteRTRestorer(path)


def test_the_folder_it_is_started_in_does_not_matter(
    copied, monkeypatch, tmp_path
):
    path = copied()
    change(path, name="elsewhere")
    (tmp_path / "json.py").write_text("raise SystemExit('a trap')")
    (tmp_path / "numpy.py").write_text("raise SystemExit('a trap')")
    monkeypatch.chdir(tmp_path)
    LiteRTRestorer(path)


def test_time(copied, monkeypatch):
    path = copied()
    change(path, name="slow")
    monkeypatch.setattr("kerasrestore.litert.trial.SECONDS", 0)
    monkeypatch.setattr("kerasrestore.litert.trial.LONGEST", 0.01)
    assert "was stopped" in refusal(path)


@pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
def test_memory(copied, monkeypatch):
    path = copied(dynamic=True)
    change(path, name="large", tile=[1024, 1024], memory_bytes=0)
    for name in ("SPARE_BYTES", "THREAD_BYTES"):
        monkeypatch.setattr(f"kerasrestore.litert.trial.{name}", 0)
    refusal(path)
    # The sidecar may declare that it needs so much.
    change(path, memory_bytes=10**9)
    assert LiteRTRestorer(path).memory_forecast(1024, 1024) < 10**9


@pytest.mark.skipif(os.name != "posix", reason="no signals")
def test_a_crash(copied, monkeypatch, tmp_path):
    path = copied()
    change(path, name="crash")
    # What would load LiteRT kills the process instead.
    trap = tmp_path / "traps" / "ai_edge_litert"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.syspath_prepend(trap.parent)
    assert "crashes LiteRT (SIGSEGV)" in refusal(path)
