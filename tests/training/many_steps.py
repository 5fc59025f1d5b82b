"""Training runs that take many steps a call, beside one step a call."""

from pathlib import Path

import pytest
from training.small_training import assert_equal, checkpoint, rows, train

from kerasrestore.training.loop.training_loop import TrainingLoop

# A validation is reached by a shorter last call.
AT_ONCE = 3
SETTINGS = {"steps": 8, "validate_every": 4}


class KilledError(Exception):
    pass


def compare(folder, out, device, bank=None):
    """Compares one step a call with several, and with a run that is ended
    between two calls and resumed.

    Raises:
        AssertionError: if they differ.
    """
    out = Path(out)
    options = {**SETTINGS, "device": device, "bank": bank}
    train(folder, out / "one", **options)
    options["steps_per_execution"] = AT_ONCE
    train(folder, out / "several", **options)
    assert_equal(out / "one", out / "several")
    for one, two in zip(rows(out / "one"), rows(out / "several"), strict=True):
        assert two["step"] == one["step"]
        assert float(two["loss"]) == pytest.approx(float(one["loss"]))
    assert len({row["loss"] for row in rows(out / "one")}) == 2
    _kill(folder, out / "cut", options)
    train(folder, out / "cut", **options)
    assert_equal(out / "one", out / "cut")


def _kill(folder, out, options):
    """A run that ends after the first call behind a checkpoint."""
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
            train(folder, out, **options)
    finally:
        TrainingLoop.run = run
    assert checkpoint(out)["step"] == 4
