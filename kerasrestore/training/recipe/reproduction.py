"""Commands that train and measure the rows of the papers' tables."""

import dataclasses
import re
import runpy
import shlex
import tomllib
from pathlib import Path

from kerasrestore.evaluation.paper_tables import paper_table, parse_reference
from kerasrestore.training.distillation.options import DistillationOptions

# Figures of images, and of the network; the others cannot be repeated.
SCORES = ("psnr", "ssim")
COUNTS = ("parameters", "macs")
# Settings that --fraction scales with the number of steps.
LENGTHS = ("steps", "warmup", "decay", "halve_every")
STAGE_LENGTHS = ("teacher_steps", "danet_steps")
# Their ground truth is not public; their web site scores restored images.
UNMEASURED = ("DND",)
VALIDATION = "BSD32_val"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A command of `kerasrestore evaluate`.

    Attributes:
        words: its arguments.
        folders: folders of images that it reads.
        run: folder of the run that it measures; `None` for a baseline.
        label: data set and setting.
        figures: the paper's values by metric.
    """

    words: tuple
    folders: tuple
    run: str | None
    label: str
    figures: dict


@dataclasses.dataclass(frozen=True)
class Training:
    """A command of a recipe, and what is measured afterwards.

    Attributes:
        script: file name of the recipe; `None` for a row without a network.
        words: its arguments.
        folders: folders of images that it reads.
        length: one sentence on how long it trains.
        measurements: list of `Measurement`.
        counts: the paper's parameters and multiply-accumulates, as texts.
        counted: file name of the recipe and its arguments that print those
            of the network.
    """

    script: str | None
    words: tuple
    folders: tuple
    length: str
    measurements: list
    counts: tuple
    counted: tuple


class Reproduction:
    """The commands of the papers' tables.

    Args:
        recipes: folder of the recipes and `plans/tables.toml`.
        datasets: folder of all data sets.
        folders: dictionary from data sets to folders, for those elsewhere.
        out: folder of the training runs.
        fraction: fraction of the training steps.
        extra: further arguments of every training.

    Raises:
        ValueError: if `fraction` is out of range.
    """

    def __init__(
        self, recipes, datasets, folders=None, out="runs", fraction=1, extra=()
    ):
        if not 0 < fraction <= 1:
            raise ValueError(
                f"--fraction must be above 0 and at most 1, got {fraction}."
            )
        self.recipes = Path(recipes)
        self.datasets = datasets
        self.folders = folders or {}
        self.out = out
        self.fraction = fraction
        self.extra = tuple(extra)
        book = self.recipes / "plans" / "tables.toml"
        text = book.read_text(encoding="utf-8")
        self.book = tomllib.loads(text)

    def methods(self, reference):
        """Names of all rows of a table, such as `"panet:7"`, in order."""
        figures = paper_table(*parse_reference(reference))
        return list(dict.fromkeys(figure.method for figure in figures))

    def row(self, reference, method):
        """How a row is reproduced; `None` for those of other packages."""
        own = self.book["tables"].get(reference, {})
        return own.get(method) or self.book["methods"].get(method)

    def trainings(self, reference, method):
        """The networks of a row, a list of `Training`.

        Args:
            reference: the table, such as `"panet:7"`.
            method: name of the row.
        """
        row = self.row(reference, method)
        figures = [
            figure
            for figure in paper_table(*parse_reference(reference))
            if figure.method == method
        ]
        # Rows that differ in their training have the same network.
        counts = dict.fromkeys(
            f"{figure.value:,.0f} {figure.metric}"
            + (f" ({figure.note})" if figure.note else "")
            for figure in figures
            if figure.metric in COUNTS
        )
        groups = {}
        for figure in figures:
            if figure.metric in SCORES:
                where = self._measured_on(reference, figure)
                network = (where.task, where.channels, where.training)
                # One network for all settings, or one for each.
                setting = None if row.get("together") else where.setting
                cases = groups.setdefault((*network, setting), {})
                scores = cases.setdefault((where.dataset, where.setting), {})
                scores.setdefault(figure.metric, figure)
        return [
            self._training(reference, row, key, cases, tuple(counts))
            for key, cases in groups.items()
        ]

    def _measured_on(self, reference, figure):
        """The figure, or what is measured here in its place."""
        other = self.book["stand_ins"].get(reference, {})
        return dataclasses.replace(figure, **other)

    def _training(self, reference, row, key, cases, counts):
        task, channels, data, setting = key
        data = data or row.get("data")
        counted = ()
        script, run, words, folders, length = None, None, [], {}, ""
        if "recipe" in row:
            script = f"{row['recipe']}.py"
            run = f"{self.out}/{self._run_name(row, key, data)}"
            folders = self._training_folders(data, setting)
            begin = [word for pair in folders.items() for word in pair]
            begin += ["--out", run]
            words = [*begin, *_options(row, task, channels, setting)]
            counted = (script, *words, "--dry-run")
            if "counted" in row:
                other = _options(row["counted"], task, channels, setting)
                script_of_it = f"{row['counted']['recipe']}.py"
                counted = (script_of_it, *begin, *other, "--dry-run")
            scaled, length = self._scaled(script, words)
            words += [*scaled, *self.extra]
            if "stage" in row:
                words += ["--until", row["stage"]]
                run = f"{run}/{row['stage']}"
        return Training(
            script,
            tuple(words),
            tuple(folders.values()),
            length,
            [
                self._measurement(reference, row, key, *case, figures, run)
                for case, figures in cases.items()
                if case[0] not in UNMEASURED
            ],
            counts,
            counted,
        )

    def _run_name(self, row, key, data):
        """Folder of a run, the same for the same training in any table."""
        task, channels, _, setting = key
        parts = [
            row["recipe"].removeprefix("train_"),
            task,
            channels,
            data,
            "" if setting is None else f"{setting:g}",
            row.get("options", "").replace("--model ", ""),
            "" if self.fraction == 1 else f"fraction {self.fraction:g}",
        ]
        words = [re.sub(r"[^\w.]+", "_", part).strip("_") for part in parts]
        return "_".join(word for word in words if word)

    def _folder(self, data):
        if data in self.folders:
            return self.folders[data]
        return f"{self.datasets}/{self.book['folders'].get(data, data)}"

    def _pairs(self, data, part, setting):
        """Folders of clean and of degraded photographs."""
        return [
            f"{self._folder(data)}/{folder.format(setting=setting)}"
            for folder in self.book["pairs"][data][part]
        ]

    def _training_folders(self, data, setting):
        if data not in self.book["pairs"]:
            validation = self._folder(VALIDATION)
            return {"--data": self._folder(data), "--validation": validation}
        clean, degraded = self._pairs(data, "train", setting)
        checked, low = self._pairs(data, "validation", setting)
        return {
            "--data": clean,
            "--degraded": degraded,
            "--validation": checked,
            "--validation-degraded": low,
        }

    def _measurement(self, reference, row, key, dataset, setting, figures, run):
        task, channels = key[:2]
        words = ["--run", run] if run else ["--baseline", row["baseline"]]
        label = dataset if setting is None else f"{dataset} {setting:g}"
        if dataset in self.book["pairs"]:
            folders = self._pairs(dataset, "test", setting)
            words += ["--data", folders[0], "--degraded", folders[1]]
        else:
            folders = [self._folder(dataset)]
            words += ["--data", *folders]
            if Path(folders[0]).name != dataset:
                label += f" (here {Path(folders[0]).name})"
        compared = ["--paper", reference]
        if reference in self.book["stand_ins"]:
            compared = []
            first = next(iter(figures.values()))
            label += f" in place of {first.dataset} {first.setting:g}"
        if run is None:
            # A run says itself what it was trained for.
            gray = channels == "gray" or (task, channels) == ("jpeg", "y")
            words += ["--task", task, "--gray" if gray else "--color"]
        if setting is not None:
            words += ["--setting", f"{setting:g}"]
        words += [*shlex.split(row.get("evaluate", "")), *compared]
        return Measurement(
            tuple(words),
            tuple(folders),
            run,
            label,
            {metric: figure.value for metric, figure in figures.items()},
        )

    def _scaled(self, script, words):
        """Options for the fraction of the steps, and a sentence on it."""
        if self.fraction == 1:
            return [], "the whole training"
        if script == "distill_danet.py":
            whole = {
                name: getattr(DistillationOptions, name)
                for name in STAGE_LENGTHS
            }
        else:
            recipe = runpy.run_path(str(self.recipes / script))["RECIPE"]
            settings = recipe.plan(words).settings
            whole = {name: getattr(settings, name) for name in LENGTHS}
            if settings.schedule != "step":
                del whole["halve_every"]
        whole = {name: value for name, value in whole.items() if value}
        scaled = {
            name: _shorter(value, self.fraction)
            for name, value in whole.items()
        }
        told = ", ".join(
            f"{name.replace('_', ' ')} {scaled[name]} instead of {value}"
            for name, value in whole.items()
        )
        return [
            word
            for name, value in scaled.items()
            for word in ("--" + name.replace("_", "-"), str(value))
        ], f"{self.fraction:g} of the whole training: {told}"


def _options(row, task, channels, setting):
    """Options of a recipe besides the folders."""
    words = [] if task == "denoise" else ["--task", task]
    words += [] if setting is None else ["--setting", f"{setting:g}"]
    if channels == "gray" and row["recipe"] != "train_nlrn":
        words += ["--gray"]
    return words + shlex.split(row.get("options", ""))


def _shorter(value, fraction):
    """A fraction of a number of steps, or of several increasing ones."""
    if not isinstance(value, str):
        return max(1, round(value * fraction))
    found = [0]
    for step in value.split(","):
        found.append(max(found[-1] + 1, round(int(step) * fraction)))
    return ",".join(map(str, found[1:]))
