"""Writes presets: weights, `.tflite` files, log, curve and card.

A folder is written as a whole or not at all. It is loaded by `from_preset` of
the models and of `LiteRTRestorer`.
"""

import json
import math
import shutil
from pathlib import Path

from kerasrestore.evaluation import evaluate
from kerasrestore.files import replace_folder
from kerasrestore.models.presets import (
    CARD,
    INT8_WEIGHTS,
    Preset,
    file_sha256,
)
from kerasrestore.tasks import deserialize_task, serialize_task
from kerasrestore.training.window.half_weights import write_half

WEIGHTS = "model.weights.h5"
# Arguments of a model that do not describe what was trained.
LEFT_OUT = ("name", "dtype", "trainable")


def save_preset(
    model,
    folder,
    *,
    task,
    description,
    training_data,
    license,
    tile=384,
    training=None,
    log=None,
    start_log=None,
    benchmarks=(),
    keras_tiles=None,
    default=False,
):
    """Writes a trained model as a preset with a float16 `.tflite`.

    Args:
        model: float32 `Restorer`; on the TensorFlow backend for a `.tflite`.
        folder: output folder; its name becomes the preset's. An existing one
            is replaced.
        task: `Task` that the model was trained for. Its name, degradation
            and arguments are recorded, and its `validation_tasks` are
            measured.
        description: one sentence.
        training_data: what it was trained on.
        license: terms of the weights, such as `"Apache-2.0"`.
        tile: tile of the `.tflite`, see `export_tflite`; `None` for a preset
            without one, for tasks that sidecars do not support and for
            other backends.
        training: facts about the training for the card, such as its command.
        log: its `log.csv`, stored with a plot of it.
        start_log: `log.csv` of the training that it continued from.
        benchmarks: folders of clean images to measure PSNR and SSIM on.
        keras_tiles: measures the weights with Keras rather than the
            `.tflite` with LiteRT, in tiles `{"tile": ..., "overlap": ...}`,
            see `ImageRestorer.restore`.
        default: whether it is used if no preset is given.

    Returns:
        The `Preset`.

    Raises:
        ValueError: if the model is made for another task, a benchmark cannot
            be measured, or as `export_tflite`; nothing is written then.
    """
    folder = Path(folder)
    _check_task(model, task)
    with replace_folder(folder) as new:
        card = {
            "name": folder.absolute().name,
            "model": type(model).__name__,
            "config": {
                key: value
                for key, value in model.get_config().items()
                if key not in LEFT_OUT
            },
            "task": task.name,
            "degradation": serialize_task(task),
            "channels": model.channels,
            "sigma_input": model.sigma_input,
        }
        if task.sigma_range is not None:
            card["sigma_range"] = list(task.sigma_range)
        card |= {
            "default": default,
            "description": description,
            "parameters": model.count_parameters(),
            "macs_per_pixel": model.count_macs(256, 256) / 256**2,
            "training_data": training_data,
            "license": license,
            "training": training or {},
            "psnr": {},
            "quality": {},
            "quantize_input": task.quantize_input,
            "exports": {},
            "files": {},
        }
        model.save_weights(new / WEIGHTS)
        # As in the `.tflite`; half the bytes, and no PSNR is lost.
        write_half(new / WEIGHTS, new / WEIGHTS)
        record_file(card, "weights", new / WEIGHTS)
        for role, source in (("log", log), ("start_log", start_log)):
            if source is not None:
                shutil.copyfile(source, new / f"{role}.csv")
                record_file(card, role, new / f"{role}.csv")
        if log is not None:
            from kerasrestore.training.plot_log import plot_log

            plot_log(new / "log.csv", new / "curve.png")
            record_file(card, "curve", new / "curve.png")
        by_litert = tile is not None and keras_tiles is None
        if tile is not None:
            data = benchmarks if by_litert else ()
            quality = _add_export(new, card, "float16", model, tile, task, data)
        if not by_litert:
            tiles = keras_tiles or {}
            quality = measure(model, task, benchmarks, **tiles)
        card["quality"] = quality
        card["psnr"] = _psnr(card["quality"])
        card["measured"] = {
            "runtime": "litert" if by_litert else "keras",
            **(keras_tiles or {}),
        }
        write_json(new / CARD, card)
    return Preset(folder)


def add_exports(preset, models, *, tile=None, benchmarks=(), int8_training=None,
                task=None):  # fmt: skip
    """Adds `.tflite` files of other quantizations to a preset.

    Args:
        preset: `Preset`; its folder is replaced when everything is complete.
            Existing files of the same quantizations are replaced.
        models: dictionary, `"float16"` or `"int8"` -> `Restorer`. The weights
            of a `QuantizeAware` model are kept in the preset, for exports
            with other tiles.
        tile: as in `export_tflite`; that of the preset's own file by
            default.
        benchmarks: folders of clean images to measure on, with LiteRT.
        int8_training: facts about the training for int8, for the card.
        task: the preset's `Task`, if the package does not have its class.

    Returns:
        The `Preset`.

    Raises:
        ValueError: if a model does not match the preset, or as
            `save_preset`; the preset is then unchanged.
    """
    from kerasrestore.litert.sidecar import read_sidecar

    for model in models.values():
        for key in ("task", "channels", "sigma_input"):
            if getattr(model, key) != getattr(preset, key):
                raise ValueError(
                    f"{preset.name} has {key} {getattr(preset, key)!r}, the "
                    f"training {getattr(model, key)!r}; give the training "
                    "that started from this preset."
                )
    task = task or preset_task(preset)
    tile = tile or read_sidecar(preset.tflite())["tile"]
    with replace_folder(preset.path) as new:
        shutil.copytree(preset.path, new, dirs_exist_ok=True)
        card = json.loads((new / CARD).read_text(encoding="utf-8"))
        for kind, model in models.items():
            _add_export(new, card, kind, model, tile, task, benchmarks)
            if hasattr(model, "calibrated"):
                file = new / "int8.weights.h5"
                model.save_weights(file)
                record_file(card, INT8_WEIGHTS, file)
                if int8_training is not None:
                    card["exports"][kind]["training"] = int8_training
        write_json(new / CARD, card)
    return Preset(preset.path)


def preset_task(preset):
    """The task that a preset was trained for.

    Raises:
        ValueError: as `deserialize_task`.

    Example:
    >>> from kerasrestore.models.presets import get_preset
    >>> preset = get_preset("panet_s_denoise_color_sigma50_bsd400")
    >>> preset_task(preset).get_config()
    {'sigma': [50.0, 50.0], 'quantize': True}
    """
    return deserialize_task(preset.degradation)


def measure(restorer, task, benchmarks, **options):
    """PSNR and SSIM on benchmarks, at the settings of published tables.

    Args:
        restorer: `Restorer` or `LiteRTRestorer`.
        task: `Task`; its `validation_tasks` are measured.
        benchmarks: folders of clean images.
        **options: further arguments of `evaluate`.

    Returns:
        Figures by the folder's name and the setting.

    Raises:
        ValueError: if an image cannot be measured.
    """
    quality = {}
    for data in benchmarks:
        levels = {}
        for one in task.validation_tasks():
            report = evaluate(
                restorer, one, data, gray=restorer.channels == 1, **options
            )
            if report.failed:
                failed = report.failed[0]
                raise ValueError(
                    f"{failed['name']} could not be measured: {failed['error']}"
                )
            # The input PSNR may be infinite, which JSON cannot represent.
            levels[one.setting_name] = {
                key: round(value, 4)
                for key, value in report.mean.items()
                if math.isfinite(value)
            }
        quality[Path(data).resolve().name] = levels
    return quality


def _psnr(quality):
    return {
        data: {
            setting: round(value, 2)
            for setting, figures in levels.items()
            for key, value in figures.items()
            if key.startswith("psnr")
        }
        for data, levels in quality.items()
    }


def _check_task(model, task):
    if model.task != task.name:
        raise ValueError(
            f"{model.name} is made for {model.task}, not for {task.name}; "
            "give the task that it was trained for."
        )


def _add_export(folder, card, kind, model, tile, task, benchmarks):
    """Writes and measures a `.tflite`; returns the figures."""
    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.litert.sidecar import sidecar_path

    path = folder / f"{card['name']}_{kind}.tflite"
    sidecar = export_tflite(
        model,
        path,
        to=kind,
        tile=tile,
        sigma_range=task.sigma_range,
        license=card["license"],
    )
    quality = measure(LiteRTRestorer(path, trial=False), task, benchmarks)
    sidecar |= {"name": card["name"], "quality": quality}
    write_json(sidecar_path(path), sidecar)
    record_file(card, f"tflite_{kind}", path)
    record_file(card, f"sidecar_{kind}", sidecar_path(path))
    card.setdefault("exports", {})[kind] = {
        "method": sidecar["quantization_method"],
        "bytes": path.stat().st_size,
        "psnr": _psnr(quality),
        "quality": quality,
    }
    return quality


def record_file(card, role, path):
    card["files"][role] = {"file": path.name, "sha256": file_sha256(path)}


def write_json(path, value):
    # The PSNR of identical images is infinite, which is not valid JSON.
    text = json.dumps(value, indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
