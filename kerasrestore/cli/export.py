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
        help="folder that a training recipe wrote, in the place of a preset",
    )
    parser.add_argument(
        "--to",
        choices=KINDS,
        default="float32",
        help="numbers that it computes with (default: float32)",
    )
    parser.add_argument(
        "--tile",
        type=_tile,
        default=384,
        metavar="SIDE|HxW|dynamic",
        help="size of its input in pixels, context included (default: 384); "
        "dynamic takes any size and runs in Python alone",
    )
    parser.add_argument(
        "--io",
        choices=("float32", "uint8"),
        default="float32",
        help="floats, or bytes as in image files (default: float32)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of clean training images, for int8 and int16x8",
    )
    parser.set_defaults(run=run)


def run(args):
    if args.output.suffix != ".tflite":
        raise ValueError(f"The file ends in .tflite, got {args.output.name}.")
    if args.preset is not None and args.training is not None:
        raise ValueError("A model comes from --preset or from --run, not both.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from kerasrestore.cli.restorers import hushed

    # The converter talks to the terminal, past Python.
    with warnings.catch_warnings(record=True) as noted, hushed():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        sidecar = _export(args)
    for note in noted:
        if "delegates" in str(note.message):
            print(f"Note: {note.message}")
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
            f"a side in pixels, HEIGHTxWIDTH or dynamic is wanted, got {text!r}"
        )
    return tuple(int(side) for side in (sides * 2)[:2])


def _export(args):
    from kerasrestore.export.tflite import export_tflite

    model, facts = _model(args)
    return export_tflite(
        model,
        args.output,
        to=args.to,
        io=args.io,
        tile=args.tile,
        calibration=args.data,
        **facts,
    )


def _model(args):
    """The model, and what its sidecar tells of its training."""
    if args.training is not None:
        from kerasrestore.training.load_run import load_run

        model, run = load_run(args.training)
        return model, {"sigma_range": run.sigma_range}
    from kerasrestore.models.presets import default_preset, find_preset
    from kerasrestore.models.restorer import Restorer

    preset = find_preset(args.preset or default_preset())
    return Restorer.from_preset(args.preset or preset.name), {
        "sigma_range": preset.card.get("sigma_range", (0, 55)),
        "license": preset.license,
    }
