"""Tests an untrusted model in a separate process.

LiteRT is native code: a damaged or hostile `.tflite` may crash the process
that loads it, or hang. The checksum in the sidecar detects damage after the
export, but not a file that was broken from the start. So a model that did not
come with the package first runs its self-test in a child process with limits
on time and memory. A crash there becomes an error message here.
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

# Time limit for one tile: much more than a slow processor takes, but no more
# than anybody would wait.
SECONDS = 60
MACS_PER_SECOND = 10**8
LONGEST = 600
# Address space that a thread reserves: its stack and its heap.
THREAD_BYTES = 144 * 2**20
SPARE_BYTES = 2**30

# Results of earlier trials: bytes taken, by sidecar and tile.
_found = {}


def run_trial(path, content, sidecar, tile, threads):
    """Tests a model in a child process, once for each model.

    The package's own models are trusted: their checksums come with the
    package.

    Args:
        path: name of the model in messages.
        content: the `.tflite` as bytes, with a verified checksum.
        sidecar: its sidecar, checked.
        tile: `(height, width)` of its input.
        threads: threads of the interpreter.

    Returns:
        Bytes of memory that the model took, 0 if it was not tested.

    Raises:
        ValueError: if the model is rejected, crashes, takes too long or too
            much memory, or the child process cannot be started.
    """
    if sidecar["sha256"] in _shipped():
        return 0
    key = (json.dumps(sidecar, sort_keys=True), tile)
    if key not in _found:
        _found[key] = _run_child(path, content, sidecar, tile, threads)
    return _found[key]


@cache
def _shipped():
    """Checksums of the package's own files."""
    return {
        entry["sha256"]
        for preset in presets()
        for entry in preset.files.values()
    }


def _run_child(path, content, sidecar, tile, threads):
    # Area of the tile in units of the sidecar's.
    growth = math.prod(tile) / math.prod(sidecar["tile"])
    declared = 2 * int(sidecar["memory_bytes"] * growth)
    request = {
        "path": str(path),
        "sidecar": sidecar,
        "tile": tile,
        "threads": threads,
        "memory": declared + SPARE_BYTES + threads * THREAD_BYTES,
    }
    macs = sidecar["macs"] * growth
    seconds = min(SECONDS + macs / MACS_PER_SECOND, LONGEST)
    # The child has the import path of this process, without the current
    # folder.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=json.dumps(request).encode() + b"\n" + content,
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
            f"{path} cannot be tested in a child process "
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
    """The child's answer, or how it ended without one."""
    try:
        if done.returncode < 0:
            return {"crashed": signal.Signals(-done.returncode).name}
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        pass
    lines = done.stderr.decode(errors="replace").split("\n")
    last = " ".join(" ".join(lines[-2:]).split())[:200]
    return {"crashed": f"exit code {done.returncode}, {last or 'no message'}"}


def main():
    """Child process: reads a model from stdin, prints one line of JSON."""
    stream = sys.stdin.buffer
    request = json.loads(stream.readline())
    content = stream.read()
    path, sidecar, threads = (
        request[key] for key in ("path", "sidecar", "threads")
    )
    tile = tuple(request["tile"])
    # The library itself is loaded before anything is measured.
    importlib.import_module("ai_edge_litert.interpreter")
    _limit(request["memory"])
    try:
        before = process_bytes()
        model = LiteRTModel(path, content, sidecar, tile, threads)
        run_self_test(model)
        answer = {"bytes": max(0, process_bytes() - before)}
    except ValueError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {
            "refused": f"{path} takes far more memory than its sidecar "
            "declares; export it again."
        }
    print(json.dumps(answer))


def _limit(memory):
    """On Linux, disables core files and limits further memory to `memory`, or
    to the memory of the machine."""
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
