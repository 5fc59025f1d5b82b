"""Trains DANetMobile, the network for phones.

python recipes/train_danet_mobile.py --data BSD400 --validation BSD32_val \
    --out runs/color_blind --steps 40000
python recipes/train_danet_mobile.py --task super_resolution --setting 2 \
    --full-resolution --widths 24,64 --data open_photos \
    --validation open_photos_val --out runs/x2

If interrupted, restart it with the same command: it resumes.
"""

from kerasrestore.training.recipe.danet_mobile import (
    NETWORK,
    TASKS,
    settings_for,
)
from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import numbers

HELP = {
    "widths": "channels of each level",
    "encoder_blocks": "residual blocks of each encoder level",
    "middle_blocks": "residual blocks of the lowest level",
    "decoder_blocks": "residual blocks of each decoder level",
}


def options(add):
    add(
        "--sigma-input",
        action="store_true",
        help="noise level as a second input",
    )
    add(
        "--full-resolution",
        action="store_true",
        help="the first level has the resolution of the image, not half of it",
    )
    for name, default in NETWORK.items():
        add(
            "--" + name.replace("_", "-"),
            type=type(default),
            default=default,
            help=HELP[name] + " (default: %(default)s)",
        )


def settings(args, task):
    return settings_for(task)


def build(args, plan):
    return plan.construct(
        {
            "--sigma-input": ("sigma_input", args.sigma_input),
            "--full-resolution": ("full_resolution", args.full_resolution),
        },
        widths=numbers(args.widths),
        encoder_blocks=numbers(args.encoder_blocks),
        middle_blocks=args.middle_blocks,
        decoder_blocks=numbers(args.decoder_blocks),
    )


RECIPE = Recipe(
    __file__,
    __doc__.splitlines()[0],
    TASKS,
    settings,
    build,
    options,
    network="DANetMobile",
)

if __name__ == "__main__":
    RECIPE.run()
