"""Trying a stranger's model in a process of its own.

LiteRT is native code: a damaged or hostile `.tflite` may kill the process
that loads it, or never come back. The checksum in the sidecar tells what was
damaged after the export, but not what was wrong from the start. So a model
that is not one of the package's own first runs its self-test in a child
process with limits on time and memory. A crash there is a sentence here.
"""

import importlib
import json
import math
import os
import signal
import subprocess
import sys
from functools import cache

from kerasrestore.inference.memory import process_bytes
from kerasrestore.litert.litert_model import LiteRTModel
from kerasrestore.litert.self_test import run_self_test
from kerasrestore.models.presets import presets

# Time for one tile: much more than a slow processor takes, and no more than
# anybody waits.
SECONDS = 60
MACS_PER_SECOND = 10**8
LONGEST = 600
# What a thread reserves of addresses: its stack and its heap.
THREAD_BYTES = 144 * 2**20
SPARE_BYTES = 2**30

# What was tried: bytes taken, by sidecar and tile.
_found = {}


def run_trial(path, content, sidecar, tile, threads):
    """Runs a model in a child process, once for each model.

    The package's own models are taken as they are: their checksums come
    with the package.

    Args:
        path: what messages call the model.
        content: the `.tflite` as bytes, of which the checksum was compared.
        sidecar: its sidecar, checked.
        tile: `(height, width)` that it is run with.
        threads: threads of the interpreter.

    Returns:
        Bytes that the model took, 0 for those that were not tried.

    Raises:
        ValueError: if the model is refused, crashes, takes too long or too
            much memory, or the child process cannot be started.
    """
    if sidecar["sha256"] in _shipped():
        return 0
    key = (json.dumps(sidecar, sort_keys=True), tile)
    if key not in _found:
        _found[key] = _ask_child(path, content, sidecar, tile, threads)
    return _found[key]


@cache
def _shipped():
    """Checksums of the package's own files."""
    return {
        entry["sha256"]
        for preset in presets()
        for entry in preset.files.values()
    }


def _ask_child(path, content, sidecar, tile, threads):
    # How many of the sidecar's tiles a tile is.
    growth = math.prod(tile) / math.prod(sidecar["tile"])
    told = 2 * int(sidecar["memory_bytes"] * growth)
    question = {
        "path": str(path),
        "sidecar": sidecar,
        "tile": tile,
        "threads": threads,
        "memory": told + SPARE_BYTES + threads * THREAD_BYTES,
    }
    macs = sidecar["macs"] * growth
    seconds = min(SECONDS + macs / MACS_PER_SECOND, LONGEST)
    # The child finds what this process finds, and nothing in the folder that
    # it happens to be started in.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=json.dumps(question).encode() + b"\n" + content,
            capture_output=True,
            check=False,
            timeout=seconds,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{path} was stopped: LiteRT had not finished one tile of it after "
            f"{seconds:.0f} s; export it with a smaller tile or get it from "
            "another source."
        ) from None
    except OSError as error:
        raise ValueError(
            f"{path} cannot be tried in a process of its own "
            f"({error.strerror}); pass trial=False if you trust it."
        ) from error
    answer = _answer(done)
    if "crashed" in answer:
        raise ValueError(
            f"{path} crashes LiteRT ({answer['crashed']}) and was not loaded; "
            "export it again or get it from another source."
        )
    if "refused" in answer:
        raise ValueError(answer["refused"])
    return answer["bytes"]


def _answer(done):
    """The child's answer, or how it came to an end without one."""
    try:
        if done.returncode < 0:
            return {"crashed": signal.Signals(-done.returncode).name}
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        pass
    lines = done.stderr.decode(errors="replace").split("\n")
    last = " ".join(" ".join(lines[-2:]).split())[:200]
    return {"crashed": f"exit code {done.returncode}, {last or 'silently'}"}


def main():
    """The child: a model on standard input, one line of JSON as answer."""
    stream = sys.stdin.buffer
    question = json.loads(stream.readline())
    content = stream.read()
    path, sidecar, threads = (
        question[key] for key in ("path", "sidecar", "threads")
    )
    tile = tuple(question["tile"])
    # The library itself is loaded before anything is measured.
    importlib.import_module("ai_edge_litert.interpreter")
    _limit(question["memory"])
    try:
        before = process_bytes()
        model = LiteRTModel(path, content, sidecar, tile, threads)
        run_self_test(model)
        answer = {"bytes": max(0, process_bytes() - before)}
    except ValueError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {
            "refused": f"{path} takes far more memory than its sidecar tells; "
            "export it again."
        }
    print(json.dumps(answer))


def _limit(memory):
    """No core files, and on Linux no more memory than that, and than there
    is."""
    if sys.platform != "linux":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    page = resource.getpagesize()
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * page
    limit = taken + min(memory, page * os.sysconf("SC_PHYS_PAGES"))
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    main()
