"""Patches made by the host against patches made on the device.

python recipes/benchmarks/pipeline.py [--data FOLDER]

Times batches of both kinds and training steps of the default DANetMobile, turn
by turn, at the recipes' sizes, and prints the medians. The host has the two
threads that training gives it. Without --data, images of BSD's size are drawn.
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


def cases():
    """Name, task and side of a clean patch; 16 patches each."""
    from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution

    return (
        ("denoise", Denoise((0, 55)), 64),
        ("demosaic", Demosaic(), 48),
        ("jpeg", Jpeg((5, 95)), 48),
        ("x2", SuperResolution(2), 48),
    )


class Case:
    """The two ways to make the patches of a task, timed.

    Args:
        folder: folder of images.
        task: the task.
        side: side of a clean patch.
        batches: number of batches made in a turn.
    """

    def __init__(self, folder, task, side, batches):
        from kerasrestore.data import PatchSampler
        from kerasrestore.training import DevicePatches

        self.sampler = PatchSampler(folder, task, patch_size=side)
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
            for name, array in self.patches.resident.items()
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of images")
    parser.add_argument("--batches", type=int, default=20, help="in a turn")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()

    import keras

    from kerasrestore import DANetMobile

    with tempfile.TemporaryDirectory() as folder:
        data = args.data or draw(folder)
        measured = {
            name: Case(data, task, side, args.batches)
            for name, task, side in cases()
        }
        model = DANetMobile()
        model.compile("adam", "mse")
        batch = measured["denoise"].sampler.batch(0)[:2]
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
    print(
        f"backend {keras.config.backend()}, 16 patches a batch, medians of "
        f"{args.rounds} rounds, batches a second"
    )
    print(f"{'':10}{'host':>9}{'device':>9}{'ratio':>8}")
    for name, case in measured.items():
        host, device = case.rates().values()
        print(f"{name:10}{host:9.1f}{device:9.1f}{device / host:8.2f}")
    rate = 1 / statistics.median(steps)
    print(f"a training step on the patches of denoise: {rate:.1f} a second")


if __name__ == "__main__":
    main()
