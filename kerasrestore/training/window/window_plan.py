"""What to train in a loan of an accelerator, read from a table."""

import dataclasses
import shlex
import tomllib
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class WindowPlan:
    """A recipe with options, as `recipes/plans/accelerator.toml` lists them.

    Args:
        name: its name in the table.
        about: what it trains, in a line.
        recipe: name of the script in `recipes/`.
        options: options of the recipe, as text.
        start: preset to start from unless the command line says otherwise;
            `None` for random weights.
        scales: factors by which training images are shrunk when they are
            packed, as patches that are cut on the device are not shrunk.
    """

    name: str
    about: str
    recipe: str
    options: str
    start: str | None = None
    scales: tuple = (1.0,)

    @classmethod
    def read_all(cls, file):
        """The plans of a table.

        Args:
            file: TOML file with a table for each plan; `options` outside of
                them hold for all.

        Returns:
            Dictionary from names to plans.
        """
        table = tomllib.loads(Path(file).read_text(encoding="utf-8"))
        common = table.pop("options")
        return {
            name: cls(
                name,
                **{
                    **entry,
                    "options": f"{common} {entry['options']}",
                    "scales": tuple(entry.get("scales", (1.0,))),
                },
            )
            for name, entry in table.items()
        }

    def words(self, data, validation, start, extra=()):
        """Arguments for the recipe, without folder and length of the run.

        Args:
            data: folder of training images.
            validation: folder of validation images.
            start: preset or run folder to start from; `None` as the plan
                has it, `"none"` for random weights.
            extra: further arguments, which override the plan's.
        """
        start = start or self.start or "none"
        return [
            "--data",
            str(data),
            "--validation",
            str(validation),
            *shlex.split(self.options),
            *([] if start == "none" else ["--start", str(start)]),
            *extra,
        ]
