"""The JSON file next to a `.tflite` with everything that a runner needs.

`sidecar.schema.json` is the single definition of its fields, for this package
and for runners in other languages; constraints between fields are checked
here.
"""

import hashlib
import json
import math
import reprlib
from functools import cache
from pathlib import Path

from kerasrestore.inference.tile_choice import round_up

SCHEMA = Path(__file__).with_name("sidecar.schema.json")
FORMAT = 1
# A sidecar takes about 2000 bytes; anything far larger is not one.
LARGEST = 2**20


def sidecar_path(tflite):
    """Path of the sidecar of a `.tflite`.

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
    return read_model(tflite)[1]


def read_model(tflite):
    """Reads a model file and its sidecar, each once.

    The model that is run is the one whose checksum was verified, even if the
    file changes in the meantime.

    Args:
        tflite: path of the `.tflite`.

    Returns:
        The model as bytes, and the sidecar as a dictionary.

    Raises:
        ValueError: as `read_sidecar`.
    """
    tflite = Path(tflite)
    path = sidecar_path(tflite)
    if not tflite.is_file():
        raise ValueError(f"{tflite} is not a file; give the path of a .tflite.")
    if tflite == path:
        raise ValueError(f"{tflite} is a sidecar; give the .tflite beside it.")
    if not path.is_file():
        raise ValueError(
            f"{tflite} has no sidecar {path.name} beside it; copy both files "
            "of the model."
        )
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is larger than any sidecar")
        sidecar = json.loads(
            path.read_text(encoding="utf-8"),
            parse_float=_number,
            parse_constant=_number,
        )
    # Deeply nested brackets raise a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not readable JSON ({error}); copy it again."
        ) from error
    check_sidecar(sidecar, path)
    try:
        content = tflite.read_bytes()
    except OSError as error:
        raise ValueError(
            f"{tflite} cannot be read ({error.strerror}); copy it again."
        ) from error
    if hashlib.sha256(content).hexdigest() != sidecar["sha256"]:
        raise ValueError(
            f"{tflite} does not match its checksum in {path.name}; copy both "
            "files of the model again."
        )
    return content, sidecar


def check_sidecar(sidecar, path="the sidecar"):
    """Raises ValueError for the first fault of a sidecar.

    Args:
        sidecar: content of the JSON file.
        path: name of the file in the message.

    Raises:
        ValueError: if a field is missing or violates the schema, or two
            fields contradict each other.
    """
    wrong = _fault(sidecar)
    if wrong is not None:
        raise ValueError(
            f"{path} is not a valid sidecar: {wrong}; export the model again."
        )


def _fault(sidecar):
    from fastjsonschema import JsonSchemaValueException

    # Checked first, as another format may have other fields.
    if isinstance(sidecar, dict) and sidecar.get("format", FORMAT) != FORMAT:
        return (
            f"its format is {_shown(sidecar['format'])}, this version of "
            f"kerasrestore reads {FORMAT}"
        )
    try:
        _validate()(sidecar)
    except JsonSchemaValueException as error:
        field = error.name.removeprefix("data").removeprefix(".")
        where = _shown(field) if field else "it"
        if error.rule == "required":
            missing = next(
                key for key in error.rule_definition if key not in error.value
            )
            return f"{where} has no {missing!r}"
        wanted = error.definition["description"]
        return f"{where} is {_shown(error.value)}, wanted is {wanted}"
    return _contradiction(sidecar)


def _contradiction(sidecar):
    tile, multiple, halo, field = (
        sidecar[key]
        for key in ("tile", "size_multiple", "halo", "receptive_field")
    )
    if any(side % multiple for side in tile):
        return f"'tile' is {tile}, wanted are multiples of {multiple}"
    if halo % multiple or 2 * halo >= min(tile):
        return f"'halo' {halo} does not fit a tile of {tile}"
    if field and halo != round_up(field // 2, multiple):
        return f"'halo' {halo} does not fit a receptive field of {field}"
    if not field and halo > min(tile) // 4:
        return (
            f"'halo' {halo} does not fit a model that sees the whole tile of "
            f"{tile}"
        )
    order = "RGB" if sidecar["channels"] == 3 else "gray"
    if sidecar["color_order"] != order:
        return (
            f"'color_order' is {sidecar['color_order']}, wanted is {order} "
            f"for {sidecar['channels']} channel(s)"
        )
    if sidecar["sigma_input"] != ("sigma" in sidecar["io"]):
        return "'io' and 'sigma_input' do not agree on 'sigma'"
    low, high = sidecar["sigma_range"]
    if not low <= high:
        return f"'sigma_range' is [{low}, {high}], wanted is the lower first"
    height, width = (side * sidecar["scale"] for side in tile)
    for y, x, values in sidecar.get("self_test", {}).get("pixels", ()):
        if y >= height or x >= width or len(values) != sidecar["channels"]:
            return f"'self_test' has the pixel {[y, x, values]}, out of a tile"
    return None


@cache
def _validate():
    import fastjsonschema

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return fastjsonschema.compile(schema, use_default=False)


def _number(text):
    """Parses a number of JSON: 384.0 is the integer 384; NaN and infinity are
    rejected."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a number")
    return int(value) if value.is_integer() else value


def _shown(value):
    """The value on one line, shortened, as it may be hostile."""
    short = reprlib.Repr()
    short.maxstring = 60
    return short.repr(value)
