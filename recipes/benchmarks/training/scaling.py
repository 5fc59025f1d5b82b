"""What the papers' trainings cost, on one GPU and on many.

python recipes/benchmarks/training/scaling.py --throughput 10

prints, as Markdown, the multiply-accumulates of a full run of each paper
(steps x patches x those of a patch x 3, forward and backward), the time that
it takes on 1, 8 and 64 GPUs of that sustained throughput, and which wall it
meets: patches from records or the exchange of gradients.

python recipes/benchmarks/training/scaling.py --measure

measures the throughput of training steps on this machine.

python recipes/benchmarks/training/scaling.py --check

holds the model against two processes of one CPU core each that train
together over the loopback, and one that trains alone.
"""

import argparse
import csv
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RECIPES = Path(__file__).parents[2]
# Forward, and the two products of the gradient.
PASSES = 3
RUNS = {
    "RNAN": "rnan",
    "RNAN, super-resolution x2": "rnan --task super_resolution",
    "PANet": "panet",
    "PANet-S": "panet --blocks 8",
    "PA-EDSR, x2": "panet --task super_resolution",
    "NLRN": "nlrn",
    "DANet": "danet --gray",
    "DANet-S": "danet --gray --size slim",
    "DANetMobile": "danet_mobile",
}
MEASURED = ("PANet-S", "NLRN", "DANetMobile")
CHECKED = "danet_mobile --widths 32,32 --middle-blocks 1 --patch-size 64"


def plan(words, *more):
    """What a recipe's command line asks for."""
    name, *words = [*words.split(), *more]
    recipe = runpy.run_path(str(RECIPES / f"train_{name}.py"))["RECIPE"]
    if "--data" not in words:
        for option in ("--data", "--validation", "--out"):
            words += [option, "none"]
    return recipe.plan(words)


class Cost:
    """Cost model of a training.

    Args:
        planned: the training's `Plan`.
    """

    def __init__(self, planned):
        _, restorer = planned.model()
        self.steps = planned.settings.steps
        self.batch = planned.settings.batch_size
        self.patch = planned.settings.patch_size
        side = self.patch // planned.task.scale
        self.parameters = restorer.count_parameters()
        self.patch_macs = PASSES * restorer.count_macs(side, side)

    @property
    def macs(self):
        """Of the whole run."""
        return self.steps * self.batch * self.patch_macs

    def split(self, gpus):
        """Patches a step, steps, and patches of the busiest GPU.

        The patches of the run stay the same. A batch of fewer patches than
        GPUs has to grow, and then takes fewer steps.
        """
        batch = max(self.batch, gpus)
        share = -(-batch // gpus)
        return batch, self.steps * self.batch / batch, share

    def exchange_seconds(self, gpus, bandwidth):
        """Ring all-reduce of the gradients of one step."""
        return self.parameters * 4 * 2 * (gpus - 1) / gpus / bandwidth

    def step_seconds(self, gpus, throughput, bandwidth):
        """Compute and exchange, one after the other."""
        compute = self.split(gpus)[2] * self.patch_macs / throughput
        return compute + self.exchange_seconds(gpus, bandwidth)

    def hours(self, gpus, throughput, bandwidth, pace):
        """Of the whole run, where `pace` patches a second are drawn."""
        step = self.step_seconds(gpus, throughput, bandwidth)
        batch, steps, _ = self.split(gpus)
        return steps * max(step, batch / pace) / 3600


def table(args):
    """The cost of all runs as Markdown."""
    throughput, bandwidth = args.throughput * 1e12, args.bandwidth * 1e9
    several = max(args.gpus)
    head = ["run", "parameters", "steps", "batch x patch", "MACs a patch"]
    head += ["MACs in all"]
    head += [f"hours on {gpus}" for gpus in args.gpus]
    head += ["patches a second", "exchange a step", "first wall"]
    lines = [head, ["---"] + ["--:"] * (len(head) - 2) + ["---"]]
    for name, words in RUNS.items():
        cost = Cost(plan(words))
        batch, _, _ = cost.split(several)
        step = cost.step_seconds(several, throughput, bandwidth)
        exchange = cost.exchange_seconds(several, bandwidth)
        needed = batch / step
        # A patch of another size takes its share of the bytes.
        pace = args.records * (48 / cost.patch) ** 2
        wall = "compute"
        if needed > pace:
            wall = f"patches, {pace:,.0f} a second are drawn"
        elif exchange > step / 2:
            wall = "exchange"
        hours = [cost.hours(n, throughput, bandwidth, pace) for n in args.gpus]
        lines.append(
            [
                name,
                f"{cost.parameters / 1e6:.2f} M",
                f"{cost.steps:,}",
                f"{cost.batch} x {cost.patch}²",
                f"{cost.patch_macs / PASSES / 1e9:.2f} G",
                f"{cost.macs / 1e18:.3g} E",
                *(
                    f"{value:,.2g}" if value < 10 else f"{value:,.0f}"
                    for value in hours
                ),
                f"{needed:,.0f}",
                f"{exchange * 1e3:.2f} ms of {step * 1e3:.1f}",
                wall,
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measure(args, folder):
    """Throughput of training steps here, as Markdown."""
    from kerasrestore.training import FitSettings
    from kerasrestore.training.recipe.dry_run import dry_run

    lines = [["run", "patches a step", "seconds a step", "G MACs a second"]]
    lines.append(["---"] + ["--:"] * 3)
    for name in args.only or MEASURED:
        planned = plan(
            RUNS[name],
            *f"--data {folder} --validation {folder} --out none".split(),
            *f"--batch-size {args.batch_size}".split(),
        )
        model, restorer = planned.model()
        figures = dry_run(
            model,
            restorer,
            planned.sampler(),
            FitSettings(1, 1e-4, loss=planned.settings.loss),
        )
        count = figures["measured"]
        macs = figures["macs_per_step"] / args.batch_size
        seconds = figures["hours"] * 3600 * count / args.batch_size
        lines.append(
            [
                name,
                str(count),
                f"{seconds:.2f}",
                f"{macs * count / seconds / 1e9:.1f}",
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def check(args, folder):
    """One process, and two over the loopback, each on one core."""
    alone, half = (
        _seconds(folder, size, [None])
        for size in (args.batch_size, args.batch_size // 2)
    )
    with socket.socket() as one, socket.socket() as two:
        for port in (one, two):
            port.bind(("localhost", 0))
        addresses = [f"localhost:{s.getsockname()[1]}" for s in (one, two)]
    together = _seconds(folder, args.batch_size, addresses)
    cost = Cost(plan(CHECKED))
    sent = cost.exchange_seconds(2, 1.0)
    exchange = together - half
    pairs = {
        f"one process, {args.batch_size} patches": f"{alone:.4f} s a step",
        f"one process, {args.batch_size // 2} patches": f"{half:.4f} s a step",
        f"two processes, {args.batch_size} patches": f"{together:.4f} s a step",
        "speed-up of two": f"{alone / together:.2f}",
        "exchange, what is left": f"{exchange:.4f} s for {sent / 1e6:.2f} MB",
    }
    lines = [["", ""], ["---", "---"], *map(list, pairs.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _seconds(folder, batch, addresses):
    """Seconds of a training step, without the start."""
    name, *words = CHECKED.split()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as out:
        processes = []
        for index, address in enumerate(addresses):
            environment = {
                **os.environ,
                "PYTHONPATH": str(RECIPES.parent),
                "CUDA_VISIBLE_DEVICES": "-1",
            }
            if address is not None:
                cluster = {"worker": addresses}
                task = {"type": "worker", "index": index}
                environment["TF_CONFIG"] = json.dumps(
                    {"cluster": cluster, "task": task}
                )
            command = [
                "taskset",
                "--cpu-list",
                str(cores[index]),
                sys.executable,
                str(RECIPES / f"train_{name}.py"),
                *words,
                *f"--data {folder} --validation {folder} --out {out}".split(),
                *f"--batch-size {batch} --steps 120 --quiet".split(),
                *("--validate-every", "40", "--validation-crop", "16"),
            ]
            processes.append(
                subprocess.Popen(
                    command, env=environment, stdout=subprocess.DEVNULL
                )
            )
        for process in processes:
            if process.wait():
                raise ValueError(
                    f"A training ended with code {process.returncode}; its "
                    "message stands above."
                )
        with open(Path(out) / "log.csv", newline="") as file:
            rows = list(csv.DictReader(file))
    # The first line has the start and the compiling in it.
    clock = [int(r["step"]) / float(r["steps_per_second"]) for r in rows]
    return (clock[-1] - clock[0]) / (int(rows[-1]["step"]) - 40)


def draw(folder, count=8):
    """Images of BSD's size."""
    rng = np.random.default_rng(0)
    for index in range(count):
        small = rng.integers(0, 256, (20, 30, 3), np.uint8)
        image = Image.fromarray(small).resize((481, 321))
        image.save(Path(folder) / f"{index}.png")
    return folder


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--throughput",
        type=float,
        default=10.0,
        help="sustained T multiply-accumulates a second of a GPU",
    )
    add(
        "--bandwidth",
        type=float,
        default=25.0,
        help="GB a second between the GPUs",
    )
    add(
        "--records",
        type=float,
        default=6000.0,
        help="patches of 48x48 a second that are drawn",
    )
    add(
        "--gpus",
        type=int,
        nargs="+",
        default=(1, 8, 64),
        help="numbers of GPUs",
    )
    add("--measure", action="store_true", help="measure steps here")
    add("--only", nargs="*", choices=tuple(RUNS), help="runs to measure")
    add("--check", action="store_true", help="measure two processes")
    add("--batch-size", type=int, default=8, help="of what is measured")
    args = parser.parse_args(argv)
    numbers = (args.throughput, args.bandwidth, args.records, *args.gpus)
    if not all(number > 0 for number in numbers) or args.batch_size < 2:
        parser.error("numbers are above 0 and the batch size at least 2")
    if not (args.measure or args.check):
        print(table(args))
        return
    with tempfile.TemporaryDirectory() as folder:
        draw(folder)
        if args.measure:
            print(measure(args, folder))
        if args.check:
            print(check(args, folder))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
