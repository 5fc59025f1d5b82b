"""What a training was started with, kept beside what it makes."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from kerasrestore.files import write_atomically
from kerasrestore.version import __version__

# These may change while the learning rate they give for the steps that were
# done stays the same; `fit` checks that. The rest may not change at all.
SCHEDULE = (
    "steps",
    "schedule",
    "learning_rate",
    "warmup",
    "decay",
    "halve_every",
    "final_rate",
)
# These do not change what is trained.
ASIDE = ("out", "strategy", "dry_run", "tensorboard", "quiet")


def open_run(out, recipe, arguments, model, write=True):
    """Notes the arguments of a training in `out/run.json`.

    An option that a later version of a recipe has more than an earlier one
    does not count as changed as long as it is off or left out.

    Args:
        out: folder of the training.
        recipe: name of the script.
        arguments: dictionary of its arguments.
        model: the `Restorer` that is trained.
        write: whether to write the file, and not only to compare; one
            process of several does.

    Raises:
        ValueError: if the folder holds a training with other arguments.
    """
    path = Path(out) / "run.json"
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))["arguments"]
        changed = [
            key
            for key in sorted(before.keys() | arguments.keys())
            if key not in (*SCHEDULE, *ASIDE)
            and _plain(before.get(key) or 0) != _plain(arguments.get(key) or 0)
        ]
        if changed:
            key = changed[0]
            raise ValueError(
                f"{out} holds a training with {key}={before.get(key)!r}, got "
                f"{arguments.get(key)!r}; use another output folder or the "
                "same arguments as before."
            )
    if not write:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    run = {
        "recipe": recipe,
        "arguments": arguments,
        "command": _command(recipe, arguments),
        **_start(path, arguments.get("start")),
        "model": type(model).__name__,
        "config": _config(model),
        "versions": _versions(),
    }
    text = json.dumps(run, indent=1) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def _start(path, start):
    """What the run that this one starts from was started with."""
    if not start:
        return {}
    # Read once: that run may be gone when this one goes on.
    source = path if path.exists() else Path(start) / path.name
    if not source.is_file():
        return {}  # A preset, whose card tells.
    told = json.loads(source.read_text(encoding="utf-8"))
    if source == path:
        return {"start": told["start"]} if "start" in told else {}
    return {"start": told}


def _plain(value):
    """Paths compare by their last part: a data folder may have moved."""
    text = str(value)
    return Path(text).name if "/" in text or "\\" in text else text


def _command(recipe, arguments):
    words = [f"python recipes/{recipe}"]
    for key, value in arguments.items():
        option = "--" + key.replace("_", "-")
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            words.append(f"{option} {_plain(value)}")
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
