import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from training.small_training import (
    SETTINGS,
    checkpoint,
    patches,
    small_model,
    train,
)

from kerasrestore.tasks import Denoise
from kerasrestore.training import fit
from kerasrestore.training.distribution.distribution import Distribution


def assert_kept(before, out):
    """The checkpoint and what lies beside it are as they were."""
    after = checkpoint(out)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[k], after[k]) for k in before)
    assert not [item for item in out.iterdir() if ".tmp" in item.name]


def test_a_loss_that_is_no_number(folder, tmp_path):
    settings = replace(SETTINGS, steps=2, learning_rate=1e-4)
    fit(small_model(), patches(folder), tmp_path, settings, progress=False)
    before = checkpoint(tmp_path)

    class Broken(Denoise):
        def degrade(self, clean, rng):
            return clean * np.nan, np.float32(1)

    endless = replace(settings, steps=10**6, validate_every=10**6)
    with pytest.raises(FloatingPointError, match="keeps step 2") as caught:
        fit(
            small_model(),
            patches(folder, Broken()),
            tmp_path,
            endless,
            progress=False,
        )
    # It does not wait for the end of the interval.
    last = re.search(r"became nan between steps 2 and (\d+)", str(caught.value))
    assert int(last[1]) < 1000
    assert_kept(before, tmp_path)


def test_a_moving_average_that_is_no_number(folder, tmp_path):
    class Poisoned(Distribution):
        def compiled_steps(self, model, *args):
            steps = super().compiled_steps(model, *args)
            run = steps.run

            def poisoned(start, stop):
                if start == 4:
                    averages = model.optimizer._model_variables_moving_average
                    averages[-1].assign(np.full(averages[-1].shape, np.inf))
                return run(start, stop)

            steps.run = poisoned
            return steps

    seen = []

    def validate(model):
        seen.append(model)
        return {"psnr": float(len(seen))}

    with pytest.raises(FloatingPointError, match="no longer finite") as caught:
        train(
            folder,
            tmp_path,
            steps=6,
            validate=validate,
            distribution=Poisoned(),
        )
    assert "between steps 4 and 6" in str(caught.value)
    assert checkpoint(tmp_path)["step"] == 4
    assert json.loads((tmp_path / "best.json").read_text())["step"] == 4
    assert len(seen) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files")
@pytest.mark.parametrize(
    ("room", "better"), [(1_000, True), (100_000, True), (100_000, False)]
)
def test_a_full_disk(folder, tmp_path, room, better):
    """The disk takes files only up to a size: a part of the best weights, or
    of the checkpoint where they are not written."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    count = [0]

    def validate(model):
        count[0] += 1
        if count[0] == 2:
            before.update(checkpoint(tmp_path))
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        return {"psnr": float(count[0]) if better else 1.0}

    before = {}
    try:
        with pytest.raises(OSError, match="keeps step 2: free some"):
            train(folder, tmp_path, validate=validate)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_kept(before, tmp_path)
    small_model().load_weights(tmp_path / "best.weights.h5")


def test_what_a_kill_leaves_is_cleared_away(folder, tmp_path):
    left = tmp_path / ".checkpoint.npz.123.tmp"
    left.write_bytes(b"half")
    train(folder, tmp_path, steps=2)
    assert not left.exists()
