"""Gives damaged models to the runner, each in a process of its own.

python tests/fuzz_litert.py FOLDER COUNT SEED

takes every `.tflite` of the folder with its sidecar, damages one or the other
COUNT times, and prints one line of JSON for each: what was damaged, how it
ended, and by how much the restored image differs (root mean square). Files
that crash LiteRT or hang stay in FOLDER/kept. The processes are forked from
one that has all libraries loaded, which makes them cheap.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

import numpy as np

from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.litert.self_test import run_self_test

SECONDS = 30
MEMORY = 4 * 2**30
WORDS = (b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80")
VALUES = (
    None, True, -1, 0, 1, 2, 7, 10**6, 10**30, 0.5, "", "float32", "uint8",
    [], [0, 1], [8, 8], [64, 64], {}, {"image": "uint8", "restored": "uint8"},
)  # fmt: skip


def damage_bytes(data, rng):
    """Flips bits, overwrites words and stretches, cuts off or inserts."""
    data = bytearray(data)
    at = rng.randrange(len(data))
    kind = rng.choice(("bits", "bits", "word", "cut", "zeros", "insert"))
    if kind == "bits":
        for _ in range(rng.choice((1, 1, 4, 16))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "word":
        at -= at % 4
        data[at : at + 4] = rng.choice((*WORDS, rng.randbytes(4)))
    elif kind == "cut":
        del data[at:]
    elif kind == "zeros":
        stretch = data[at : at + rng.randrange(1, 64)]
        data[at : at + len(stretch)] = bytes(len(stretch))
    else:
        data[at:at] = rng.randbytes(rng.randrange(1, 9))
    return bytes(data)


def damage_field(text, rng):
    """Gives one field of a sidecar another value."""
    sidecar = json.loads(text)
    sidecar[rng.choice(sorted(sidecar))] = rng.choice(VALUES)
    return json.dumps(sidecar).encode()


def spoil(source, target, rng):
    """Writes a damaged copy and tells what was damaged."""
    model = source.read_bytes()
    text = source.with_suffix(".json").read_bytes()
    what = rng.choice(
        ("signed", "signed", "signed", "model", "sidecar", "field")
    )
    whole = model
    while what in ("signed", "model") and model == whole:
        model = damage_bytes(whole, rng)
    if what == "signed":
        # The checksum of the damaged file, as a stranger may write it.
        sidecar = json.loads(text)
        sidecar["sha256"] = hashlib.sha256(model).hexdigest()
        text = json.dumps(sidecar).encode()
    elif what == "sidecar":
        text = damage_bytes(text, rng)
    elif what == "field":
        text = damage_field(text, rng)
    target.write_bytes(model)
    target.with_suffix(".json").write_bytes(text)
    return what


def restore(path):
    """What the runner's trial does, and an image."""
    restorer = LiteRTRestorer(path, threads=1, trial=False)
    run_self_test(restorer._model)
    image = np.random.default_rng(0).random((20, 20, 3), np.float32)
    options = {"sigma": 25.0} if restorer.sigma_input else {}
    return restorer.restore(image, **options)


def forked(function):
    """Runs a function in a forked process.

    Returns:
        How it ended ("done", "crashed" or "hung") and what it returned.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(SECONDS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with os.fdopen(write, "w") as pipe:
            json.dump(function(), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        hung = os.WTERMSIG(status) == signal.SIGALRM
        return ("hung" if hung else "crashed"), None
    return "done", json.loads(text)


def attempt(path, wanted):
    """How the runner takes a file."""
    try:
        restored = restore(path)
    except ValueError as error:
        return {"end": "refused", "text": str(error)}
    except Exception as error:
        return {"end": "raised", "text": repr(error)}
    if restored.shape != np.shape(wanted):
        return {"end": "restored", "difference": float("inf")}
    squares = np.square(restored - np.array(wanted, np.float32))
    return {"end": "restored", "difference": float(np.sqrt(squares.mean()))}


def main(folder, count, seed):
    folder = Path(folder)
    kept = folder / "kept"
    kept.mkdir()
    sources = sorted(folder.glob("*.tflite"))
    wanted = {
        source: forked(lambda source=source: restore(source).tolist())[1]
        for source in sources
    }
    target = kept / "damaged.tflite"
    for number in range(int(count)):
        rng = random.Random(f"{seed} {number}")
        source = sources[number % len(sources)]
        what = spoil(source, target, rng)
        end, result = forked(lambda of=source: attempt(target, wanted[of]))
        result = result or {"end": end}
        if result["end"] in ("crashed", "hung"):
            result["file"] = f"{number}.tflite"
            for suffix in (".tflite", ".json"):
                shutil.copy(
                    target.with_suffix(suffix), kept / f"{number}{suffix}"
                )
        print(json.dumps({"model": source.stem, "what": what, **result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
