"""Loading the restorer that a command asked for."""

import contextlib
import os
import sys


def add_runtime_options(parser, models=None):
    """Adds --preset (to a group of its own, if there is one) and --runtime."""
    (models or parser).add_argument(
        "--preset",
        metavar="NAME",
        help="trained model, by name or folder (default: the one for gray or "
        "colour images; `kerasrestore presets` lists them)",
    )
    parser.add_argument(
        "--runtime",
        choices=("litert", "keras"),
        default="litert",
        help="what runs the model (default: litert, which starts at once)",
    )


def load_restorer(preset, runtime, channels=3, task="denoise"):
    """Loads a restorer.

    Args:
        preset: name or folder of a preset; `None` for the default one.
        runtime: `"litert"` or `"keras"`.
        channels: 3 or 1, which default preset is wanted.
        task: the task that the default preset has to do.

    Returns:
        A `LiteRTRestorer` or `Restorer`.
    """
    from kerasrestore.models.presets import default_preset

    name = preset or default_preset(task, channels)
    if runtime == "keras":
        try:
            with _hushed():
                from kerasrestore.models.restorer import Restorer

                return Restorer.from_preset(name)
        except ImportError as error:
            raise ValueError(
                f"The keras runtime cannot be loaded ({error}); install what "
                "is missing or leave --runtime out."
            ) from error
    from kerasrestore.export.litert_restorer import LiteRTRestorer

    with _hushed():
        return LiteRTRestorer.from_preset(name)


def load_tflite(path):
    """Loads a `.tflite` file with its sidecar as a `LiteRTRestorer`."""
    from kerasrestore.export.litert_restorer import LiteRTRestorer

    with _hushed():
        return LiteRTRestorer(path)


@contextlib.contextmanager
def _hushed():
    """Keeps the greetings of LiteRT and TensorFlow, which are written past
    Python, off the terminal."""
    if sys.stderr is None:  # closed: nobody to be kept from it
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
