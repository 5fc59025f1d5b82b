"""Recording the arguments of a training run, and checking resumed ones."""

import dataclasses
import json
import platform
import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from kerasrestore.tasks import serialize_task
from kerasrestore.training.recipe.network import describe_argument
from kerasrestore.training.recipe.run_record import NAME, RunRecord
from kerasrestore.version import __version__

# These may change as long as the learning rate of the completed steps stays
# the same, which `fit` checks. The others may not change at all.
SCHEDULE = (
    "steps",
    "schedule",
    "learning_rate",
    "warmup",
    "decay",
    "halve_every",
    "final_rate",
)
# These do not affect the result, but for rounding.
ASIDE = (
    "out",
    "strategy",
    "steps_per_execution",
    "accumulate",
    "recompute",
    "cache_gb",
    "dry_run",
    "tensorboard",
    "quiet",
)


def open_run(
    out, recipe, arguments, model, task=None, *, defaults=None, write=True
):
    """Records the arguments of a training run in `out/run.json`.

    An option that is missing in the record of a run that is resumed, since
    its version of the recipe did not have it, counts as its default.

    Args:
        out: folder of the run.
        recipe: name of the script.
        arguments: dictionary of its arguments.
        model: the `Restorer` to train.
        task: the `Task` to train for.
        defaults: dictionary of the options' defaults; those not listed are
            off by default.
        write: whether to write the file, rather than only to compare; of
            several processes, one writes.

    Raises:
        ValueError: if the folder contains a run with other arguments.
    """
    defaults = defaults or {}
    before = None
    if (Path(out) / NAME).exists():
        before = RunRecord.read(out)
        _compare(out, before.arguments, arguments, defaults)
    if write:
        RunRecord(
            recipe=recipe,
            arguments=arguments,
            command=_command(recipe, arguments, defaults),
            model=type(model).__name__,
            config=_config(model),
            versions=_versions(),
            task=None if task is None else serialize_task(task),
            start=_start(before, arguments.get("start")),
        ).write(out)


def _compare(out, before, now, defaults):
    for key in sorted(before.keys() | now.keys()):
        if key in (*SCHEDULE, *ASIDE):
            continue
        was, given = (
            arguments.get(key, defaults.get(key)) for arguments in (before, now)
        )
        if _plain(was or 0) != _plain(given or 0):
            raise ValueError(
                f"{out} holds a run with {key}={was!r}, got {given!r}; use "
                "another output folder or the same arguments as before."
            )


def _start(before, start):
    """The record of the run that initialized this one, if any."""
    # Read once: that run may be gone when this one is resumed.
    if before is not None:
        return before.start
    if not start or not (Path(start) / NAME).is_file():
        return None  # A preset, whose card has it.
    record = RunRecord.read(start)
    path = Path(start) / "best.json"
    if not path.is_file():
        return record
    # Its weights may be older than its last step, or it was ended early.
    step = json.loads(path.read_text(encoding="utf-8"))["step"]
    return dataclasses.replace(record, best_step=step)


def _plain(value):
    """Paths compare by their last part: a data folder may have moved."""
    text = str(value)
    return Path(text).name if "/" in text or "\\" in text else text


def _command(recipe, arguments, defaults):
    words = [f"python recipes/{recipe}"]
    for key, value in arguments.items():
        option = "--" + key.replace("_", "-")
        if isinstance(value, dict):
            texts = map(describe_argument, value.items())
            words += [f"{option} {shlex.quote(text)}" for text in texts]
        elif value is True:
            words.append(option)
        elif value is False and defaults.get(key) is True:
            words.append("--no-" + option.removeprefix("--"))
        elif value is not None and value is not False:
            words.append(f"{option} {shlex.quote(_plain(value))}")
    return " ".join(words)


def _config(model):
    # The name is the preset's and the dtype the user's.
    left_out = ("name", "dtype", "trainable")
    return {k: v for k, v in model.get_config().items() if k not in left_out}


def _versions():
    backend = keras.backend.backend()
    found = {
        "python": platform.python_version(),
        "kerasrestore": __version__,
        "backend": backend,
    }
    for name in ("keras", "numpy", backend, f"{backend}-cpu"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
