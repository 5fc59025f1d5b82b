"""What a target of the campaign is, and how one of its cases is judged."""

import dataclasses
import random
import re
import shutil
import traceback
from collections.abc import Callable

# Nothing that is said to a person is longer.
LONGEST = 2000


@dataclasses.dataclass(frozen=True)
class Target:
    """One public call that takes files or words from strangers.

    Attributes:
        name: name of the target.
        make: function from a folder to nothing: writes sound inputs there,
            each a file or a folder.
        damage: function `(path, rng)` that damages a copy of one in place.
        run: function `(path, out)`: the call. It may write to the folder
            `out` if it succeeds, and raises `AssertionError` if it returns
            what it never should.
        errors: errors that the call may raise, each with one sentence.
        seconds: limit for one case.
        memory: limit in bytes for what one case takes at most.
        inputs: cases in a whole campaign.
        loads: modules loaded before anything is measured.
        warnings: "error", as users shall see none, or "ignore".
    """

    name: str
    make: Callable
    damage: Callable
    run: Callable
    errors: tuple = (ValueError,)
    seconds: float = 20.0
    memory: int = 400 * 2**20
    inputs: int = 1000
    loads: tuple = ()
    warnings: str = "error"


def write_case(target, seeds, folder, seed, number):
    """Writes a damaged copy of a sound input.

    Args:
        target: `Target`.
        seeds: folder with the sound inputs.
        folder: where the case goes, emptied before.
        seed: seed of the campaign.
        number: number of the case; every input comes first undamaged.

    Returns:
        Path of the case.
    """
    rng = random.Random(f"{seed} {target.name} {number}")
    sources = sorted(seeds.iterdir())
    source = sources[number % len(sources)]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / source.name
    if source.is_dir():
        shutil.copytree(source, path)
    else:
        shutil.copy(source, path)
    if number >= len(sources):
        target.damage(path, rng)
    return path


def judge(target, path, out):
    """Runs one case.

    Args:
        target: `Target`.
        path: the case.
        out: empty folder for what the call writes.

    Returns:
        Dictionary: `end` ("accepted", "refused", or a fault: "raised",
        "wrong", "unclear", "left"), and for errors `text` and `where`.
    """
    before = _listing(path.parent)
    try:
        target.run(path, out)
        result = {"end": "accepted"}
    except target.errors as error:
        result = {"end": "refused", **_told(error)}
        if _unclear(result["text"]):
            result["end"] = "unclear"
    except AssertionError as error:
        result = {"end": "wrong", **_told(error)}
    except MemoryError as error:
        result = {"end": "memory", **_told(error)}
    except (Exception, SystemExit) as error:
        result = {"end": "raised", **_told(error)}
    if result["end"] != "accepted" and any(out.iterdir()):
        names = sorted(path.name for path in out.iterdir())
        text = f"{', '.join(names)} in spite of {result['text']}"
        result = {**result, "end": "left", "text": text}
    elif _listing(path.parent) != before:
        result = {"end": "left", "text": "files beside the input changed"}
    return result


def _listing(folder):
    return sorted(
        (str(path), path.lstat().st_size) for path in folder.rglob("*")
    )


def _told(error):
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/kerasrestore/" in f.filename]
    last = (own or frames)[-1]
    where = re.sub(r".*/(?=kerasrestore/)", "", last.filename)
    return {
        "text": f"{error}",
        "kind": type(error).__name__,
        "where": f"{where}:{last.lineno}",
    }


def _unclear(text):
    """Whether a message is not one plain sentence on one line."""
    return (
        not text.isprintable()
        or not text.endswith(".")
        or not text.strip(".")
        or len(text) > LONGEST
    )
