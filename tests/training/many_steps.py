"""Training runs that take many steps a call, beside one step a call."""

from pathlib import Path

import pytest
from training.small_training import assert_equal, rows, train

from kerasrestore.training.loop.training_loop import TrainingLoop

# 4 is reached by a shorter last call; 7 is more than a validation allows.
AT_ONCE = (3, 7)
SETTINGS = {"steps": 10, "validate_every": 4}


class KilledError(Exception):
    pass


def compare(folder, out, device):
    """Raises AssertionError if a run depends on the steps a call."""
    out = Path(out)
    train(folder, out / "1", device=device, **SETTINGS)
    for count in AT_ONCE:
        train(
            folder,
            out / str(count),
            device=device,
            steps_per_execution=count,
            **SETTINGS,
        )
        assert_equal(out / "1", out / str(count))
        for one, two in zip(
            rows(out / "1"), rows(out / str(count)), strict=True
        ):
            assert two["step"] == one["step"]
            assert float(two["loss"]) == pytest.approx(float(one["loss"]))
    losses = [float(row["loss"]) for row in rows(out / "1")]
    assert len(set(losses)) == 3


def kill_and_resume(folder, out, device):
    """Ends a run within a call, and compares it with the whole run."""
    out = Path(out)
    options = {**SETTINGS, "steps_per_execution": 3, "device": device}
    train(folder, out / "whole", **options)
    run = TrainingLoop.run

    def killed(loop, start, stop, progress=None):
        if start == 4:
            take = loop.steps.run

            def first_call(start, stop):
                take(start, stop)
                raise KilledError

            loop.steps.run = first_call
        return run(loop, start, stop, progress)

    TrainingLoop.run = killed
    try:
        with pytest.raises(KilledError):
            train(folder, out / "cut", **options)
    finally:
        TrainingLoop.run = run
    train(folder, out / "cut", **options)
    assert_equal(out / "whole", out / "cut")
