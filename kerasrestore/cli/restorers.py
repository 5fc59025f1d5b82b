"""Loads the restorer for a command."""

import argparse
import contextlib
import os
import sys
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


def load_restorer(
    preset,
    runtime,
    channels=3,
    task=None,
    scale=None,
    quantization=None,
    model=None,
):
    """Loads a restorer.

    Args:
        preset: name or folder of a preset; `None` for the default one.
        runtime: `"litert"` or `"keras"`.
        channels: channels of the default preset, 3 or 1.
        task: task of the default preset, or several, separated by commas;
            `None` for denoising, or any task of a given model.
        scale: upscaling factor of the default preset; `None` for any.
        quantization: which file of the preset LiteRT runs; float16 by
            default.
        model: path of a `.tflite`, in place of a preset.

    Returns:
        A `LiteRTRestorer` or `Restorer`, or a `RestorerChain`.

    Raises:
        ValueError: if the preset or file is missing or damaged, or options
            contradict each other.
    """
    if model is not None:
        if runtime == "keras" or quantization is not None:
            raise ValueError(
                f"{model} runs through LiteRT, with its own quantization; "
                "leave --runtime keras and --quantization out."
            )
        return _checked(load_tflite(model), task, scale)
    if preset is not None:
        found = _load((preset,), runtime, quantization)
        return _checked(found, task, scale)
    from kerasrestore.litert.load_restorer import preset_names

    names = preset_names(task or "denoise", channels, scale)
    return _load(names, runtime, quantization)


def _checked(restorer, task, scale):
    """A restorer that was named, if it does what is asked for."""
    if task not in (None, restorer.task):
        raise ValueError(
            f"{restorer.name} is made for {restorer.task}, not for {task}; "
            "leave --task out or choose another model."
        )
    if scale not in (None, restorer.scale):
        raise ValueError(
            f"{restorer.name} has scale {restorer.scale}, not {scale}; leave "
            "--scale out or choose another model."
        )
    return restorer


def _load(names, runtime, quantization):
    from kerasrestore.litert.load_restorer import chained, load_presets

    if runtime == "litert":
        with quiet_stderr():
            return load_presets(names, quantization)
    if quantization is not None:
        raise ValueError(
            "--quantization selects a file for LiteRT; leave it or "
            "--runtime keras out."
        )
    # XLA, which compiles attention, would log to the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with quiet_stderr():
            from kerasrestore.models.restorer import Restorer

            return chained(Restorer.from_preset(name) for name in names)
    except ImportError as error:
        raise ValueError(
            f"The keras runtime cannot be loaded ({error}); install what "
            "is missing or leave --runtime out."
        ) from error


def load_tflite(path):
    """Loads a `.tflite` file with its sidecar as a `LiteRTRestorer`."""
    from kerasrestore.litert.litert_restorer import LiteRTRestorer

    with quiet_stderr():
        return LiteRTRestorer(path)


@contextlib.contextmanager
def quiet_stderr():
    """Discards what LiteRT and TensorFlow write to the process's standard
    error directly, bypassing Python."""
    if sys.stderr is None:  # closed
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
