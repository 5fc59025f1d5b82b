"""What the benchmark screen of the Android app measured and shared."""

import json
import reprlib
from functools import cache
from pathlib import Path

from kerasrestore.phone.benchmark import run_statistics

# The app writes about a kilobyte.
LARGEST = 2**20
LINE = {"type": "string", "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f|]{1,200}$"}
LINES = ("device", "android", "sdk", "abi", "model", "app")
SCHEMA = {
    "type": "object",
    "required": [
        "device", "android", "abi", "model", "sha256", "accelerator",
        "threads", "pixels", "runs_ms",
    ],
    "properties": {
        **dict.fromkeys(LINES, LINE),
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "accelerator": {"enum": ["CPU", "GPU"]},
        "threads": {"type": "string", "pattern": "^[1-9][0-9]?$"},
        "pixels": {"type": "integer", "minimum": 1, "maximum": 2**26},
        "runs_ms": {
            "type": "array",
            "minItems": 1,
            "maxItems": 10_000,
            "items": {"type": "number", "minimum": 1e-3, "maximum": 1e9},
        },
    },
}  # fmt: skip


def read_app_benchmark(path):
    """Reads a benchmark that the Android app shared as JSON.

    Only the single runs are used; statistics are computed from them, so that
    those of all machines mean the same.

    Args:
        path: path of the JSON file.

    Returns:
        Dictionary: `source` (name of the file), `device`, `android`, `abi`,
        `model`, `sha256` (of the model), `accelerator`, `threads`, `pixels`
        (of a tile), and what `run_statistics` returns.

    Raises:
        ValueError: if the file is not such a benchmark.
    """
    from fastjsonschema import JsonSchemaValueException

    path = Path(path)
    wanted = (
        "give the JSON that the benchmark screen of the Android app shares."
    )
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is far too large")
        value = json.loads(
            path.read_text(encoding="utf-8"), parse_constant=_reject
        )
        _validate()(value)
    except JsonSchemaValueException as error:
        raise ValueError(
            f"{path} is not a benchmark of the app: {_fault(error)}; {wanted}"
        ) from error
    # Deeply nested brackets raise a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{path} cannot be read ({reason}); {wanted}") from (
            error
        )
    copied = ("device", "android", "abi", "model", "sha256", "accelerator")
    return {
        "source": path.name,
        **{key: value[key] for key in copied},
        "threads": int(value["threads"]),
        "pixels": value["pixels"],
        **run_statistics([run / 1e3 for run in value["runs_ms"]]),
    }


def _reject(text):
    raise ValueError(f"{text} is not a number")


def _fault(error):
    field = error.name.removeprefix("data").removeprefix(".") or "it"
    if error.rule == "required":
        missing = [
            key for key in error.rule_definition if key not in error.value
        ]
        return f"it has no {missing[0]!r}"
    return f"{field[:40]!r} is {reprlib.repr(error.value)}"


@cache
def _validate():
    import fastjsonschema

    return fastjsonschema.compile(SCHEMA, use_default=False)
