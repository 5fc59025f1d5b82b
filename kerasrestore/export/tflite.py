"""From a Keras model to a checked `.tflite` with its sidecar."""

import json
import os
import tempfile
from pathlib import Path

import keras
import numpy as np

from kerasrestore.export.calibration import calibration_set, feature_ranges
from kerasrestore.export.check import compare, warn_about_shapes
from kerasrestore.export.fake_quantization import has_fake_quant
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
# Default side of the tile, also of files that take any size.
TILE = 384
# Default noise levels of a denoiser.
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

    The file has static shapes, built-in operations only, and a signature
    `image` (and `sigma`) -> `restored`, as LiteRT's CompiledModel and
    LiteRT.js require. It is only saved after LiteRT has loaded it and its
    output has matched that of Keras, as closely as its quantization allows.

    `"int8"` computes convolutions and what lies between them in 8 bits, with
    one weight range per output channel; see `IntegerGraph` for what stays in
    float32. A `QuantizeAware` model keeps the ranges that it was trained
    with; for others, ranges are taken from `calibration`.

    Args:
        model: a `Restorer` on the TensorFlow backend.
        path: file to write, ending in `.tflite`; the sidecar gets the same
            name ending in `.json`.
        to: `"float32"`; `"float16"`, 16-bit weights; `"dynamic"`, 8-bit
            weights, features quantized at run time; `"int8"`; `"int16x8"`,
            16-bit features and 8-bit weights.
        io: `"float32"`, or `"uint8"` for bytes as in image files.
        tile: side of the square tile or `(height, width)`, in pixels,
            context included; or `"dynamic"` for a file that takes any size
            but only runs in Python.
        calibration: folder of clean training images, or a `CalibrationSet`;
            for `"int8"` and `"int16x8"`.
        sigma_range: lowest and highest noise level of the training, 0..255
            scale; 0 to 55 for denoisers by default. Other tasks have none:
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
    trained = has_fake_quant(concrete)
    tiles = _calibration(model, to, trained, calibration)
    content = _convert(model, concrete, to, io, tile, tiles, sigma_range)
    method = "none" if to in ("float32", "float16") else "post_training"
    return write_tflite(
        model,
        path,
        content,
        to=to,
        method="quantization_aware" if trained else method,
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
    """Checks a converted model and writes it with its sidecar.

    Args:
        model: the `Restorer` that it was made from.
        path: file to write, ending in `.tflite`.
        content: the `.tflite` as bytes.
        to: its quantization, see `export_tflite`.
        method: `"none"`, `"post_training"` or `"quantization_aware"`.
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
        ValueError: if LiteRT cannot run the model, or its output differs
            from that of Keras.
    """
    path, tile = Path(path), pair(tile)
    sigma_range = _sigma_range(model, sigma_range)
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=".export-"
    ) as folder:
        temporary = Path(folder) / path.name
        temporary.write_bytes(content)
        graph = TFLiteGraph(temporary)
        warn_about_shapes(graph, dynamic, model.name)
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
            "size_multiple": model.tile_multiple,
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
            "memory_bytes": model.activation_bytes(*tile),
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
        # A model without its sidecar is rejected, so that a crash between the
        # two steps leaves nothing that looks complete but is not.
        sidecar_path(path).unlink(missing_ok=True)
        os.replace(temporary, path)
        os.replace(sidecar_path(temporary), sidecar_path(path))
    return sidecar


def _sigma_range(model, given):
    if model.task != "denoise":
        return (0.0, 0.0)
    return SIGMA_RANGE if given is None else tuple(given)


def _check(model, path, to, io, tile, dynamic):
    """Raises ValueError for the first invalid argument."""
    if to not in KINDS:
        raise ValueError(
            f"to must be one of {', '.join(map(repr, KINDS))}, got {to!r}."
        )
    if io not in TYPES:
        raise ValueError(f"io must be 'float32' or 'uint8', got {io!r}.")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "The TFLite converter requires the TensorFlow backend, got "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow."
        )
    if model.compute_dtype != "float32":
        raise ValueError(
            f"{model.name} computes in {model.compute_dtype}, but export needs "
            "float32; build the model without dtype and load its weights."
        )
    if path.suffix != ".tflite":
        raise ValueError(f"The file name must end in .tflite, got {path.name}.")
    if not path.parent.is_dir():
        raise ValueError(f"{path.parent} is not a folder; create it first.")
    if dynamic and to == "int16x8":
        raise ValueError(
            "int16x8 does not support a dynamic tile; give its size in pixels "
            "or leave tile out."
        )
    halo = _halo(model, tile)
    if any(side % model.tile_multiple for side in tile) or (
        min(tile) <= 2 * halo
    ):
        raise ValueError(
            f"A tile of {tile[1]}x{tile[0]} does not fit {model.name}: sides "
            f"must be multiples of {model.tile_multiple} and more than "
            f"{2 * halo}."
        )


def _halo(model, tile):
    if model.halo is not None:
        return model.halo
    # The overlap of every runtime where no context is exact.
    return context(model, "auto", min(tile))[0]


def _trace(model, sides):
    """The graph for any size, if the model supports it."""
    try:
        return inference_graph(model, sides)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{model.name} needs static shapes and does not support a dynamic "
            "tile; give its size in pixels."
        ) from error


def _calibration(model, to, trained, calibration):
    """The calibration set, `None` if none is needed."""
    if trained and to != "int8":
        raise ValueError(
            f"{model.name} was trained for int8, not for {to}; export it with "
            "to='int8', or export the model that it was made from."
        )
    if to not in BITS or trained:
        return None if calibration is None else calibration_set(calibration)
    if calibration is None:
        raise ValueError(
            f"{to} requires training images for calibration; give calibration "
            "(--data), a folder of clean ones."
        )
    return calibration_set(calibration)


def _convert(model, concrete, to, io, tile, tiles, sigma_range):
    specs = input_specs(model, concrete.inputs[0].shape[1:3])
    definition = concrete.graph.as_graph_def()
    output = concrete.outputs[0].name
    if to in BITS and not has_fake_quant(concrete):
        image = IMAGE if io == "uint8" else None
        graph = IntegerGraph(concrete, BITS[to], image)
        ranges = feature_ranges(
            graph.definition,
            specs,
            graph.points,
            _inputs(model, tile, tiles, sigma_range, io),
            BITS[to],
        )
        definition, output = graph.with_fake_quant(ranges)
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
            f"{name} cannot be converted to {to}: LiteRT does not run the "
            f"result ({reason or error}); choose another quantization."
        ) from error


def _check_input(model, tile, tiles, sigma_range):
    """A tile that was not used for calibration, or one of noise."""
    if tiles is not None:
        start = tiles.count
        image, strength = next(tiles.tiles(model, tile, sigma_range, start))
        return image, strength[0] if model.sigma_input else None
    rng = np.random.default_rng(0)
    image = rng.random((1, *tile, model.channels), np.float32)
    sigma = np.float32(np.mean(sigma_range)) if model.sigma_input else None
    return image, sigma


def _write_sidecar(tflite, sidecar):
    # NaN and Infinity are not valid JSON; only Python reads them.
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
            # tensorflow-cpu and other variants are the same library.
            import tensorflow

            found[name] = tensorflow.__version__
    return found
