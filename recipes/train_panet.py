"""Trains PANet: the paper's 80 blocks, PANet-S (`--blocks 8`) or PA-EDSR.

python recipes/train_panet.py --data DIV2K --validation BSD32_val \
    --out runs/panet_sigma50 --setting 50

If interrupted, restart it with the same command: it resumes.

On a CPU the attention takes nine tenths of a step of PANet-S. Training first
without it (`--attention none`), then the whole network from that run
(`--start FOLDER`), processes ten times as many patches in the same time.
"""

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings

TASKS = {
    "denoise": "50",
    "demosaic": "GRBG",
    "jpeg": "10",
    "super_resolution": "2",
}
# Factor on the initial weights of an attention that is inserted between
# trained layers. Not 0, where its PReLU has no gradient.
SMALL = 0.01


def options(add):
    add("--blocks", type=int, help="residual blocks: 80, 8 for PANet-S")
    add("--features", type=int, help="channels: 64, 256 for PA-EDSR")
    add(
        "--attention",
        choices=("pre", "mid", "post", "none"),
        default="mid",
        help="position of the pyramid attention (default: %(default)s); "
        "several of them: --model attention=pre,mid,post",
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


def build(args, plan):
    attention = () if args.attention == "none" else (args.attention,)
    model = plan.construct(
        num_blocks=args.blocks, attention=attention, features=args.features
    )
    if plan.options.start:
        # If an attention is not among the weights of --start, it begins with
        # small ones, so that it does not disturb the trained layers. If it
        # is, its weights are loaded afterwards.
        for position in model.attention:
            layer = model.get_layer(f"attention_{position}")
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
    quantized=("denoise",),
    network="PANet",
    renamed={"num_blocks": "blocks"},
)

if __name__ == "__main__":
    RECIPE.run()
