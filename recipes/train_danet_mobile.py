"""Trains DANetMobile, the phone student, as a denoiser.

python recipes/train_danet_mobile.py --data BSD400 --validation BSD32_val \
    --out runs/color_blind --steps 40000

Killed and started again with the same command, it goes on where it was.
"""

from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings, numbers


def options(add):
    add("--sigma-input", action="store_true", help="sigma is a second input")
    add("--widths", default="48,128", help="channels a level")
    add("--encoder-blocks", default="1", help="residual blocks a level, down")
    add("--middle-blocks", type=int, default=2, help="blocks at the bottom")
    add("--decoder-blocks", default="2", help="residual blocks a level, up")


def settings(args, task):
    # No paper's: what gave the shipped presets.
    return Settings(
        steps=40_000,
        patch_size=64,
        loss="log_mse",
        learning_rate=7e-4,
        schedule="trapezoid",
        warmup=200,
        halve_every=None,
        ema=0.999,
        clip_norm=3.0,
    )


def build(args, task, channels):
    from kerasrestore.models import DANetMobile

    return DANetMobile(
        task=args.task,
        channels=channels,
        widths=numbers(args.widths),
        encoder_blocks=numbers(args.encoder_blocks),
        middle_blocks=args.middle_blocks,
        decoder_blocks=numbers(args.decoder_blocks),
        sigma_input=args.sigma_input,
        dtype=args.dtype,
    )


RECIPE = Recipe(
    __file__,
    __doc__.splitlines()[0],
    {"denoise": "0,55"},
    settings,
    build,
    options,
)

if __name__ == "__main__":
    RECIPE.run()
