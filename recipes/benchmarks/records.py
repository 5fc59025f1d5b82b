"""How many training patches a second from 2K images, as records or as files?

python recipes/benchmarks/records.py [--data FOLDER] [--images N]

Writes the images as records, then draws noisy patches in the two threads of
the training: from the records, and from the files by the folder sampler. It
prints patches a second, the processor time of one patch, and how many
processors that were, for on a busy machine they are fewer than two. Without
--data, PNG images of 2040x1356 pixels are drawn, smooth with fine noise.

What was just written is in the page cache of the machine. For figures of a
disk, give a set that is larger than the memory.
"""

import argparse
import contextlib
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from PIL import Image


def draw(folder, count):
    rng = np.random.default_rng(0)
    for index in range(count):
        small = rng.integers(0, 256, (34, 51, 3), np.uint8)
        image = Image.fromarray(small).resize((2040, 1356))
        noisy = np.asarray(image) + rng.normal(0, 4, (1356, 2040, 3))
        Image.fromarray(noisy.clip(0, 255).astype("uint8")).save(
            Path(folder) / f"{index:04d}.png", compress_level=1
        )
    return folder


def measure(sampler, steps, start=0):
    """Seconds, and seconds of processor time, for a patch."""
    from kerasrestore.data.sampler import CacheWarning
    from kerasrestore.training.patches.host_patches import HostPatches

    with (
        warnings.catch_warnings(),
        contextlib.closing(HostPatches(sampler, start + steps)) as patches,
    ):
        # Images without a cache are measured on purpose.
        warnings.simplefilter("ignore", CacheWarning)
        begun, used = time.perf_counter(), time.process_time()
        for step in range(start, start + steps):
            patches.chunk(step, step + 1)
        seconds = time.perf_counter() - begun
        used = time.process_time() - used
    patches = steps * sampler.batch_size
    return seconds / patches, used / patches


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of images")
    parser.add_argument("--images", type=int, default=20, help="to be drawn")
    parser.add_argument("--patch-size", type=int, default=48)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    from kerasrestore.data import PatchSampler, list_images
    from kerasrestore.data.pairs import ImagePair
    from kerasrestore.data.records.record_patch_sampler import (
        RecordPatchSampler,
    )
    from kerasrestore.data.records.records import write_records
    from kerasrestore.tasks import Denoise

    task = Denoise((0, 55))
    size = {"patch_size": args.patch_size, "batch_size": args.batch_size}

    def report(name, figures):
        seconds, used = figures
        print(
            f"{name:24} {1 / seconds:7.0f} patches/s, {1e6 * used:6.0f} us of "
            f"processor a patch, {used / seconds:.1f} processors",
            flush=True,
        )

    with tempfile.TemporaryDirectory() as folder:
        files = list_images(args.data or draw(folder, args.images))
        begun = time.perf_counter()
        records = write_records(
            "benchmark", [ImagePair(f.stem, None, f) for f in files], folder
        )
        seconds = time.perf_counter() - begun
        stored = sum(f.stat().st_size for f in records.path.iterdir())
        print(
            f"{len(files)} images written in {seconds:.1f} s, "
            f"{stored / 1e6:.0f} MB"
        )
        sampler = RecordPatchSampler(records, task, **size)
        for turn in range(args.rounds):
            report("records", measure(sampler, args.steps, turn * args.steps))
        # A set far larger than the memory has its images decoded anew.
        report(
            "files, no cache",
            measure(PatchSampler(files, task, cache_bytes=0, **size), 2),
        )
        sampler = PatchSampler(files, task, **size)
        report("files, cold cache", measure(sampler, args.steps))
        report(
            "files, all in the cache",
            measure(sampler, args.steps, args.steps),
        )


if __name__ == "__main__":
    main()
