"""What `run.json` of a training holds; stages of a distillation have it too."""

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
    },
}


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """What a training was started with.

    Attributes:
        recipe: name of the script.
        arguments: its arguments by name.
        command: the command line.
        model: class of the model that is trained.
        config: arguments that build it.
        versions: versions of Python, the package and its libraries.
        task: what is restored, as `serialize_task` gives it; `None` in records
            of versions that did not keep it.
        start: `RunRecord` of the training that this one started from, if
            any.
    """

    recipe: str
    arguments: dict
    command: str
    model: str
    config: dict
    versions: dict = dataclasses.field(default_factory=dict)
    task: dict | None = None
    start: "RunRecord | None" = None

    @classmethod
    def read(cls, folder):
        """The record of the training in a folder.

        Raises:
            ValueError: if there is none, or it is damaged.
        """
        path = Path(folder) / NAME
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            _validate()(value)
        # A text of ten thousand brackets ends in a RecursionError.
        except (OSError, ValueError, RecursionError) as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(
                f"{folder} holds no training that can be read ({NAME}: "
                f"{reason}); give the folder that a recipe wrote."
            ) from error
        return cls._from_json(value)

    @classmethod
    def _from_json(cls, value):
        names = {field.name for field in dataclasses.fields(cls)}
        known = {key: value[key] for key in value if key in names}
        if "start" in known:
            known["start"] = cls._from_json(known["start"])
        return cls(**known)

    def write(self, folder):
        """Writes the record into the folder of its training."""
        value = self._to_json()
        text = json.dumps(value, indent=1) + "\n"
        # What could not be read again is not written.
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
