"""`run.json`: the record of a training run or a stage of a distillation."""

import dataclasses
import json
from functools import cache
from pathlib import Path

from kerasrestore.files import write_atomically

NAME = "run.json"
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["recipe", "arguments", "command", "model", "config"],
    "properties": {
        "recipe": {"type": "string"},
        "arguments": {"type": "object"},
        "command": {"type": "string"},
        "model": {"type": "string"},
        "config": {"type": "object"},
        "versions": TEXTS,
        "task": {
            "type": "object",
            "required": ["name", "degradation", "config"],
            "properties": {
                "name": {"type": "string"},
                "degradation": {"type": ["string", "null"]},
                "config": {"type": "object"},
            },
        },
        "start": {"$ref": "#"},
        "best_step": {"type": "integer"},
    },
}


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """How a training run was started.

    Attributes:
        recipe: name of the script.
        arguments: its arguments by name.
        command: the command line.
        model: class of the model.
        config: arguments to build it.
        versions: versions of Python, the package and its libraries.
        task: the task as returned by `serialize_task`; `None` in records of
            older versions.
        start: `RunRecord` of the run whose weights initialized this one, if
            any.
        best_step: in `start`, the step of those weights.
    """

    recipe: str
    arguments: dict
    command: str
    model: str
    config: dict
    versions: dict = dataclasses.field(default_factory=dict)
    task: dict | None = None
    start: "RunRecord | None" = None
    best_step: int | None = None

    @classmethod
    def read(cls, folder):
        """The record of the training run in a folder.

        Raises:
            ValueError: if it is missing or damaged.
        """
        path = Path(folder) / NAME
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            _validate()(value)
        # Deeply nested brackets raise a RecursionError.
        except (OSError, ValueError, RecursionError) as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(
                f"{folder} holds no training run that can be read ({NAME}: "
                f"{reason}); give the output folder of a recipe."
            ) from error
        return cls._from_json(value)

    @classmethod
    def _from_json(cls, value):
        names = {field.name for field in dataclasses.fields(cls)}
        known = {key: value[key] for key in value if key in names}
        if "start" in known:
            known["start"] = cls._from_json(known["start"])
        # The names of older versions, which only denoised.
        arguments = dict(known["arguments"])
        if "sigma" in arguments:
            arguments.setdefault("setting", arguments.pop("sigma"))
        if "noise" in arguments:
            noise = arguments.pop("noise")
            default = None if noise == "gaussian" else noise
            arguments.setdefault("degradation", default)
        known["arguments"] = arguments
        return cls(**known)

    def write(self, folder):
        """Writes the record to the folder of its run."""
        value = self._to_json()
        text = json.dumps(value, indent=1) + "\n"
        # Never write a record that could not be read.
        _validate()(json.loads(text))
        path = Path(folder) / NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: file.write(text.encode()))

    def _to_json(self):
        value = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) is not None
        }
        if self.start is not None:
            value["start"] = self.start._to_json()
        return value


@cache
def _validate():
    import fastjsonschema

    return fastjsonschema.compile(SCHEMA, use_default=False)
