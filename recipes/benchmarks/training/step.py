"""What makes a training step faster on a CPU: memory that is kept, and XLA.

python recipes/benchmarks/training/step.py [--steps 30] [--rounds 3]

By default glibc returns freed memory to the system, and the pages of the next
tensors are mapped and cleared anew. The recipes make it keep that memory, and
`--jit-compile` compiles the step with XLA. All are timed in fresh processes,
in turns; the medians and their ratios to the default are printed.
"""

import argparse
import os
import statistics
import subprocess
import sys

STEP = """
import sys, tempfile
import numpy as np
from PIL import Image
from kerasrestore import DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.tasks import Denoise
from kerasrestore.inference.memory import keep_freed_memory
from kerasrestore.training import FitSettings, fit

if sys.argv[1] != "default":
    keep_freed_memory()
steps = int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (321, 481, 3), np.uint8)
    Image.fromarray(image).save(folder + "/0.png")
    task = Denoise((0, 55))
    sampler = PatchSampler(folder, task, patch_size=64, batch_size=8)
    model = DANetMobile(
        widths=(48, 96, 160), encoder_blocks=(1, 1), decoder_blocks=(2, 1)
    )
    settings = FitSettings(
        2 * steps, 7e-4, "log_mse", validate_every=steps,
        jit_compile=sys.argv[1].endswith("XLA"),
    )
    fit(model, sampler, folder + "/run", settings, progress=False)
    first, last = (
        float(line.split(",")[-1])
        for line in open(folder + "/run/log.csv").readlines()[1:]
    )
# The log's rate is the mean since the start, and the first half compiles.
print(1 / (2 / last - 1 / first))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rates = {"default": [], "kept memory": [], "kept memory, XLA": []}
    for _ in range(args.rounds):
        for name, found in rates.items():
            run = subprocess.run(
                [sys.executable, "-c", STEP, name, str(args.steps)],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            )
            found.append(float(run.stdout.split()[-1]))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in medians.items():
        ratio = rate / medians["default"]
        print(f"{name:18}{rate:.2f} steps/s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
