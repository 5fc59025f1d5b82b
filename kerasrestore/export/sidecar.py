"""The JSON file beside a `.tflite` that says all that a runner needs."""

import json
from pathlib import Path

from kerasrestore.models.presets import file_sha256

FORMAT = 1

# What has to be there, and of which kind.
FIELDS = {
    "format": int,
    "name": str,
    "task": str,
    "channels": int,
    "color_order": str,
    "scale": int,
    "value_range": list,
    "size_multiple": int,
    "receptive_field": int,
    "halo": int,
    "tile": list,
    "sigma_input": bool,
    "sigma_range": list,
    "quantization": str,
    "io": dict,
    "macs": int,
    "memory_bytes": int,
    "op_counts": dict,
    "sha256": str,
    "license": str,
    "quality": dict,
    "versions": dict,
}


def sidecar_path(tflite):
    """Where the sidecar of a `.tflite` lies.

    Example:
    >>> sidecar_path("models/net.tflite").name
    'net.json'
    """
    return Path(tflite).with_suffix(".json")


def read_sidecar(tflite):
    """Reads and checks the sidecar of a model file.

    Args:
        tflite: path of the `.tflite`.

    Returns:
        The sidecar as a dictionary.

    Raises:
        ValueError: if model or sidecar are missing, the sidecar is damaged
            or from a newer version, or the model's checksum differs.
    """
    tflite = Path(tflite)
    path = sidecar_path(tflite)
    if not tflite.is_file():
        raise ValueError(f"{tflite} is not a file; give the path of a .tflite.")
    if not path.is_file():
        raise ValueError(
            f"{tflite} has no sidecar {path.name} beside it; copy both files "
            "of the model."
        )
    try:
        sidecar = json.loads(path.read_text(encoding="utf-8"))
    # A text of ten thousand brackets ends in a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not readable JSON ({error}); copy it again."
        ) from error
    check_sidecar(sidecar, path)
    if file_sha256(tflite) != sidecar["sha256"]:
        raise ValueError(
            f"{tflite} does not have the checksum that {path.name} tells; "
            "copy both files of the model again."
        )
    return sidecar


def check_sidecar(sidecar, path="the sidecar"):
    """Raises ValueError with the first thing that is wrong."""

    def wrong(what):
        return ValueError(
            f"{path} is not a valid sidecar: {what}; export the model again."
        )

    if not isinstance(sidecar, dict):
        raise wrong("it is not a JSON object")
    if sidecar.get("format") != FORMAT:
        raise wrong(
            f"its format is {sidecar.get('format')!r}, this version of "
            f"kerasrestore reads {FORMAT}"
        )
    for key, kind in FIELDS.items():
        value = sidecar.get(key)
        if not isinstance(value, kind) or (
            kind is int and isinstance(value, bool)
        ):
            raise wrong(f"{key!r} is {value!r}, not {_KINDS[kind]}")
    multiple, halo, tile = (
        sidecar[key] for key in ("size_multiple", "halo", "tile")
    )
    if sidecar["channels"] not in (1, 3):
        raise wrong(f"'channels' is {sidecar['channels']}, not 1 or 3")
    if not 1 <= sidecar["scale"] <= 8 or not 1 <= multiple <= 256:
        raise wrong("'scale' or 'size_multiple' is out of range")
    if not (
        len(tile) == 2
        and all(type(side) is int and 1 <= side <= 8192 for side in tile)
        and all(side % multiple == 0 for side in tile)
    ):
        raise wrong(f"'tile' is {tile}, not two multiples of {multiple}")
    if halo < 0 or halo % multiple or 2 * halo >= min(tile):
        raise wrong(f"'halo' {halo} does not fit a tile of {tile}")
    if not 0 <= sidecar["receptive_field"] <= 2 * 8192:
        raise wrong("'receptive_field' is out of range")
    if sidecar["memory_bytes"] < 0:
        raise wrong("'memory_bytes' is negative")


_KINDS = {
    int: "a whole number",
    str: "a text",
    list: "a list",
    dict: "an object",
    bool: "true or false",
}
