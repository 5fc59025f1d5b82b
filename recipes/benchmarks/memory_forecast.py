"""The memory forecast against the measured peak, in a fresh process each.

python recipes/benchmarks/memory_forecast.py [--sizes 20] [--seed 0]

Every preset restores images of random sizes under random memory limits,
through LiteRT and through Keras under TensorFlow or JAX. Printed are the
forecast and the peak of the resident memory, both above the memory of the
process with the model loaded, and their ratio. Exits with 1 if a forecast is
off by more than 25 % or a peak is over its limit. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from kerasrestore import presets

RUNTIMES = ("litert", "tensorflow", "jax")
FURTHEST = 0.25


def measure(preset, runtime, height, width, room):
    """Forecast and peak of one image, with `room` bytes above the memory of
    the process with the model loaded."""
    from kerasrestore.archive.restorer_choice import load_restorer
    from kerasrestore.inference.memory import peak_bytes, process_bytes

    kind = "litert" if runtime == "litert" else "keras"
    restorer = load_restorer(preset, kind)
    shape = (height, width, restorer.channels)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    sigma = 25 if restorer.sigma_input else None
    # With the image, which the caller holds.
    loaded = process_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    row = {"loaded": loaded}
    try:
        plan, forecast = restorer.plan_tiles(
            shape, image.dtype, memory_limit=loaded + room
        )
        row |= {"tile": plan.tile, "forecast": forecast}
        restorer.restore(image, sigma=sigma, memory_limit=loaded + room)
    except MemoryError as error:
        return row | {"refused": str(error)}
    return row | {"peak": peak_bytes() - loaded}


def in_a_process(runtime, *words):
    done = subprocess.run(
        [sys.executable, __file__, "--one", runtime, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {
            "KERAS_BACKEND": "jax" if runtime == "jax" else "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smallest", type=int, default=64, help="side")
    parser.add_argument("--largest", type=int, default=1600, help="side")
    parser.add_argument("--runtimes", default="litert,tensorflow")
    parser.add_argument(
        "--presets", default=",".join(preset.name for preset in presets())
    )
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        runtime, preset, *numbers = args.one
        print(json.dumps(measure(preset, runtime, *map(int, numbers))))
        return 0
    failed = False
    for preset in args.presets.split(","):
        for runtime in args.runtimes.split(","):
            rng = np.random.default_rng(args.seed)
            print(f"{preset}, {runtime}")
            for _ in range(args.sizes):
                sides = np.log([args.smallest, args.largest])
                height, width = np.exp(rng.uniform(*sides, 2)).astype(int)
                room = int(10 ** rng.uniform(7.5, 9.3))
                row = in_a_process(runtime, preset, height, width, room)
                line = f"{width:5}x{height:<5} room {room / 1e6:5.0f} MB"
                if "tile" in row:
                    tile = "x".join(map(str, row["tile"][::-1]))
                    line += f", tile {tile:>9}"
                if "refused" in row:
                    line += f": {row['refused']}"
                else:
                    ratio = row["forecast"] / row["peak"]
                    bad = abs(ratio - 1) > FURTHEST or row["peak"] > room
                    failed |= bad
                    line += (
                        f", forecast {row['forecast'] / 1e6:5.0f} MB, peak "
                        f"{row['peak'] / 1e6:5.0f}, ratio {ratio:.2f}"
                        f"{' !' if bad else ''}"
                    )
                print(line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
