"""Makes the most of a short loan of an accelerator: one training that fits.

Here, where there is a network:

python recipes/accelerator_window.py --plan photo --data open_photos \
    --validation open_photos_val --pack packed

There, where there may be none, in the folder that was packed:

sh packed/train.sh --plan photo --minutes 12 --out result

The folder `result` then is a run folder of a few small files, which
recipes/make_preset.py and --start take. What follows -- goes to the recipe.
"""

import argparse
import math
import os
import runpy
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLANS = HERE / "plans" / "accelerator.toml"
# Where --pack puts the images, and a run or preset to start from that is not
# in the package.
IMAGES = HERE.parent / "images"
START = HERE.parent / "start"


def parse(argv):
    """The arguments, and those after `--`."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="What follows -- is added to the arguments of the recipe.",
    )
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--list", action="store_true", help="list the plans")
    what.add_argument("--plan", metavar="NAME", help="what to train")
    add(
        "--minutes",
        type=float,
        help="length of the loan, from the start of this command to its end",
    )
    add(
        "--data",
        default=IMAGES / "train",
        help="folder of training images (default: those packed)",
    )
    add(
        "--validation",
        default=IMAGES / "validation",
        help="folder of validation images (default: those packed)",
    )
    add(
        "--start",
        default=START if START.is_dir() else None,
        metavar="PRESET",
        help="preset or run folder to start from, none: random weights "
        "(default: the one packed, or the plan's)",
    )
    add("--out", help="new folder for what is to be brought back")
    add(
        "--scratch",
        help="folder for the training run with its checkpoint (default: a "
        "temporary one, deleted in the end)",
    )
    add(
        "--pack",
        metavar="DIR",
        help="instead of training, put all into DIR that a machine without "
        "network needs: libraries, package, images",
    )
    argv = sys.argv[1:] if argv is None else list(argv)
    end = argv.index("--") if "--" in argv else len(argv)
    args = parser.parse_args(argv[:end])
    if args.plan and not args.pack:
        for name in ("minutes", "out"):
            if getattr(args, name) is None:
                parser.error(f"--{name} is needed to train")
        if not 0 < args.minutes < math.inf:
            parser.error(f"--minutes must be above 0, got {args.minutes}.")
    return args, argv[end + 1 :]


def main(argv=None):
    args, extra = parse(argv)
    from kerasrestore.training.window.window_plan import WindowPlan

    plans = WindowPlan.read_all(PLANS)
    if args.list:
        for plan in plans.values():
            print(f"{plan.name:<12}{plan.about}")
        return
    if args.plan not in plans:
        raise ValueError(
            f"There is no plan {args.plan!r}; choose from {', '.join(plans)}."
        )
    plan = plans[args.plan]
    if args.pack:
        from kerasrestore.training.window.pack import pack

        pack(
            args.pack,
            HERE,
            data=args.data,
            validation=args.validation,
            start=args.start or plan.start,
            scales=plan.scales,
        )
        return
    words = plan.words(args.data, args.validation, args.start, extra)
    with tempfile.TemporaryDirectory() as temporary:
        train(args, plan, words, args.scratch or temporary)


def train(args, plan, words, scratch):
    from kerasrestore.training.window.window_clock import WindowClock

    # Loading the libraries takes time of the loan too.
    clock = WindowClock(60 * args.minutes)
    from kerasrestore.inference.memory import keep_freed_memory
    from kerasrestore.training.window.compilation_cache import (
        keep_compiled,
    )
    from kerasrestore.training.window.training_window import TrainingWindow

    keep_freed_memory()
    keep_compiled(Path(scratch) / "compiled")
    recipe = runpy.run_path(str(HERE / plan.recipe))["RECIPE"]

    def say(text):
        print(text, flush=True)

    say(f"{plan.name}: {plan.about}, {args.minutes:g} minutes")
    TrainingWindow(recipe, words, clock, args.out, scratch, say).run()


if __name__ == "__main__":
    # Before Keras is loaded.
    os.environ.setdefault("KERAS_BACKEND", "jax")
    try:
        main()
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
