"""Load time, run time and memory of one `.tflite`, in a separate process.

`python -m kerasrestore.phone.probe FILE THREADS RUNS HEIGHT WIDTH` prints the
result as JSON. A file that crashes LiteRT only ends this process, and the
peak memory is that of this file alone.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from kerasrestore.inference.memory import peak_bytes

# Height and width of the image for files with a dynamic input size.
OPEN = (256, 256)
SECONDS = 600


def probe(path, threads=1, runs=2, tile=OPEN):
    """Loads and runs a file in a fresh process.

    Args:
        path: path of the `.tflite`.
        threads: threads of the interpreter.
        runs: number of runs.
        tile: height and width for files with a dynamic input size.

    Returns:
        Dictionary: `load_s` (the interpreter, its delegate and its memory),
        `first_s` and `next_s` (the first run and the fastest later one),
        `litert_bytes` (memory of the process before the file is loaded),
        `peak_bytes` (its peak afterwards; `None` where the system does not
        report it), `outputs` (their shapes) and `graph` (see `graph_facts`).

    Raises:
        ValueError: if LiteRT rejects the file, crashes, or takes more than
            ten minutes.

    Example:
    >>> from kerasrestore.models.presets import default_preset, get_preset
    >>> preset = get_preset(default_preset())
    >>> probe(preset.tflite())["outputs"]
    [[1, 384, 384, 3]]
    """
    home = Path(__file__).parents[2]
    inherited = os.environ.get("PYTHONPATH")
    search = os.pathsep.join([str(home), *([inherited] if inherited else [])])
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "kerasrestore.phone.probe",
                *map(str, (path, threads, runs, *tile)),
            ],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": search},
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{path} could not be loaded and run {runs} times in {SECONDS} "
            "seconds; export it with a smaller tile."
        ) from None
    if done.returncode < 0 or done.returncode > 2:
        raise ValueError(
            f"{path} makes LiteRT crash (exit code {done.returncode}); export "
            "it again."
        )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(
            f"{path} is not a model that LiteRT can run "
            f"({lines[-1] if lines else 'no reason given'}); export it "
            "again."
        )
    return json.loads(done.stdout.splitlines()[-1])


def load(path, threads, tile=OPEN):
    """An interpreter with its memory allocated.

    Args:
        path: path of the `.tflite`, or its content in bytes.
        threads: threads of the interpreter.
        tile: height and width for files with a dynamic input size.

    Returns:
        An `Interpreter`.
    """
    from ai_edge_litert.interpreter import Interpreter

    if isinstance(path, bytes):
        interpreter = Interpreter(model_content=path, num_threads=threads)
    else:
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
    for detail in interpreter.get_input_details():
        signature = [int(side) for side in detail["shape_signature"]]
        if -1 in signature:
            wanted = (1, *tile, 1)
            shape = [
                wanted[axis] if side == -1 and axis < 4 else abs(side)
                for axis, side in enumerate(signature)
            ]
            interpreter.resize_tensor_input(detail["index"], shape)
    interpreter.allocate_tensors()
    return interpreter


def fill(interpreter):
    """Fills the inputs with random pixels from 0 to 1 (from the whole range
    for bytes), and an input `sigma` with 25."""
    rng = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        shape, dtype = detail["shape"], np.dtype(detail["dtype"])
        if "sigma" in detail["name"]:
            value = np.full(shape, 25, dtype)
        elif dtype in (np.uint8, np.int8):
            low = np.iinfo(dtype).min
            value = (rng.integers(0, 256, shape) + low).astype(dtype)
        else:
            value = rng.random(shape).astype(dtype)
        interpreter.set_tensor(detail["index"], value)


def main(path, threads, runs, *tile):
    # Imported before memory is measured: only the file's share counts.
    from kerasrestore.phone.graph_facts import graph_facts

    before = peak_bytes()
    try:
        begun = time.perf_counter()
        interpreter = load(path, threads, tile)
        loaded = time.perf_counter() - begun
        fill(interpreter)
        seconds = []
        for _ in range(runs):
            begun = time.perf_counter()
            interpreter.invoke()
            seconds.append(time.perf_counter() - begun)
    except (ValueError, RuntimeError, MemoryError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    found = {
        "load_s": loaded,
        "first_s": seconds[0],
        "next_s": min(seconds[1:], default=seconds[0]),
        "litert_bytes": before,
        "peak_bytes": peak_bytes(),
        "outputs": [
            interpreter.get_tensor(detail["index"]).shape
            for detail in interpreter.get_output_details()
        ],
        "graph": graph_facts(path),
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
