"""Is the model the bottleneck of training, or the patches?

python recipes/benchmarks/pipeline.py [--data FOLDER]

Times batches of the patch pipeline and training steps of the default
DANetMobile on the same batches, turn by turn, and prints the medians. Without
--data, images of BSD's size are drawn.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image


def draw(folder, count=40):
    rng = np.random.default_rng(0)
    for index in range(count):
        small = rng.integers(0, 256, (20, 30, 3), np.uint8)
        image = Image.fromarray(small).resize((481, 321))
        image.save(Path(folder) / f"{index}.jpg", quality=95)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of images")
    parser.add_argument("--patch-size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()

    import keras

    from kerasrestore import DANetMobile
    from kerasrestore.data import PatchSampler
    from kerasrestore.tasks import Denoise

    with tempfile.TemporaryDirectory() as folder:
        sampler = PatchSampler(
            args.data or draw(folder),
            Denoise((0, 55)),
            patch_size=args.patch_size,
            batch_size=args.batch_size,
        )
        for index in range(len(sampler.files)):
            sampler.image(index)
        model = DANetMobile()
        model.compile("adam", "mse")
        model.train_on_batch(*sampler.batch(0)[:2])
        patches, steps = [], []
        for step in range(args.rounds):
            begun = time.perf_counter()
            degraded, clean, _ = sampler.batch(step)
            drawn = time.perf_counter()
            model.train_on_batch(degraded, clean)
            patches.append(drawn - begun)
            steps.append(time.perf_counter() - drawn)
    patch, step = statistics.median(patches), statistics.median(steps)
    print(f"backend {keras.backend.backend()}, {args.rounds} rounds, medians")
    print(
        f"pipeline, one thread: {args.batch_size / patch:8.0f} patches/s "
        f"of {args.patch_size}x{args.patch_size}"
    )
    print(f"training step:        {args.batch_size / step:8.0f} patches/s")
    print(f"ratio:                {step / patch:8.1f}")


if __name__ == "__main__":
    main()
