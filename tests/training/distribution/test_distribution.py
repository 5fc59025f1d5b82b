import csv
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from testing import ROOT, image_folder

from kerasrestore import NLRN, DANetMobile
from kerasrestore.training.distribution.distribution import Distribution
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
from kerasrestore.training.distribution.tensorflow_distribution import (
    TensorFlowDistribution,
)

SCRIPT = Path(__file__).parent / "train_distributed.py"
STEPS = 20
# A process that hangs is a failure too.
PATIENCE = 900


def start(folder, out, runs, **environment):
    return subprocess.Popen(
        [sys.executable, SCRIPT, folder, out, runs, str(STEPS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def start_workers(folder, out):
    """Two processes with one device each; their own weights differ."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("localhost", 0))
        two.bind(("localhost", 0))
        ports = [one.getsockname()[1], two.getsockname()[1]]
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    return [
        start(
            folder,
            out,
            "plain:auto",
            SEED=str(index),
            TF_CONFIG=json.dumps(
                {"cluster": cluster, "task": {"type": "worker", "index": index}}
            ),
        )
        for index in (0, 1)
    ]


def finish(process):
    """Output and last line of the errors of a process."""
    output, errors = process.communicate(timeout=PATIENCE)
    return output, (errors.strip().splitlines() or [""])[-1]


def read(run):
    """Losses, PSNR and final weights of a training."""
    with open(run / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, STEPS + 1))
    with np.load(run / "checkpoint.npz") as archive:
        weights = {
            name: array
            for name, array in archive.items()
            if name.startswith("model/")
        }
    figures = [[float(row[n]) for row in rows] for n in ("loss", "psnr")]
    return np.array(figures), weights


def assert_same_training(one, two):
    figures, weights = read(one)
    others, other_weights = read(two)
    # The steps have to be steps: a loss that stands still would agree too.
    assert np.ptp(figures[0]) > 1
    np.testing.assert_allclose(others, figures, atol=1e-4)
    assert weights.keys() == other_weights.keys()
    for name, value in weights.items():
        np.testing.assert_allclose(other_weights[name], value, atol=1e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 3, (40, 48))


@pytest.fixture(scope="module")
def runs(folder, tmp_path_factory):
    """Trainings of one process with two devices."""
    out = tmp_path_factory.mktemp("runs")
    wanted = (
        "plain:none,plain:auto,student:none,student:mirrored,"
        "plain@device:none,plain@device:auto"
    )
    process = start(folder, out, f"{wanted},unshared:mirrored", DEVICES="2")
    output, error = finish(process)
    assert output.count("2 devices on this machine, mirrored") == 4
    # The last one is refused, by a sentence.
    assert process.returncode == 1
    assert "compute_loss of Unshared is not scaled for 2 devices" in error
    return out


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("plain_none", "plain_auto"),
        ("student_none", "student_mirrored"),
        ("plain@device_none", "plain@device_auto"),
    ],
)
def test_mirrored_devices_train_as_one(runs, one, two):
    assert_same_training(runs / one, runs / two)


def test_workers_train_as_one_and_survive_a_loss(folder, runs, tmp_path):
    chief, worker = start_workers(folder, tmp_path)
    for line in chief.stdout:
        if line.startswith(f"{STEPS // 2}/"):
            break
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    _, error = finish(chief)
    assert chief.returncode == 1
    assert error.startswith("Lost another worker (")

    again = start_workers(folder, tmp_path)
    (output, error), (quiet, other_error) = map(finish, again)
    assert [w.returncode for w in again] == [0, 0], (error, other_error)
    assert "worker 1 of 2, 2 devices in all, multiworker" in output
    assert "\n1/20 " not in output and "\n20/20 " in output
    assert "/20 " not in quiet
    run = tmp_path / "plain_auto"
    assert_same_training(runs / "plain_none", run)
    assert sorted(item.name for item in run.iterdir()) == [
        "best.json",
        "best.weights.h5",
        "checkpoint.npz",
        "log.csv",
    ]


def test_devices_of_jax_train_as_one(folder, tmp_path):
    process = start(
        folder,
        tmp_path,
        "plain:none,plain:auto,plain@device:none,plain@device:auto,"
        "plain:multiworker",
        KERAS_BACKEND="jax",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    output, error = finish(process)
    assert output.count("2 devices on this machine, mirrored") == 2, error
    for kind in ("plain", "plain@device"):
        assert_same_training(
            tmp_path / f"{kind}_none", tmp_path / f"{kind}_auto"
        )
    assert process.returncode == 1
    assert "multiworker requires the tensorflow backend" in error


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("all", "auto, none, mirrored, multiworker, tpu, got 'all'"),
        ("tpu", "No TPU available"),
        ("multiworker", "got ''"),
    ],
)
def test_ways_that_are_not_there(monkeypatch, name, words):
    for variable in ("TF_CONFIG", "TPU_NAME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ValueError, match=words):
        open_distribution(name)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker"}}',
        '{"cluster": {"worker": ["a:1"]}, '
        '"task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, '
        '"task": {"type": "worker", "index": 0}}',
    ],
)
def test_wrong_cluster(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG must look like"):
        open_distribution("auto")


def test_what_cannot_be_shared_out(monkeypatch):
    import tensorflow as tf

    model = DANetMobile(widths=(8, 16))
    with pytest.raises(ValueError, match="built for 1 devices"):
        Distribution("mirrored", 2).prepare(model, 4)
    distribution = TensorFlowDistribution("tpu", tf.distribute.get_strategy())
    distribution.replicas = 3
    monkeypatch.setattr(distribution, "_copies", lambda model: 3)
    with pytest.raises(ValueError, match=r"4 patches .* multiple of 3"):
        distribution.prepare(model, 4)
    distribution.name = "mirrored"
    distribution.prepare(model, 4)
    distribution.prepare(model, 2)
    normalised = NLRN(num_steps=1, filters=8, key_filters=4)
    distribution.prepare(normalised, 4)
    with pytest.raises(ValueError, match="2 patches for 3 devices"):
        distribution.prepare(normalised, 2)


def test_half_precision_of_several_devices(monkeypatch):
    import tensorflow as tf

    distribution = TensorFlowDistribution("none", tf.distribute.get_strategy())
    model = DANetMobile(widths=(8, 16), dtype="mixed_float16")
    distribution.prepare(model, 4)
    distribution.replicas = 2
    monkeypatch.setattr(distribution, "_copies", lambda model: 2)
    with pytest.raises(ValueError, match="use mixed_bfloat16"):
        distribution.prepare(model, 4)


def test_one_device_is_the_default():
    distribution = open_distribution("none")
    assert distribution.is_chief
    assert isinstance(distribution.adam(1e-3), keras.optimizers.Adam)
