"""The options of commands that choose a restorer."""

import argparse
from pathlib import Path

from kerasrestore.models.presets import KINDS


def add_runtime_options(parser):
    """Adds --preset or --model, --runtime and --quantization.

    Returns:
        The group of the first two, so that alternatives can be added.
    """
    models = parser.add_mutually_exclusive_group()
    models.add_argument(
        "--preset",
        metavar="NAME",
        help="trained model, by name or folder (default: the one for gray or "
        "colour images; `kerasrestore presets` lists them)",
    )
    models.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help=".tflite file with its sidecar next to it",
    )
    parser.add_argument(
        "--runtime",
        choices=("litert", "keras"),
        default="litert",
        help="runtime of the model (default: litert, which starts faster)",
    )
    parser.add_argument(
        "--quantization",
        choices=KINDS,
        help="which file of the preset LiteRT runs (default: float16)",
    )
    return models


def add_tile_options(parser):
    """Adds --tile and --overlap."""
    parser.add_argument(
        "--tile",
        type=_pixels,
        default="auto",
        metavar="auto|N",
        help="side of the tiles in pixels, with --runtime keras",
    )
    parser.add_argument(
        "--overlap",
        type=_pixels,
        default="auto",
        metavar="auto|N",
        help="context on each side of a tile in pixels; less than auto is "
        "faster, tiles are then blended into each other",
    )


def _pixels(text):
    if text == "auto":
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a number of pixels or auto, got {text!r}"
        ) from None
