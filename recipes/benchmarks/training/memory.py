"""Peak memory of a training step of DANet, in a fresh process each.

KERAS_BACKEND=jax python recipes/benchmarks/training/memory.py --compiled
python recipes/benchmarks/training/memory.py --batches 1,2

Every row is a way to train: as it is, with recomputed blocks (`--recompute`),
with micro-batches (`--accumulate`), with both. By default, two steps are taken
for each batch size, and the peak of the process's resident memory is printed,
less what the process had before; with several batch sizes also the peak at
`--batch`, on the line through the last two. With `--compiled` nothing is
computed: XLA compiles the step for `--batch` and says how much memory its
buffers take, which needs JAX.
"""

import argparse
import os
import subprocess
import sys
from contextlib import nullcontext

WAYS = {
    "as it is": (1, False),
    "recompute": (1, True),
    "accumulate 4": (4, False),
    "accumulate 4, recompute": (4, True),
}


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--batch", type=int, default=12)
    add("--batches", default="1,2", help="batch sizes to measure")
    add("--patch", type=int, default=256, help="side of the patches")
    add("--size", default="full", help="full, or slim for DANet-S")
    add("--dtype", default="float32")
    add("--ways", default=",".join(map(str, range(len(WAYS)))))
    add("--compiled", action="store_true", help="let XLA reckon instead")
    add("--child", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


class Patches:
    """Batches of noise: their content does not matter."""

    def __init__(self, batch_size, side):
        self.batch_size = batch_size
        self.shape = (batch_size, side, side, 3)

    def batch(self, step):
        import numpy as np

        clean = np.random.default_rng(step).random(self.shape, np.float32)
        return clean, clean, np.zeros(self.batch_size, np.float32)


def child(args):
    """Prints the bytes of one way to train with one batch size."""
    from kerasrestore.models import DANet
    from kerasrestore.models.recomputed_block import recomputed

    way, batch = map(int, args.child)
    accumulate, recompute = list(WAYS.values())[way]
    model = DANet(size=args.size, dtype=args.dtype)
    with recomputed(model) if recompute else nullcontext():
        if args.compiled:
            return compiled(model, batch, args.patch, accumulate)
        return measured(model, batch, args.patch, accumulate)


def compiled(model, batch, side, accumulate):
    """The bytes of all buffers of the compiled step."""
    import jax
    import keras

    from kerasrestore.training.loop.jax_accumulation import JaxAccumulation

    compile_model(model)
    take_step = model.train_step
    if accumulate > 1:
        take_step = JaxAccumulation(model, batch, accumulate, lambda tree: tree)
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    state = keras.tree.map_structure(
        lambda x: jax.ShapeDtypeStruct(tuple(x.shape), x.dtype),
        tuple([variable.value for variable in group] for group in groups),
    )
    patches = jax.ShapeDtypeStruct((batch, side, side, 3), "float32")
    step = jax.jit(
        lambda state, data: take_step(state, data)[1], donate_argnums=0
    )
    found = step.lower(state, (patches, patches)).compile().memory_analysis()
    return (
        found.temp_size_in_bytes
        + found.argument_size_in_bytes
        + found.output_size_in_bytes
        - found.alias_size_in_bytes
    )


def measured(model, batch, side, accumulate):
    """The peak of resident memory of two steps, less that before them."""
    from kerasrestore.inference.memory import peak_bytes
    from kerasrestore.training.distribution.distribution import Distribution
    from kerasrestore.training.loop.training_loop import TrainingLoop
    from kerasrestore.training.patches.host_patches import HostPatches

    compile_model(model)
    patches = HostPatches(Patches(batch, side), 2)
    steps = Distribution().compiled_steps(model, patches, batch, accumulate)
    before = peak_bytes()
    TrainingLoop(steps, 1).run(0, 2)
    patches.close()
    return peak_bytes() - before


def compile_model(model):
    import keras

    model.compile(
        keras.optimizers.Adam(1e-4),
        "mse",
        jit_compile=keras.config.backend() == "jax",
    )
    model.optimizer.build(model.trainable_variables)
    model(keras.ops.zeros((1, 16, 16, 3)))


def main():
    args = parse()
    if args.child:
        print(child(args))
        return
    sizes = [int(size) for size in args.batches.split(",")]
    sizes = [args.batch] if args.compiled else sizes
    for way in map(int, args.ways.split(",")):
        found = []
        for size in sizes:
            done = subprocess.run(
                [
                    sys.executable,
                    *(__file__, *sys.argv[1:], "--child", str(way), str(size)),
                ],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            )
            if done.returncode:
                sys.exit(done.stderr)
            found.append(int(done.stdout.split()[-1]))
        text = ", ".join(
            f"{peak / 1e9:.2f} GB for {size}"
            for size, peak in zip(sizes, found, strict=True)
        )
        if len(sizes) > 1:
            rise = (found[-1] - found[-2]) / (sizes[-1] - sizes[-2])
            reckoned = found[-1] + rise * (args.batch - sizes[-1])
            text += f"; reckoned {reckoned / 1e9:.1f} GB for {args.batch}"
        print(f"{list(WAYS)[way]}: {text}", flush=True)


if __name__ == "__main__":
    main()
