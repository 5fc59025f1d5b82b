"""Trains PANet: the paper's 80 blocks, PANet-S (`--blocks 8`) or PA-EDSR.

python recipes/train_panet.py --data DIV2K --validation BSD32_val \
    --out runs/panet_sigma50 --setting 50

Killed and started again with the same command, it goes on where it was.
"""

from kerasrestore.training.recipe import Recipe
from kerasrestore.training.settings import Settings

TASKS = {
    "denoise": "50",
    "demosaic": "GRBG",
    "jpeg": "10",
    "super_resolution": "2",
}


def options(add):
    add("--blocks", type=int, help="residual blocks: 80, 8 for PANet-S")
    add("--features", type=int, help="channels: 64, 256 for PA-EDSR")
    add(
        "--attention",
        choices=("pre", "mid", "post", "none"),
        default="mid",
        help="where pyramid attention works; mid if left out",
    )


def settings(args, task):
    # Sections 3.4 and 4.2 of the paper: L1, 16 patches of 48x48, 1e-4 halved
    # every 200 epochs. That these are 1,000 of 1,000 steps, and that the low-
    # resolution patches of super-resolution are those of 48x48, is from the
    # released scripts.
    return Settings(
        steps=1_000_000,
        loss="l1",
        patch_size=48 * task.scale,
        validation_crop=96 * task.scale,
    )


def build(args, task, channels):
    from kerasrestore.models import PANet

    return PANet(
        task=args.task,
        channels=channels,
        num_blocks=args.blocks,
        scale=task.scale,
        attention=() if args.attention == "none" else args.attention,
        features=args.features,
        dtype=args.dtype,
    )


RECIPE = Recipe(
    __file__,
    __doc__.splitlines()[0],
    TASKS,
    settings,
    build,
    options,
    gray=("jpeg",),
)

if __name__ == "__main__":
    RECIPE.run()
