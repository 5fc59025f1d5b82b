"""`kerasrestore export`: a `.tflite` with its sidecar from a trained model."""

import os
import warnings
from pathlib import Path

KINDS = ("float32", "float16", "dynamic", "int8", "int16x8")


def add_parser(commands):
    parser = commands.add_parser(
        "export",
        help="write a model as .tflite for phones",
        description="Converts a trained model, loads the file with LiteRT, "
        "compares it with Keras and writes it with its sidecar.",
    )
    parser.add_argument("output", type=Path, metavar="OUT.tflite")
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="trained model, by name or folder (default: the one for colour "
        "images; `kerasrestore presets` lists them)",
    )
    parser.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        dest="training",
        help="folder of a training run, instead of a preset",
    )
    parser.add_argument(
        "--to",
        choices=KINDS,
        default="float32",
        help="quantization of weights and activations (default: float32)",
    )
    parser.add_argument(
        "--tile",
        type=_tile,
        default=384,
        metavar="SIDE|HxW|dynamic",
        help="size of the input in pixels, context included (default: 384); "
        "dynamic takes any size but only runs in Python",
    )
    parser.add_argument(
        "--io",
        choices=("float32", "uint8"),
        default="float32",
        help="type of input and output images: floats, or bytes as in image "
        "files (default: float32)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of clean training images for calibration, required for "
        "int16x8, and for int8 unless the model was trained for it",
    )
    parser.add_argument(
        "--post-training",
        action="store_true",
        help="with int8: quantize the float weights, even if the preset has "
        "weights trained for int8",
    )
    parser.set_defaults(run=run)


def run(args):
    if args.output.suffix != ".tflite":
        raise ValueError(
            f"The file name must end in .tflite, got {args.output.name}."
        )
    if args.preset is not None and args.training is not None:
        raise ValueError("Give either --preset or --run, not both.")
    if args.post_training and (args.to != "int8" or args.training is not None):
        raise ValueError(
            "--post-training only applies to presets with --to int8; leave it "
            "out."
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from kerasrestore.quiet import quiet_stderr

    # The converter writes to the terminal, bypassing Python.
    with warnings.catch_warnings(record=True) as caught, quiet_stderr():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        sidecar = _export(args)
    for note in caught:
        if "delegates" in str(note.message):
            print(f"Note: {note.message}")
    if sidecar["quantization_method"] == "quantization_aware":
        note = "" if args.training else "; --post-training uses the float ones"
        print(f"Uses the weights and ranges trained for int8{note}.")
    size = args.output.stat().st_size
    height, width = sidecar["tile"]
    print(
        f"{args.output}: {sidecar['quantization']}, {size / 1e6:.2f} MB, tile "
        f"{width}x{height}{' or any other' if args.tile == 'dynamic' else ''}"
    )
    return 0


def _tile(text):
    """384, 256x512 (height first) or dynamic."""
    import argparse

    if text == "dynamic":
        return text
    sides = text.split("x")
    if len(sides) > 2 or not all(side.isdecimal() for side in sides):
        raise argparse.ArgumentTypeError(
            f"expected a side in pixels, HEIGHTxWIDTH or dynamic, got {text!r}"
        )
    return tuple(int(side) for side in (sides * 2)[:2])


def _export(args):
    from kerasrestore.export.export_preset import export_preset
    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.models.presets import default_preset

    options = {
        "to": args.to,
        "io": args.io,
        "tile": args.tile,
        "calibration": args.data,
    }
    if args.training is None:
        return export_preset(
            args.preset or default_preset(),
            args.output,
            post_training=args.post_training,
            **options,
        )
    from kerasrestore.training.recipe.load_run import load_run

    model, run = load_run(args.training)
    return export_tflite(
        model,
        args.output,
        sigma_range=run.task.sigma_range,
        **options,
    )
