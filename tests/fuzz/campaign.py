"""Gives damaged files and words to every public call that takes them.

python tests/fuzz/campaign.py --target png --inputs 3000 --seed 0

Sound inputs of each target are damaged, blindly and where their format has its
structure, and given to the call in a process with limits on time and memory.
Each case has to be accepted, or refused with one sentence: no other error, no
crash, no hang, no more memory than the declared limits allow, nothing written.
What fails is printed and kept with `--keep`; a case is made again from target,
seed and number alone.
"""

import argparse
import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from fuzz.target import write_case  # noqa: E402
from fuzz.targets import TARGETS  # noqa: E402

FINE = ("accepted", "refused")
# Cases that a process takes before a fresh one starts.
CASES = 500
# To load TensorFlow on a busy machine.
START_SECONDS = 300


class Worker:
    """A process that runs cases, started anew whenever it ends."""

    def __init__(self, target, seeds, work, seed):
        self._target = target
        self._arguments = ["run", target.name, seeds, work, seed]
        self._process = None
        self._taken = 0

    def ask(self, case):
        """How a case ended: by number, or by the path of a file."""
        if self._taken >= CASES:
            self.close()
        fresh = self._process is None
        if fresh:
            self._process = start(*self._arguments)
            self._taken = 0
        self._taken += 1
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(case).encode() + b"\n")
            self._process.stdin.flush()
        limit = self._target.seconds + (START_SECONDS if fresh else 0)
        line = self._line(limit)
        if line:
            return json.loads(line)
        hung = line is None
        code = self.close()
        if hung:
            return {"end": "hung", "text": f"not finished after {limit:g} s"}
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return {"end": "crashed", "text": name}

    def _line(self, seconds):
        """A line of the process, empty if it ended, `None` if it is late."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                self._process.kill()
                return None
            return self._process.stdout.readline()

    def close(self):
        """Ends the process and gives its exit code."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        code = process.wait()
        process.stdout.close()
        return code


def start(*arguments):
    """Starts `worker.py`."""
    return subprocess.Popen(
        [sys.executable, HERE / "worker.py", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if arguments[0] == "make" else subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def run_cases(target, cases, work, seed=0):
    """Runs cases of a target.

    Args:
        target: `Target`.
        cases: numbers of cases, or paths of files.
        work: empty folder.
        seed: seed of the campaign.

    Yields:
        Each case and how it ended, a dictionary as of `judge`, with the ends
        "crashed", "hung" and "memory" besides.
    """
    seeds = work / "seeds"
    process = start("make", target.name, seeds)
    process.communicate()
    if process.returncode:
        raise RuntimeError(f"{target.name} has no sound inputs.")
    worker = Worker(target, seeds, work, seed)
    try:
        for case in cases:
            # Files of corpora have no place in JSON as paths.
            asked = case if isinstance(case, int) else str(case)
            yield case, worker.ask(asked)
    finally:
        worker.close()


def campaign(target, inputs, seed, keep=None):
    """Runs numbered cases of a target and prints the faults.

    Returns:
        Counter of how they ended, and the most memory that one took.
    """
    ends, shown, most = Counter(), Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for number, result in run_cases(target, range(inputs), work, seed):
            ends[result["end"]] += 1
            most = max(most, result.get("bytes", 0))
            if result["end"] in FINE:
                continue
            kind = (result["end"], result.get("kind"), result.get("where"))
            shown[kind] += 1
            if shown[kind] <= 3:
                line = {"target": target.name, "case": number, **result}
                line["text"] = line["text"][:300]
                print(json.dumps(line), flush=True)
            if keep is not None and shown[kind] <= 3:
                case = write_case(
                    target, work / "seeds", work / "kept", seed, number
                )
                place = keep / target.name / f"{number}_{result['end']}"
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
                shutil.move(case, place)
    return ends, most


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--target",
        action="append",
        choices=TARGETS,
        help="what is given damaged inputs; may be repeated (default: all)",
    )
    parser.add_argument(
        "--inputs", type=int, help="cases of a target (default: its own share)"
    )
    parser.add_argument("--seed", default="0")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="folder for failed cases"
    )
    args = parser.parse_args(arguments)
    faults = 0
    for name in args.target or TARGETS:
        target = TARGETS[name]
        inputs = args.inputs or target.inputs
        begun = time.monotonic()
        ends, most = campaign(target, inputs, args.seed, args.keep)
        wrong = sum(count for end, count in ends.items() if end not in FINE)
        faults += wrong
        summary = {
            "target": name,
            "inputs": inputs,
            **dict.fromkeys(FINE, 0),
            **ends,
            "faults": wrong,
            "most_MB": round(most / 1e6),
            "seconds": round(time.monotonic() - begun),
        }
        print(json.dumps(summary), flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
