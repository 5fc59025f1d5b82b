"""Patches made by the host against patches made on the device.

python recipes/benchmarks/training/pipeline.py [--data FOLDER] [--cases NAME]

Times batches of both kinds and training steps of the default DANetMobile, turn
by turn, at the recipes' sizes, and prints the medians. The host has the two
threads that training gives it. Without --data, images of BSD's size are drawn.

--bank-gb GIB also times how fast banks of that size are loaded, for images
that are not held in device memory as a whole.
"""

import argparse
import contextlib
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


CASES = (
    "denoise",
    "camera",
    "demosaic",
    "jpeg",
    "x2",
    "danet",
    "nlrn",
    "nlrn x234",
    "half size",
)


def sampler(name, data):
    """The sampler of a case, as a recipe makes it."""
    from kerasrestore.data import PatchSampler
    from kerasrestore.tasks import (
        CameraNoise,
        Demosaic,
        Denoise,
        Jpeg,
        SuperResolution,
    )

    gray, shrunk = {"channels": 1}, {"scales": (0.7, 1.0)}
    several = SuperResolution((2, 3, 4), pre_upsampled=True, quantize=False)
    task, side, options = {
        # train_danet_mobile.py
        "denoise": (Denoise((0, 55)), 64, {}),
        "camera": (CameraNoise(), 64, {}),
        "half size": (Denoise((0, 55)), 64, {"scales": (0.5, 1.0)}),
        # train_rnan.py and train_panet.py
        "demosaic": (Demosaic(), 48, {}),
        "jpeg": (Jpeg(10), 48, gray),
        "x2": (SuperResolution(2), 96, {}),
        # train_danet.py
        "danet": (Denoise(25), 256, {"batch_size": 12}),
        # train_nlrn.py
        "nlrn": (Denoise(25), 45, gray | shrunk),
        "nlrn x234": (several, 45, gray | shrunk),
    }[name]
    return PatchSampler(data, task, patch_size=side, **options)


class Case:
    """The two ways to make the patches of a task, timed.

    Args:
        sampler: sampler of the patches.
        batches: number of batches made in a turn.
    """

    def __init__(self, sampler, batches):
        from kerasrestore.training import DevicePatches

        self.sampler = sampler
        self.patches = DevicePatches(self.sampler)
        self.batches = batches
        self.seconds = {"host": [], "device": []}
        self.make = self._compiled()
        self.resident = None

    def turn(self, number):
        """Makes the batches both ways."""
        start = number * self.batches
        for name, measured in (("host", self.host), ("device", self.device)):
            begun = time.perf_counter()
            measured(start, start + self.batches)
            self.seconds[name].append(time.perf_counter() - begun)

    def host(self, start, stop):
        from kerasrestore.training.patches.host_patches import HostPatches

        with contextlib.closing(HostPatches(self.sampler, stop)) as patches:
            for step in range(start, stop):
                patches.chunk(step, step + 1)

    def device(self, start, stop):
        float(self.make(self.resident, np.int32(start), np.int32(stop)))

    def place(self):
        """Puts the images onto the device and compiles."""
        from keras import ops

        self.resident = {
            name: ops.convert_to_tensor(array)
            for name, array in self.patches.resident(0).items()
        }
        self.device(0, 1)

    def rates(self):
        """Batches a second, by the medians."""
        return {
            name: self.batches / statistics.median(seconds)
            for name, seconds in self.seconds.items()
        }

    def _compiled(self):
        from keras import ops

        from kerasrestore.training.patches.compiled import compiled

        def make(resident, start, stop):
            def body(step, total):
                made = self.patches.make(resident, step, lambda tree: tree)
                # All is made only if all is needed.
                return total + sum(map(ops.sum, made))

            return ops.fori_loop(start, stop, body, ops.zeros(()))

        return compiled(make)


def load(sampler, gib):
    """Loads three banks of a sampler, and tells how fast."""
    from kerasrestore.training import DevicePatches

    patches = DevicePatches(sampler, int(gib * 2**30))
    step, seconds = 0, []
    for _ in range(3):
        begun = time.perf_counter()
        patches.batch(step)
        seconds.append(time.perf_counter() - begun)
        steps, step = patches.until(step) - step, patches.until(step)
    # The first time, the images are decoded and a batch is compiled.
    rates = ", ".join(f"{steps / one:.1f}" for one in seconds)
    print(f"banks of {steps} steps, loaded at steps a second: {rates}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of images")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--bank-gb", type=float, help="size of a bank")
    parser.add_argument("--batches", type=int, default=20, help="in a turn")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()

    import keras

    from kerasrestore import DANetMobile

    with tempfile.TemporaryDirectory() as folder:
        data = args.data or draw(folder)
        measured = {
            name: Case(sampler(name, data), args.batches) for name in args.cases
        }
        model = DANetMobile()
        model.compile("adam", "mse")
        batch = sampler("denoise", data).batch(0)[:2]
        model.train_on_batch(*batch)
        for case in measured.values():
            case.place()
        steps = []
        for number in range(args.rounds):
            for case in measured.values():
                case.turn(number)
            begun = time.perf_counter()
            model.train_on_batch(*batch)
            steps.append(time.perf_counter() - begun)
        if args.bank_gb:
            load(sampler("denoise", data), args.bank_gb)
    print(
        f"backend {keras.config.backend()}, medians of {args.rounds} rounds, "
        "batches a second"
    )
    print(f"{'':10}{'host':>9}{'device':>9}{'ratio':>8}")
    for name, case in measured.items():
        host, device = case.rates().values()
        print(f"{name:10}{host:9.1f}{device:9.1f}{device / host:8.2f}")
    rate = 1 / statistics.median(steps)
    print(f"a training step on the patches of denoise: {rate:.1f} a second")


if __name__ == "__main__":
    main()
