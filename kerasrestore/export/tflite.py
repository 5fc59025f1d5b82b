"""From a Keras model to a checked `.tflite` with its sidecar."""

import collections
import json
import os
import re
import tempfile
from pathlib import Path

import keras
import numpy as np

from kerasrestore.export.litert_restorer import LiteRTRestorer
from kerasrestore.export.sidecar import FORMAT, sidecar_path
from kerasrestore.inference.tile_choice import pair
from kerasrestore.models.presets import file_sha256
from kerasrestore.version import __version__

# Largest difference to Keras, on the [0, 1] scale, that an exported float32
# model may show.
TOLERANCE = 1e-4


def export_tflite(
    model,
    path,
    *,
    tile=384,
    sigma_range=(0, 55),
    license="",
    quality=None,
):
    """Writes a model as float32 `.tflite` for one fixed tile.

    The file has static shapes and built-in operations alone, and a signature
    `image` (and `sigma`) -> `restored`: what LiteRT's CompiledModel and
    LiteRT.js ask for. It gets its name only after LiteRT has loaded it and
    given the pixels that Keras gives.

    Args:
        model: a `Restorer` on the TensorFlow backend.
        path: file to write, ending in `.tflite`; the sidecar gets the same
            name ending in `.json`.
        tile: side of the square tile or `(height, width)`, in pixels,
            context included.
        sigma_range: noise levels, 0..255 scale, that the model was trained
            for.
        license: licence of the weights.
        quality: measured figures for the sidecar.

    Returns:
        The sidecar as a dictionary.

    Raises:
        ValueError: if the tile does not fit the model, the model does not
            compute in float32, the backend is not TensorFlow, the folder is
            missing, the model needs operations that are not built in, or the
            converted model does not pass the check.
    """
    path = Path(path)
    tile = pair(tile)
    halo = model.halo
    if halo is None:
        halo = min(tile) // 4 // model.size_multiple * model.size_multiple
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "The TFLite converter reads TensorFlow graphs, the backend is "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow."
        )
    if model.compute_dtype != "float32":
        raise ValueError(
            f"{model.name} computes in {model.compute_dtype}, the file is "
            "float32; build the model without dtype and load its weights."
        )
    if path.suffix != ".tflite":
        raise ValueError(f"The file ends in .tflite, got {path.name}.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent}; make it first.")
    if any(side % model.size_multiple for side in tile) or (
        min(tile) <= 2 * halo
    ):
        raise ValueError(
            f"A tile of {tile[1]}x{tile[0]} does not fit {model.name}: sides "
            f"are multiples of {model.size_multiple} and more than "
            f"{2 * halo}."
        )
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=".export-"
    ) as folder:
        temporary = Path(folder) / path.name
        temporary.write_bytes(_convert(model, tile))
        sidecar = {
            "format": FORMAT,
            "name": model.name,
            "task": model.task,
            "channels": model.channels,
            "color_order": "RGB" if model.channels == 3 else "gray",
            "scale": model.scale,
            "value_range": [0.0, 1.0],
            "size_multiple": model.size_multiple,
            "receptive_field": model.receptive_field or 0,
            "halo": halo,
            "tile": list(tile),
            "border": "reflect",
            "rounding": "float32, half to even",
            "sigma_input": model.sigma_input,
            "sigma_range": list(sigma_range),
            "quantization": "float32",
            "io": {"image": "float32", "restored": "float32"},
            "macs": model.count_macs(*tile),
            "memory_bytes": model.memory_forecast(*tile),
            "op_counts": op_counts(temporary),
            "sha256": file_sha256(temporary),
            "license": license,
            "quality": quality or {},
            "versions": _versions(),
        }
        # Python alone reads NaN and Infinity back; they are no JSON.
        text = json.dumps(sidecar, indent=1, allow_nan=False) + "\n"
        sidecar_path(temporary).write_text(text, encoding="utf-8")
        _compare(model, temporary)
        # Without its sidecar a model is refused, so that a kill between the
        # two leaves nothing that looks whole and is not.
        sidecar_path(path).unlink(missing_ok=True)
        os.replace(temporary, path)
        os.replace(sidecar_path(temporary), sidecar_path(path))
    return sidecar


def op_counts(path):
    """Operations of a `.tflite`, by name, without those of delegates."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    # The interpreter has no public list of operations.
    names = [op["op_name"] for op in interpreter._get_ops_details()]
    return dict(sorted(collections.Counter(names).items()))


def _convert(model, tile):
    import tensorflow as tf

    image = tf.TensorSpec((1, *tile, model.channels), tf.float32, "image")
    low, high = model.value_range

    def run(inputs):
        restored = model(inputs, training=False)
        return {"restored": (restored - low) / (high - low)}

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            # The converter finds variables through the module alone.
            self.held = [variable.value for variable in model.variables]

    net = Net()
    if model.sigma_input:
        sigma = tf.TensorSpec((1,), tf.float32, "sigma")
        net.serve = tf.function(
            lambda image, sigma: run(
                {
                    "image": image * (high - low) + low,
                    "sigma": tf.reshape(sigma, (1, 1)),
                }
            ),
            input_signature=[image, sigma],
        )
    else:
        net.serve = tf.function(
            lambda image: run(image * (high - low) + low),
            input_signature=[image],
        )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            net, folder, signatures={"serving_default": net.serve}
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            return converter.convert()
        except Exception as error:
            # The converter's own class of errors is not public.
            missing = re.search(r"(?:Custom|Flex) ops: (.*)", str(error))
            if missing is None:
                raise
            raise ValueError(
                f"{model.name} needs {missing[1].strip()}, which is not among "
                "LiteRT's built-in operations; write it with others."
            ) from None


def _compare(model, path):
    exported = LiteRTRestorer(path)
    rng = np.random.default_rng(0)
    image = rng.random((1, *exported.fixed_tile, model.channels), np.float32)
    sigma = np.float32(25) if model.sigma_input else None
    difference = float(
        np.max(
            np.abs(
                exported.restore_tile(image, sigma)
                - model.restore_tile(image, sigma)
            )
        )
    )
    if not difference <= TOLERANCE:
        raise ValueError(
            f"The exported model differs from Keras by {difference:.2g} on "
            f"the [0, 1] scale, more than {TOLERANCE:g}; it was not kept."
        )


def _versions():
    from importlib.metadata import version

    names = ("keras", "tensorflow", "ai-edge-litert", "numpy")
    found = {"kerasrestore": __version__}
    for name in names:
        try:
            found[name] = version(name)
        except ImportError:
            # tensorflow-cpu and its kin are the same library.
            import tensorflow

            found[name] = tensorflow.__version__
    return found
