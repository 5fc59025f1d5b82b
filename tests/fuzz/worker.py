"""A process that takes cases of one target, one after the other.

python tests/fuzz/worker.py make TARGET SEEDS
python tests/fuzz/worker.py run TARGET SEEDS WORK SEED

The first writes the sound inputs. The second reads a line for each case, the
number of one or the path of a file as JSON, and answers with a line of JSON
how it ended. The process has limits on memory and writes nothing else.
"""

import importlib
import json
import os
import shutil
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.target import judge, write_case
from fuzz.targets import TARGETS


def prepare(target):
    """Loads what the target needs, then limits the memory."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    for name in target.loads:
        importlib.import_module(name)
    # Of NumPy and others: they would reach the terminal of whoever restores.
    warnings.simplefilter(target.warnings)
    if "kerasrestore.photos" in target.loads:
        from kerasrestore.photos import PhotoWarning

        warnings.simplefilter("ignore", PhotoWarning)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        taken = pages * resource.getpagesize()
        # Address space; what is really taken is measured for every case.
        limit = taken + 4 * target.memory + 2**30
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def peak_bytes(start=False):
    """Most memory that the process has held since `start`, 0 if unknown."""
    try:
        if start:
            Path("/proc/self/clear_refs").write_text("5")
        text = Path("/proc/self/status").read_text()
    except OSError:  # not Linux, or a container that forbids it
        return 0
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def run(target, seeds, work, seed):
    prepare(target)
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    questions = os.fdopen(os.dup(0))
    # Decoders print, and a command may read its standard input.
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    out = work / "out"
    for line in questions:
        asked = json.loads(line)
        if isinstance(asked, int):
            path = write_case(target, seeds, work / "case", seed, asked)
        else:
            shutil.rmtree(work / "case", ignore_errors=True)
            path = work / "case" / Path(asked).name
            copy = shutil.copytree if Path(asked).is_dir() else shutil.copy
            path.parent.mkdir()
            copy(asked, path)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        before = peak_bytes(start=True)
        result = judge(target, path, out)
        result["bytes"] = peak_bytes() - before
        if result["bytes"] > target.memory:
            result = {**result, "end": "memory"}
        print(json.dumps(result), file=answers, flush=True)


def main(action, name, seeds, *more):
    target, seeds = TARGETS[name], Path(seeds)
    if action == "make":
        seeds.mkdir(parents=True, exist_ok=True)
        target.make(seeds)
    else:
        work, seed = more
        run(target, seeds, Path(work), seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
