"""Trains RNAN, the paper's network or that of the released code.

python recipes/train_rnan.py --data DIV2K --validation BSD32_val \
    --out runs/rnan_sigma50 --setting 50

If interrupted, restart it with the same command: it resumes.
"""

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings

TASKS = {
    "denoise": "50",
    "demosaic": "GRBG",
    "jpeg": "10",
    "super_resolution": "2",
}


def options(add):
    add(
        "--released",
        action="store_true",
        help="network and training of the released code: values in 0..255, "
        "L1 loss for super_resolution",
    )
    add("--local-blocks", type=int, default=8, help="local attention blocks")
    add("--nonlocal-blocks", type=int, default=2, help="non-local blocks")
    add("--features", type=int, default=64, help="channels")


def settings(args, task):
    # Section 3.4 of the paper: 16 patches of 48x48, 1e-4 halved every
    # 200,000 steps. The numbers of steps are those of the released scripts,
    # which use L2, as the paper does, except for super-resolution.
    enlarges = task.scale > 1
    return Settings(
        steps=3_000_000 if enlarges else 1_300_000,
        loss="l1" if enlarges and args.released else "l2",
        patch_size=48 * task.scale,
        validation_crop=96 * task.scale,
    )


def build(args, plan):
    return plan.construct(
        {"--released": ("released", args.released)},
        local_blocks=args.local_blocks,
        nonlocal_blocks=args.nonlocal_blocks,
        features=args.features,
    )


RECIPE = Recipe(
    __file__,
    __doc__.splitlines()[0],
    TASKS,
    settings,
    build,
    options,
    gray=("jpeg",),
    quantized=("denoise",),
    network="RNAN",
)

if __name__ == "__main__":
    RECIPE.run()
