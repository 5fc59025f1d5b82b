import sys

import numpy as np
import pytest
import tensorflow as tf
from tflite_files import convert

from kerasrestore.phone import probe as probe_module
from kerasrestore.phone.benchmark import convolution
from kerasrestore.phone.probe import fill, load, probe


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "conv.tflite"
    path.write_bytes(convolution(64, 16))
    return path


def test_a_file(file):
    found = probe(file, threads=2, runs=3)
    assert found["outputs"] == [[1, 64, 64, 16]]
    assert min(found["load_s"], found["first_s"], found["next_s"]) > 0
    # More than the maps that go in and out, less than a small machine has.
    added = found["peak_bytes"] - found["litert_bytes"]
    assert 2 * 64 * 64 * 16 * 4 < added < 1e9
    assert found["litert_bytes"] < 2e8


def test_a_larger_file_needs_more_memory(file, tmp_path):
    large = tmp_path / "large.tflite"
    large.write_bytes(convolution(512, 32))
    assert probe(large)["peak_bytes"] > probe(file)["peak_bytes"] + 2e7


@pytest.mark.parametrize("size", [0, 4, 100, 5000])
def test_a_cut_file_is_refused(file, tmp_path, size):
    path = tmp_path / "cut.tflite"
    path.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ValueError, match="not a model that LiteRT can run"):
        probe(path)


@pytest.mark.skipif(sys.platform == "win32", reason="a script of a shell")
def test_a_crash_is_told(file, tmp_path, monkeypatch):
    crash = tmp_path / "crash"
    crash.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr(probe_module.sys, "executable", str(crash))
    with pytest.raises(ValueError, match="makes LiteRT crash"):
        probe(file)


@pytest.mark.skipif(sys.platform == "win32", reason="a script of a shell")
def test_what_hangs_is_ended(file, tmp_path, monkeypatch):
    hang = tmp_path / "hang"
    hang.write_text("#!/bin/sh\nexec sleep 60\n")
    hang.chmod(0o755)
    monkeypatch.setattr(probe_module.sys, "executable", str(hang))
    monkeypatch.setattr(probe_module, "SECONDS", 0.2)
    with pytest.raises(ValueError, match="not be loaded and run"):
        probe(file)


def test_open_sizes_are_chosen(tmp_path):
    path = convert(tf.nn.relu, tmp_path / "a.tflite", (None, None, None, 3))
    assert probe(path)["outputs"] == [[1, 256, 256, 3]]
    assert probe(path, tile=(8, 20))["outputs"] == [[1, 8, 20, 3]]


def test_inputs(tmp_path):
    path = convert(lambda x: x + 1.0, tmp_path / "a.tflite", (1, 16, 16, 3))
    interpreter = load(path, 1)
    fill(interpreter)
    detail = interpreter.get_input_details()[0]
    pixels = interpreter.get_tensor(detail["index"])
    assert 0 <= pixels.min() < 0.1 and 0.9 < pixels.max() <= 1
    assert np.unique(pixels).size > 700
