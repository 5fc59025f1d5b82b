"""Exports a preset to `.tflite`, with its best weights."""

from kerasrestore.export.tflite import export_tflite
from kerasrestore.models.presets import INT8_WEIGHTS, find_preset
from kerasrestore.models.restorer import Restorer


def export_preset(
    preset, path, *, to="float32", post_training=False, **options
):
    """Writes a trained model as `.tflite` with its sidecar.

    For `"int8"`, the weights and ranges of quantization-aware training are
    used if the preset has them, with any tile and any `io`: the file then has
    the quality of the shipped one. Other presets are quantized after training
    and require `calibration`.

    Args:
        preset: name or folder of the preset, or `"hf://user/repository"`.
        path: file to write, ending in `.tflite`.
        to: as in `export_tflite`.
        post_training: whether to quantize after training in any case.
        **options: `io`, `tile`, `calibration` and `quality`, as in
            `export_tflite`. With trained ranges, `calibration` only provides
            the image that the file is checked with.

    Returns:
        The sidecar as a dictionary; its `quantization_method` shows which
        weights were used.

    Raises:
        ValueError: if the preset is unknown, its files are damaged, or as
            `export_tflite`.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sidecar = export_preset(
    ...         "danet_mobile_denoise_color_blind_bsd400",
    ...         f"{folder}/small.tflite",
    ...         to="int8",
    ...         io="uint8",
    ...         tile=96,
    ...     )
    >>> sidecar["quantization_method"]
    'quantization_aware'
    """
    found = find_preset(preset)
    if to == "int8" and INT8_WEIGHTS in found.files and not post_training:
        from kerasrestore.training.quantization.quantize_aware import (
            QuantizeAware,
        )

        model = QuantizeAware.from_preset(found.path)
    else:
        model = Restorer.from_preset(found.path)
    return export_tflite(
        model,
        path,
        to=to,
        sigma_range=found.card.get("sigma_range"),
        license=found.license,
        **options,
    )
