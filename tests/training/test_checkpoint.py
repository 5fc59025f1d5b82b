import os
import subprocess
import sys
import time

import numpy as np
import pytest
from testing import ROOT, random_image

from kerasrestore import DANetMobile
from kerasrestore.training import checkpoint as checkpoint_module
from kerasrestore.training.checkpoint import load_checkpoint, save_checkpoint


def compiled(**options):
    model = DANetMobile(**{"widths": (8, 16), **options})
    model.compile("adam", "mse")
    return model


@pytest.fixture
def trained():
    model = compiled()
    model.train_on_batch(
        *[random_image((2, 16, 16, 3), seed=i) for i in (0, 1)]
    )
    return model


def values(model):
    variables = [*model.variables, *model.optimizer.variables]
    return [np.array(variable) for variable in variables]


def test_round_trip(tmp_path, trained):
    path = tmp_path / "a.npz"
    save_checkpoint(path, trained, 7)
    other = compiled()
    assert load_checkpoint(path, other) == 7
    for one, two in zip(values(trained), values(other), strict=True):
        np.testing.assert_array_equal(one, two)
    assert [item.name for item in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("number", [28, 5])
def test_a_failed_write_keeps_the_old_one(
    tmp_path, trained, monkeypatch, number
):
    path = tmp_path / "a.npz"
    save_checkpoint(path, trained, 7)
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError(number, "No space left on device")

    monkeypatch.setattr(checkpoint_module.np, "savez", fail)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, trained, 8)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["a.npz"]


WRITER = """
import itertools
import sys
import numpy as np
from kerasrestore.files import write_atomically

# As save_checkpoint does, and without a pause.
for step in itertools.count():
    array = np.full(300_000, step)
    write_atomically(
        sys.argv[1], lambda file: np.savez(file, step=step, array=array)
    )
    print(step, flush=True)
"""


def test_kills_while_it_is_written(tmp_path):
    path = tmp_path / "a.npz"
    rng = np.random.default_rng()
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, path],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:
            written = int(process.stdout.readline())
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
            written = int((process.stdout.read().split() or [written])[-1])
        with np.load(path) as archive:
            step = int(archive["step"])
            assert (archive["array"] == step).all()
        assert written <= step <= written + 1
    # The kills did meet it at work.
    assert [item for item in tmp_path.iterdir() if item.suffix == ".tmp"]


def test_another_model(tmp_path, trained):
    path = tmp_path / "a.npz"
    save_checkpoint(path, trained, 7)
    for options in ({"widths": (8, 24)}, {"middle_blocks": 1}):
        with pytest.raises(ValueError, match="another model"):
            load_checkpoint(path, compiled(**options))


def test_damaged_files(tmp_path, trained):
    path = tmp_path / "a.npz"
    save_checkpoint(path, trained, 7)
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"text"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a readable checkpoint"):
            load_checkpoint(path, compiled())


def test_pickles_are_not_opened(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, step=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        load_checkpoint(path, compiled())
