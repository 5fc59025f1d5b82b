"""Trains PANet: the paper's 80 blocks, PANet-S (`--blocks 8`) or PA-EDSR.

python recipes/train_panet.py --data DIV2K --validation BSD32_val \
    --out runs/panet_sigma50 --setting 50

Killed and started again with the same command, it goes on where it was. On a
CPU the attention takes nine tenths of a step of PANet-S; training the rest
first, with `--attention none`, and then all of it with `--start` and the
folder of the first training, sees ten times as many patches in its time.
"""

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings

TASKS = {
    "denoise": "50",
    "demosaic": "GRBG",
    "jpeg": "10",
    "super_resolution": "2",
}


# Factor of the first values of an attention that is put between trained
# layers. Not 0, where its PReLU has no gradient.
SMALL = 0.01


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

    model = PANet(
        task=args.task,
        channels=channels,
        num_blocks=args.blocks,
        scale=task.scale,
        attention=() if args.attention == "none" else args.attention,
        features=args.features,
        dtype=args.dtype,
    )
    if args.start and model.attention:
        # An attention that the start lacks has small initial weights, so that
        # what the other layers have learned is kept. One that it has replaces
        # this.
        layer = model.get_layer(f"attention_{args.attention}")
        for weights in (layer.value.kernel, layer.value.bias):
            weights.assign(weights * SMALL)
    return model


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
