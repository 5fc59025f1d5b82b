"""Trains DANetMobile, the phone student, as a denoiser.

python recipes/train_danet_mobile.py --data BSD400 --validation BSD32_val \
    --out runs/color_blind --steps 40000

Killed and started again with the same command, it goes on where it was.
"""

import argparse
import json
import sys
from pathlib import Path


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--data", required=True, help="folder of training images")
    add("--validation", required=True, help="folder of validation images")
    add("--out", required=True, help="folder for checkpoint, log, weights")
    add("--sigma", default="0,55", help="noise level, or low,high")
    add("--gray", action="store_true", help="train on gray images")
    add("--sigma-input", action="store_true", help="sigma is a second input")
    add("--widths", default="48,128", help="channels a level")
    add("--encoder-blocks", default="1", help="residual blocks a level, down")
    add("--middle-blocks", type=int, default=2, help="blocks at the bottom")
    add("--decoder-blocks", default="2", help="residual blocks a level, up")
    add("--steps", type=int, default=40000, help="training steps")
    add("--batch-size", type=int, default=16, help="patches a step")
    add("--patch-size", type=int, default=64, help="side of a patch")
    add("--loss", default="log_mse", help="log_mse, l2 or l1")
    add("--learning-rate", type=float, default=7e-4, help="highest rate")
    add(
        "--schedule",
        default="trapezoid",
        help="trapezoid, cosine, step or constant",
    )
    add("--warmup", type=int, default=200, help="steps of warm-up")
    add("--decay", type=int, help="steps of a trapezoid's way down")
    add("--halve-every", type=int, help="steps between halvings of step")
    add("--ema", type=float, default=0.999, help="weights' average, 0: none")
    add(
        "--clip-norm",
        type=float,
        default=3.0,
        help="bound on the gradient's norm, 0: none",
    )
    add(
        "--dtype",
        default="float32",
        help="float32, mixed_bfloat16 or mixed_float16",
    )
    add("--seed", type=int, default=0, help="seed of weights and patches")
    add("--validate-every", type=int, default=1000, help="steps")
    add("--tensorboard", action="store_true", help="write its events")
    add("--quiet", action="store_true", help="show no progress")
    return parser.parse_args(argv)


def numbers(text, kind=int):
    return tuple(kind(value) for value in text.split(",") if value)


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    args = parse(argv)

    import keras

    from kerasrestore.data import PatchSampler
    from kerasrestore.models.danet.danet_mobile import DANetMobile
    from kerasrestore.tasks import Denoise
    from kerasrestore.training import DenoiseValidation, fit, open_run

    keras.utils.set_random_seed(args.seed)
    channels = 1 if args.gray else 3
    sigma = numbers(args.sigma, float)
    task = Denoise(sigma if len(sigma) == 2 else sigma[0])
    model = DANetMobile(
        task="denoise",
        channels=channels,
        widths=numbers(args.widths),
        encoder_blocks=numbers(args.encoder_blocks),
        middle_blocks=args.middle_blocks,
        decoder_blocks=numbers(args.decoder_blocks),
        sigma_input=args.sigma_input,
        dtype=args.dtype,
    )
    sampler = PatchSampler(
        args.data,
        task,
        channels=channels,
        patch_size=args.patch_size,
        batch_size=args.batch_size,
        seed=args.seed,
    )
    open_run(args.out, Path(__file__).name, vars(args), model)
    best = fit(
        model,
        sampler,
        args.out,
        steps=args.steps,
        validate=DenoiseValidation(args.validation, channels),
        validate_every=args.validate_every,
        learning_rate=args.learning_rate,
        schedule=args.schedule,
        warmup=args.warmup,
        decay=args.decay,
        halve_every=args.halve_every,
        loss=args.loss,
        ema=args.ema,
        clip_norm=args.clip_norm or None,
        tensorboard=args.tensorboard,
        progress=not args.quiet,
    )
    print(json.dumps(best))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
