"""From a Keras model to a checked `.tflite` with its sidecar."""

import json
import os
import tempfile
from pathlib import Path

import keras
import numpy as np

from kerasrestore.export.calibration import calibration_set, feature_ranges
from kerasrestore.export.check import compare, warn_of_shapes
from kerasrestore.export.fake_quantization import is_marked
from kerasrestore.export.inference_graph import (
    IMAGE,
    RESTORED,
    SIGMA,
    convert_graph,
    inference_graph,
    input_specs,
)
from kerasrestore.export.integer_graph import IntegerGraph
from kerasrestore.export.tflite_bytes import with_byte_images, with_wide_biases
from kerasrestore.inference.tile_choice import context, pair
from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.litert.sidecar import FORMAT, sidecar_path
from kerasrestore.litert.tflite_graph import TFLiteGraph
from kerasrestore.models.presets import file_sha256
from kerasrestore.version import __version__

BITS = {"int8": 8, "int16x8": 16}
KINDS = ("float32", "float16", "dynamic", *BITS)
TYPES = ("float32", "uint8")
# Side of the tile where none is given, and where the file takes any.
TILE = 384
# Noise levels that a denoiser is for where none are given.
SIGMA_RANGE = (0.0, 55.0)


def export_tflite(
    model,
    path,
    *,
    to="float32",
    io="float32",
    tile=TILE,
    calibration=None,
    sigma_range=None,
    license="",
    quality=None,
):
    """Writes a model as `.tflite` with its sidecar.

    The file has static shapes and built-in operations alone, and a signature
    `image` (and `sigma`) -> `restored`: what LiteRT's CompiledModel and
    LiteRT.js ask for. It gets its name only after LiteRT has loaded it and
    given the pixels that Keras gives, as nearly as its kind of numbers
    allows.

    `"int8"` computes convolutions and what lies between them in 8 bits, with
    one range for each output channel's weights; `IntegerGraph` tells what
    stays in float32. A `QuantizeAware` model keeps the ranges that it was
    trained with; for others, ranges are taken from `calibration`.

    Args:
        model: a `Restorer` on the TensorFlow backend.
        path: file to write, ending in `.tflite`; the sidecar gets the same
            name ending in `.json`.
        to: `"float32"`; `"float16"`, weights of half the size; `"dynamic"`,
            weights of 8 bits, features rounded as they come; `"int8"`;
            `"int16x8"`, features of 16 bits and weights of 8.
        io: `"float32"`, or `"uint8"` for bytes as in image files.
        tile: side of the square tile or `(height, width)`, in pixels,
            context included; or `"dynamic"` for a file that takes any size
            but runs in Python alone.
        calibration: folder of clean training images, or a `CalibrationSet`;
            for `"int8"` and `"int16x8"`.
        sigma_range: lowest and highest noise level of the training, 0..255
            scale; 0 to 55 for denoisers unless given. Other tasks have none:
            the sidecar then holds `[0, 0]`.
        license: licence of the weights.
        quality: measured figures for the sidecar.

    Returns:
        The sidecar as a dictionary.

    Raises:
        ValueError: if an argument is out of its range or does not fit the
            model, the model does not compute in float32, the backend is not
            TensorFlow, the folder is missing, the model needs operations
            that are not built in, or the converted model does not pass the
            check.

    Example:
    >>> import tempfile
    >>> from kerasrestore import DANetMobile
    >>> model = DANetMobile(widths=(8, 16), name="small")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sidecar = export_tflite(model, f"{folder}/small.tflite", tile=96)
    >>> sidecar["tile"], sidecar["quantization"]
    ([96, 96], 'float32')
    """
    path = Path(path)
    sigma_range = _sigma_range(model, sigma_range)
    dynamic = isinstance(tile, str) and tile == "dynamic"
    tile = pair(TILE if dynamic else tile)
    _check(model, path, to, io, tile, dynamic)
    sides = (None, None) if dynamic else tile
    concrete = _trace(model, sides) if dynamic else inference_graph(model, tile)
    marked = is_marked(concrete)
    tiles = _calibration(model, to, marked, calibration)
    content = _convert(model, concrete, to, io, tile, tiles, sigma_range)
    method = "none" if to in ("float32", "float16") else "post_training"
    return write_tflite(
        model,
        path,
        content,
        to=to,
        method="quantization_aware" if marked else method,
        io=io,
        tile=tile,
        dynamic=dynamic,
        tiles=tiles,
        sigma_range=sigma_range,
        license=license,
        quality=quality,
    )


def write_tflite(
    model,
    path,
    content,
    *,
    to,
    method,
    io="float32",
    tile=TILE,
    dynamic=False,
    tiles=None,
    sigma_range=None,
    license="",
    quality=None,
):
    """Writes a converted model with its sidecar, once it has proved right.

    Args:
        model: the `Restorer` that it was made from.
        path: file to write, ending in `.tflite`.
        content: the `.tflite` as bytes.
        to: its numbers, see `export_tflite`.
        method: how they came about: `"none"`, `"post_training"` or
            `"quantization_aware"`.
        io: `"float32"` or `"uint8"`.
        tile: side of the tile or `(height, width)`, in pixels.
        dynamic: whether the file takes any size.
        tiles: `CalibrationSet` that ranges were taken from, if any.
        sigma_range: as in `export_tflite`.
        license: licence of the weights.
        quality: measured figures for the sidecar.

    Returns:
        The sidecar as a dictionary.

    Raises:
        ValueError: if LiteRT cannot run the model, or does not give what
            Keras gives.
    """
    path, tile = Path(path), pair(tile)
    sigma_range = _sigma_range(model, sigma_range)
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=".export-"
    ) as folder:
        temporary = Path(folder) / path.name
        temporary.write_bytes(content)
        graph = TFLiteGraph(temporary)
        warn_of_shapes(graph, dynamic, model.name)
        types = dict.fromkeys((IMAGE, RESTORED), io)
        if model.sigma_input:
            types[SIGMA] = "float32"
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
            "halo": _halo(model, tile),
            "tile": list(tile),
            **({"dynamic": True} if dynamic else {}),
            "border": "reflect",
            "rounding": "float32, half to even",
            "sigma_input": model.sigma_input,
            "sigma_range": list(sigma_range),
            "quantization": to,
            "quantization_method": method,
            "io": types,
            "macs": model.count_macs(*tile),
            "memory_bytes": model.memory_forecast(*tile),
            "op_counts": graph.op_counts(),
            "sha256": file_sha256(temporary),
            "license": license,
            "quality": quality or {},
            "versions": _versions(),
        }
        _write_sidecar(temporary, sidecar)
        exported = _load(temporary, model.name, to)
        image, sigma = _check_input(model, tile, tiles, sigma_range)
        compare(model, exported, to, image, sigma)
        sidecar["self_test"] = exported.make_self_test()
        _write_sidecar(temporary, sidecar)
        # Without its sidecar a model is refused, so that a kill between the
        # two leaves nothing that looks whole and is not.
        sidecar_path(path).unlink(missing_ok=True)
        os.replace(temporary, path)
        os.replace(sidecar_path(temporary), sidecar_path(path))
    return sidecar


def _sigma_range(model, given):
    if model.task != "denoise":
        return (0.0, 0.0)
    return SIGMA_RANGE if given is None else tuple(given)


def _check(model, path, to, io, tile, dynamic):
    """Raises ValueError with the first argument that does not fit."""
    if to not in KINDS:
        raise ValueError(
            f"to is one of {', '.join(map(repr, KINDS))}, got {to!r}."
        )
    if io not in TYPES:
        raise ValueError(f"io is 'float32' or 'uint8', got {io!r}.")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "The TFLite converter reads TensorFlow graphs, the backend is "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow."
        )
    if model.compute_dtype != "float32":
        raise ValueError(
            f"{model.name} computes in {model.compute_dtype}, the file is made "
            "from float32; build the model without dtype and load its weights."
        )
    if path.suffix != ".tflite":
        raise ValueError(f"The file ends in .tflite, got {path.name}.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent}; make it first.")
    if dynamic and to == "int16x8":
        raise ValueError(
            "An int16x8 file has a fixed tile; give one or leave tile out."
        )
    halo = _halo(model, tile)
    if any(side % model.size_multiple for side in tile) or (
        min(tile) <= 2 * halo
    ):
        raise ValueError(
            f"A tile of {tile[1]}x{tile[0]} does not fit {model.name}: sides "
            f"are multiples of {model.size_multiple} and more than "
            f"{2 * halo}."
        )


def _halo(model, tile):
    if model.halo is not None:
        return model.halo
    # What every runtime takes where no context is exact.
    return context(model, "auto", min(tile))[0]


def _trace(model, sides):
    """The graph for any size, where the model has one."""
    try:
        return inference_graph(model, sides)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{model.name} has to know the sizes of its features and takes no "
            "dynamic tile; give one in pixels."
        ) from error


def _calibration(model, to, marked, calibration):
    """The set that ranges are taken from, `None` where none is needed."""
    if marked and to != "int8":
        raise ValueError(
            f"{model.name} was trained for int8 and is no {to} model; export "
            "it with to='int8', or the model that it was made from."
        )
    if to not in BITS or marked:
        return None if calibration is None else calibration_set(calibration)
    if calibration is None:
        raise ValueError(
            f"{to} takes the ranges of features from training images; give "
            "calibration (--data), a folder of clean ones."
        )
    return calibration_set(calibration)


def _convert(model, concrete, to, io, tile, tiles, sigma_range):
    specs = input_specs(model, concrete.inputs[0].shape[1:3])
    definition = concrete.graph.as_graph_def()
    output = concrete.outputs[0].name
    if to in BITS and not is_marked(concrete):
        image = IMAGE if io == "uint8" else None
        graph = IntegerGraph(concrete, BITS[to], image)
        ranges = feature_ranges(
            graph.definition,
            specs,
            graph.points,
            _inputs(model, tile, tiles, sigma_range, io),
            BITS[to],
        )
        definition, output = graph.marked(ranges)
    content = convert_graph(definition, specs, output, name=model.name, to=to)
    if to == "int16x8":
        content = with_wide_biases(content)
    return with_byte_images(content) if io == "uint8" else content


def _inputs(model, tile, tiles, sigma_range, io):
    """Inputs of the graph for calibration."""
    for noisy, strength in tiles.tiles(model, tile, sigma_range):
        image = noisy
        if io == "uint8":
            white = np.float32(255)
            image = np.rint(noisy.clip(0, 1) * white) / white
        yield (image, strength) if model.sigma_input else (image,)


def _load(path, name, to):
    try:
        return LiteRTRestorer(path, trial=False)
    except ValueError as error:
        reason = str(error).partition("(")[2].rpartition(")")[0]
        raise ValueError(
            f"{name} cannot be {to}: LiteRT does not run what it was "
            f"converted to ({reason or error}); choose other numbers."
        ) from error


def _check_input(model, tile, tiles, sigma_range):
    """A tile that the ranges were not taken from, or one of noise."""
    if tiles is not None:
        start = tiles.count
        image, strength = next(tiles.tiles(model, tile, sigma_range, start))
        return image, strength[0] if model.sigma_input else None
    rng = np.random.default_rng(0)
    image = rng.random((1, *tile, model.channels), np.float32)
    sigma = np.float32(np.mean(sigma_range)) if model.sigma_input else None
    return image, sigma


def _write_sidecar(tflite, sidecar):
    # Python alone reads NaN and Infinity back; they are no JSON.
    text = json.dumps(sidecar, indent=1, allow_nan=False) + "\n"
    sidecar_path(tflite).write_text(text, encoding="utf-8")


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
