import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from testing import ROOT, random_image, run_python

from kerasrestore import DANetMobile, LiteRTRestorer

RECIPE = ROOT / "recipes" / "train_danet_mobile.py"
SMALL = {
    "--widths": "8,16",
    "--middle-blocks": 1,
    "--patch-size": 16,
    "--batch-size": 2,
    "--validate-every": 2,
    "--warmup": 2,
}


def command(folder, out, steps):
    options = {
        "--data": folder,
        "--validation": folder,
        "--out": out,
        "--steps": steps,
        **SMALL,
    }
    words = [word for option in options.items() for word in option]
    return [sys.executable, *map(str, (RECIPE, *words))]


def train(folder, out, steps=8):
    done = subprocess.run(
        command(folder, out, steps),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    text = train(folder, out)
    assert "8/8 " in text
    return out


def test_killed_and_started_again(folder, whole, tmp_path):
    with subprocess.Popen(
        command(folder, tmp_path, 8),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        for line in process.stdout:
            if line.startswith("4/8 "):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    text = train(folder, tmp_path)
    assert "2/8 " not in text and "8/8 " in text
    with (
        np.load(whole / "checkpoint.npz") as one,
        np.load(tmp_path / "checkpoint.npz") as two,
    ):
        assert set(one) == set(two)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)
    logs = [
        [line.split(",")[:3] for line in (out / "log.csv").read_text().split()]
        for out in (whole, tmp_path)
    ]
    assert [line[0] for line in logs[0]] == ["step", "2", "4", "6", "8"]
    assert [line[:2] for line in logs[0]] == [line[:2] for line in logs[1]]


def test_other_arguments_are_refused(folder, whole):
    done = subprocess.run(
        [*command(folder, whole, 8), "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert "seed=0, got 1" in line
    assert "Traceback" not in done.stderr


JAX = """
import runpy, sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_jax_trains_and_goes_on_without_tensorflow(folder, tmp_path):
    for out, lengths in (("whole", (4,)), ("parts", (2, 4))):
        for steps in lengths:
            words = command(folder, tmp_path / out, steps)[1:]
            # The first part must not yet be on its way down.
            words += ["--schedule", "constant"]
            run_python(JAX, *words, KERAS_BACKEND="jax")
    with (
        np.load(tmp_path / "whole" / "checkpoint.npz") as one,
        np.load(tmp_path / "parts" / "checkpoint.npz") as two,
    ):
        assert int(one["step"]) == 4
        for name in one:
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def test_a_preset_is_made_of_it(whole, tmp_path):
    options = {
        "--name": "small",
        "--tile": "96",
        "--hardware": "none",
        "--description": "For tests.",
        "--into": str(tmp_path),
    }
    words = [str(ROOT / "recipes" / "make_preset.py"), str(whole)]
    words += [word for option in options.items() for word in option]
    subprocess.run(
        [sys.executable, *words],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    folder = tmp_path / "small"
    assert [item.name for item in tmp_path.iterdir()] == ["small"]
    card = json.loads((folder / "card.json").read_text())
    assert card["training"]["command"].startswith(
        "python recipes/train_danet_mobile.py --data "
    )
    assert card["sigma_range"] == [0, 55]
    assert str(ROOT) not in json.dumps(card)
    image = random_image((33, 41, 3))
    np.testing.assert_allclose(
        LiteRTRestorer.from_preset(folder).restore(image),
        DANetMobile.from_preset(folder).restore(image),
        atol=1e-2,
    )
