"""Distillation report: PSNR tables, training curves and sample crops."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np

from kerasrestore.data import load_image
from kerasrestore.data.pairs import ImagePair
from kerasrestore.evaluation.evaluate import (
    benchmark_pairs,
    degraded_pair,
    evaluate,
)
from kerasrestore.files import write_atomically
from kerasrestore.plotting import matplotlib_figure

# Side of the sample crops in pixels, and the number of images sampled.
SAMPLE = 96
SAMPLES = 3


@dataclasses.dataclass
class Entry:
    """A network in the report.

    Attributes:
        name: short name, the name of its training run.
        what: readable description of how it was trained.
        restorer: `Restorer` or `LiteRTRestorer`.
        log: `log.csv` of its training run; `None` for pretrained networks.
        parameters: number of trainable parameters.
        macs: multiply-accumulate operations per pixel.
        file: its `.tflite` file; only networks with a file are evaluated on
            the benchmarks.
        psnr: PSNR by data set and setting, filled in by `write_report`.
    """

    name: str
    what: str
    restorer: object
    log: Path | None
    parameters: int
    macs: float
    file: Path | None = None
    psnr: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Gain:
    """Comparison of two networks in the report that differ in one respect.

    Attributes:
        what: the respect in which they differ.
        one: name of the network with it.
        other: name of the network without it.
    """

    what: str
    one: str
    other: str


def write_report(
    out,
    title,
    entries,
    gains,
    *,
    tasks,
    validation,
    crop,
    channels,
    degraded=None,
    benchmarks=(),
    notes=(),
    settings=None,
):
    """Evaluates networks and writes a report.

    Writes `report.json`, `report.md`, `curves.png` and `samples.png`.

    Args:
        out: output folder.
        title: title of the report.
        entries: list of `Entry`.
        gains: list of `Gain`.
        tasks: instances of one task, each with a single setting.
        validation: folder of images; all networks are evaluated on their
            centre crops.
        crop: side of the centre crops in pixels.
        channels: 3 for colour, 1 for gray.
        degraded: folder of the low-quality photographs for `validation`;
            unless given, the tasks degrade its images.
        benchmarks: folders of images evaluated in full, for entries with a
            file.
        notes: sentences to print below the tables.
        settings: dictionary of training settings, for `report.json`.

    Returns:
        The content of `report.json`, as a dictionary.

    Raises:
        ValueError: if matplotlib is missing or an image cannot be evaluated.
    """
    figure_class = matplotlib_figure()
    out = Path(out)
    pairs = [
        ImagePair(
            pair.name,
            pair.degraded and _CentreCrop(pair.degraded, crop),
            _CentreCrop(pair.clean, crop),
        )
        for pair in benchmark_pairs(validation, degraded)[0]
    ]
    name = Path(validation).resolve().name
    for entry in entries:
        entry.psnr[name] = _measure(entry.restorer, tasks, pairs, channels)
        for data in benchmarks if entry.file else ():
            entry.psnr[Path(data).resolve().name] = _measure(
                entry.restorer, tasks, data, channels
            )
    found = {
        "title": title,
        "validation": {"folder": name, "crop": crop, "images": len(pairs)},
        "networks": {entry.name: _network_record(entry) for entry in entries},
        "gains": [_gain(gain, entries) for gain in gains],
        "notes": list(notes),
        "settings": settings or {},
    }
    _save(_draw_curves(figure_class, entries), out / "curves.png")
    _save(
        _draw_samples(figure_class, entries, tasks[len(tasks) // 2], pairs,
                      channels),
        out / "samples.png",
    )  # fmt: skip
    _write(out / "report.md", _markdown(found))
    # Written last: its existence means that the report is complete.
    _write(out / "report.json", json.dumps(found, indent=1) + "\n")
    return found


class _CentreCrop:
    """Centre crop of an image file, as a source for `ImagePair`."""

    def __init__(self, path, crop):
        self.path = path
        self.crop = crop

    def load(self):
        image = load_image(self.path, 3)
        rows, columns = (_centre(side, self.crop) for side in image.shape[:2])
        return image[rows, columns]


def _centre(side, crop):
    start = max(0, side - crop) // 2
    return slice(start, min(side, start + crop))


def _measure(restorer, tasks, data, channels):
    figures = {}
    for task in tasks:
        report = evaluate(restorer, task, data, gray=channels == 1)
        if report.failed:
            failed = report.failed[0]
            raise ValueError(
                f"{failed['name']} could not be evaluated: {failed['error']}"
            )
        figures[task.setting_name] = report.mean[f"psnr_{report.protocol}"]
    return figures


def _network_record(entry):
    return {
        "what": entry.what,
        "parameters": entry.parameters,
        "macs_per_pixel": entry.macs,
        "file": entry.file and entry.file.name,
        "file_bytes": entry.file and entry.file.stat().st_size,
        "psnr": entry.psnr,
    }


def _gain(gain, entries):
    by_name = {entry.name: entry for entry in entries}
    one, other = by_name[gain.one].psnr, by_name[gain.other].psnr
    return {
        **dataclasses.asdict(gain),
        "psnr": {
            data: {
                setting: value - other[data][setting]
                for setting, value in figures.items()
            }
            for data, figures in one.items()
            if data in other
        },
    }


def _markdown(found):
    """The report as Markdown."""
    sets = list(
        dict.fromkeys(
            data
            for facts in found["networks"].values()
            for data in facts["psnr"]
        )
    )
    columns = [
        (data, setting)
        for data in sets
        for setting in next(
            facts["psnr"][data]
            for facts in found["networks"].values()
            if data in facts["psnr"]
        )
    ]
    heads = ["network", "parameters", "MACs per pixel", "file"]
    heads += [f"{data}, {setting}" for data, setting in columns]
    lines = [f"# {found['title']}", "", *_row(heads), "|---" * len(heads) + "|"]
    for name, facts in found["networks"].items():
        size = facts["file_bytes"]
        cells = [
            f"`{name}`: {facts['what']}",
            f"{facts['parameters']:,}",
            f"{facts['macs_per_pixel'] / 1e3:,.1f} k",
            f"{size / 1e6:.2f} MB" if size else "",
        ]
        for data, setting in columns:
            value = facts["psnr"].get(data, {}).get(setting)
            cells.append("" if value is None else f"{value:.2f}")
        lines += _row(cells)
    check = found["validation"]
    lines += [
        "",
        f"PSNR in dB, output clipped and rounded to 8 bits. {check['folder']}: "
        f"{check['images']} images, centre crops of {check['crop']}x"
        f"{check['crop']}, also used to select the weights. Networks with a "
        "file run through LiteRT; benchmark images are evaluated in full.",
        "",
        "## Gains",
        "",
        *_row(["what", *(f"{data}, {setting}" for data, setting in columns)]),
        "|---" * (1 + len(columns)) + "|",
    ]
    for gain in found["gains"]:
        cells = [f"{gain['what']} (`{gain['one']}` - `{gain['other']}`)"]
        for data, setting in columns:
            value = gain["psnr"].get(data, {}).get(setting)
            cells.append("" if value is None else f"{value:+.2f}")
        lines += _row(cells)
    if found["notes"]:
        lines += ["", "## Notes", ""]
        lines += [f"- {note}" for note in found["notes"]]
    lines += ["", "![curves](curves.png)", "", "![samples](samples.png)", ""]
    return "\n".join(lines)


def _row(cells):
    return ["| " + " | ".join(cells) + " |"]


def _draw_curves(figure_class, entries):
    figure = figure_class(figsize=(9, 4.5), layout="constrained")
    axis = figure.subplots()
    for entry in entries:
        if entry.log is None:
            continue
        with open(entry.log, newline="") as file:
            rows = list(csv.DictReader(file))
        # A privileged teacher's "psnr" is for its own task.
        column = "psnr_decoder" if "psnr_decoder" in rows[0] else "psnr"
        values = [float(row[column]) for row in rows]
        axis.plot(
            [int(row["step"]) for row in rows],
            values,
            label=f"{entry.name}: {max(values):.2f}",
        )
    axis.set(xlabel="step", ylabel="validation PSNR, mean (dB)")
    axis.grid(alpha=0.3)
    if axis.lines:  # pretrained networks have no curve
        axis.legend(loc="lower right")
    return figure


def _draw_samples(figure_class, entries, task, pairs, channels):
    """Rows of crops: degraded, restored by each network, clean."""
    chosen = np.linspace(0, len(pairs) - 1, min(SAMPLES, len(pairs)))
    chosen = [int(index) for index in chosen]
    width = len(entries) + 2
    figure = figure_class(
        figsize=(2 * width, 2.3 * len(chosen)), layout="constrained"
    )
    axes = figure.subplots(len(chosen), width, squeeze=False)
    for row, index in zip(axes, chosen, strict=True):
        degraded, target = degraded_pair(pairs[index], task, index, channels)
        images = {f"degraded, {task.label}": degraded}
        for entry in entries:
            options = {}
            if entry.restorer.sigma_input:
                options["sigma"] = task.strength(degraded, target)
            images[entry.name] = entry.restorer.restore(degraded, **options)
        images["clean"] = target / np.float32(255)
        for axis, (name, image) in zip(row, images.items(), strict=True):
            rows, columns = (_centre(side, SAMPLE) for side in image.shape[:2])
            axis.imshow(
                np.clip(image[rows, columns], 0, 1),
                cmap="gray",
                vmin=0,
                vmax=1,
                interpolation="nearest",
            )
            title = name
            # In super-resolution, the degraded image has a different size.
            if name != "clean" and image.shape == target.shape:
                title += f"\n{task.score(image, target)['psnr']:.2f} dB"
            axis.set_title(title, fontsize=8)
            axis.set_axis_off()
    return figure


def _write(path, text):
    write_atomically(path, lambda file: file.write(text.encode()))


def _save(figure, path):
    write_atomically(
        path, lambda file: figure.savefig(file, format="png", dpi=100)
    )
