"""A preflight check of `.tflite` files on a desktop: speed, size, quality,
warnings."""

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from kerasrestore.evaluation.evaluate import benchmark_pairs
from kerasrestore.files import write_atomically
from kerasrestore.phone import pictures
from kerasrestore.phone.app_benchmark import read_app_benchmark
from kerasrestore.phone.headline import headline
from kerasrestore.phone.machine import machine
from kerasrestore.phone.quality import compare, restored_images
from kerasrestore.phone.reference import file_of, find_reference, shared_tasks
from kerasrestore.phone.table import markdown
from kerasrestore.version import __version__

FORMAT = 1


@dataclass
class PhoneReport:
    """Measurements of `.tflite` files, made by `phone_report`.

    Attributes:
        files: one dictionary for each file; docs/report.md lists its fields.
        yardstick: time of the yardstick convolution by number of threads.
        machine: the machine that was measured, and its load.
        dataset: name of the folder of images, `None` without one.
        reference: name of the reference for quality, or `None`.
        reference_quality: its own results, one dictionary per setting.
        differences: for each file compared with the reference, its label and
            the arguments of `draw_difference`.
    """

    files: list
    yardstick: list
    machine: dict
    dataset: str | None = None
    reference: str | None = None
    reference_quality: list = field(default_factory=list)
    differences: list = field(default_factory=list, repr=False)

    def to_json(self):
        """All measurements as JSON; NaN and infinity are written as null."""
        value = {
            "format": FORMAT,
            "version": __version__,
            "machine": self.machine,
            "dataset": self.dataset,
            "reference": self.reference,
            "reference_quality": self.reference_quality,
            "yardstick": self.yardstick,
            "files": self.files,
        }
        return json.dumps(_finite(value), indent=1, allow_nan=False) + "\n"

    def to_markdown(self):
        """The measurements as Markdown tables."""
        return markdown(self)

    def write(self, folder):
        """Writes report.json, report.md, report.png and, for each file
        compared with the reference, `difference_NAME.png` of its worst image.

        Args:
            folder: output folder; created if missing.

        Returns:
            List of the paths written.

        Raises:
            ValueError: if matplotlib is missing.
        """
        # Drawn before the first file is written, so that none is missing.
        drawings = {
            "report.png": pictures.draw_summary(
                self.files,
                self.reference,
                headline(self),
                self.machine["int8_instructions"],
            )
        }
        for label, images in self.differences:
            name = f"difference_{label.replace('/', '_')}.png"
            drawings[name] = pictures.draw_difference(*images)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        texts = {"report.json": self.to_json(), "report.md": self.to_markdown()}
        for name, text in texts.items():
            write_atomically(
                folder / name, lambda file, x=text: file.write(x.encode())
            )
        for name, figure in drawings.items():
            write_atomically(
                folder / name,
                lambda file, x=figure: x.savefig(file, format="png", dpi=90),
            )
        return [folder / name for name in (*texts, *drawings)]


def phone_report(
    files,
    *,
    data=None,
    settings=None,
    quantize_input=False,
    images=None,
    reference=None,
    threads=(1, 2, 4),
    runs=20,
    phones=(),
    progress=None,
):
    """Measures `.tflite` files on this machine's processor.

    Args:
        files: paths of `.tflite` files. Quality is only measured for files
            with a sidecar, everything else for any file that LiteRT runs.
        data: folder of clean images, or list of `ImagePair`; `None` to skip
            quality.
        settings: degradation strengths for `Task.for_model`; a standard one
            by default.
        quantize_input: whether noisy images are clipped and rounded to
            bytes, as in photos; files with byte input always do so.
        images: number of images to use, from the first; all by default.
        reference: restorer that the files are compared with; the first
            float32 file by default.
        threads: numbers of threads.
        runs: timed runs of each file with each number of threads.
        phones: paths of benchmarks of these files that the Android app
            shared as JSON.
        progress: called as `progress(stage, done, total)`.

    Returns:
        A `PhoneReport`.

    Raises:
        ValueError: if a file cannot be run, a sidecar does not match its
            file, the files have different tasks, a benchmark is not one of
            these files, or an argument is invalid.

    Example:
    >>> from kerasrestore.models.presets import default_preset, get_preset
    >>> file = get_preset(default_preset()).tflite()
    >>> report = phone_report([file], threads=(1,), runs=1)
    >>> report.files[0]["graph"]["left"]
    {}
    """
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.litert.sidecar import read_sidecar, sidecar_path
    from kerasrestore.phone.benchmark import (
        YARDSTICK,
        check_counts,
        measure_latency,
    )
    from kerasrestore.phone.probe import OPEN, probe

    check_counts(threads, runs)
    labels = _labels(files)
    tick = progress or (lambda stage, done, total: None)
    if images is not None and images < 1:
        raise ValueError(f"images must be at least 1, got {images}.")
    benchmarks = [read_app_benchmark(path) for path in phones]
    pairs, dataset = ([], None) if data is None else benchmark_pairs(data)
    pairs = pairs[:images]
    sidecars = {
        label: read_sidecar(path)
        for label, path in labels.items()
        if sidecar_path(path).is_file()
    }
    tiles = {labels[label]: one["tile"] for label, one in sidecars.items()}
    entries, restorers = [], {}
    for place, (label, path) in enumerate(labels.items()):
        tick("loading", place, len(labels))
        # First, and in a separate process: a file that crashes LiteRT is
        # rejected here.
        process = probe(path, max(threads), tile=tiles.get(path, OPEN))
        if label in sidecars:
            restorers[label] = LiteRTRestorer(path, trial=False)
        entries.append(_entry(label, path, process, sidecars.get(label)))
    _add_phones(entries, benchmarks)
    reference = find_reference(restorers, reference)
    tasks = []
    if pairs:
        tasks = shared_tasks(restorers, reference, settings, quantize_input)
    timings = measure_latency(
        list(labels.values()),
        threads,
        runs,
        tiles,
        lambda done, total: tick("timing", done, total),
    )
    sums = [timing.summary() for timing in timings]
    before = dict(zip(threads, sums[-len(threads) :], strict=True))
    for timing, summary in zip(timings, sums, strict=True):
        if timing.file != YARDSTICK:
            entry = entries[list(labels.values()).index(timing.file)]
            entry["latency"].append(
                _latency(entry, timing.threads, summary, before)
            )
    report = PhoneReport(
        files=entries,
        yardstick=[{"threads": n, **before[n]} for n in threads],
        machine=machine(),
        dataset=dataset,
    )
    if tasks:
        _measure_quality(report, restorers, tasks, pairs, reference, tick)
    return report


def _labels(files):
    """Paths by short unique names."""
    paths = [str(file) for file in files]
    if not paths:
        raise ValueError("No files to report on; give at least one .tflite.")
    for path in paths:
        if not Path(path).is_file():
            raise ValueError(f"{path} is not a file; give a .tflite file.")
        if paths.count(path) > 1:
            raise ValueError(f"{path} is given twice; give it once.")
    stems = Counter(Path(path).stem for path in paths)
    return {
        Path(path).stem
        if stems[Path(path).stem] == 1
        else str(Path(path).with_suffix("")): path
        for path in paths
    }


def _entry(label, path, process, sidecar):
    """The report of a file before timing and quality are added."""
    from kerasrestore.models.presets import file_sha256

    copied = (
        "task", "quantization", "quantization_method", "tile", "halo", "io",
    )  # fmt: skip
    return {
        "label": label,
        "file": path,
        "size_bytes": Path(path).stat().st_size,
        "sha256": file_sha256(path),
        **{key: sidecar[key] if sidecar else None for key in copied},
        "restored_pixels": _pixels(process["outputs"]),
        "core_pixels": None
        if sidecar is None
        else math.prod(
            (side - 2 * sidecar["halo"]) * sidecar["scale"]
            for side in sidecar["tile"]
        ),
        "process": process,
        "graph": {
            **process.pop("graph"),
            "sidecar_macs": None if sidecar is None else sidecar["macs"],
        },
        "latency": [],
        "phones": [],
        "quality": None,
    }


def _add_phones(entries, benchmarks):
    by_sum = {entry["sha256"]: entry for entry in entries}
    for one in benchmarks:
        entry = by_sum.get(one["sha256"])
        if entry is None:
            raise ValueError(
                f"{one['source']} was measured with another file "
                f"({one['model']}); report on that .tflite too."
            )
        if entry["tile"] and math.prod(entry["tile"]) != one["pixels"]:
            raise ValueError(
                f"{one['source']} was measured with tiles of {one['pixels']} "
                f"pixels, but {entry['file']} has {entry['tile']}; measure it "
                "again."
            )
        entry["phones"].append({**one, **_per_megapixel(entry, one)})


def _pixels(outputs):
    """Pixels of the output image, `None` if there is none."""
    maps = [shape for shape in outputs if len(shape) == 4]
    return maps[0][0] * maps[0][1] * maps[0][2] if len(maps) == 1 else None


def _latency(entry, threads, summary, yardstick):
    return {
        "threads": threads,
        **summary,
        **_per_megapixel(entry, summary),
        "yardsticks": summary["median_s"] / yardstick[threads]["median_s"],
    }


def _per_megapixel(entry, summary):
    pixels, core = entry["restored_pixels"], entry["core_pixels"]

    def megapixel(seconds, area):
        return seconds / (area / 1e6) if area else None

    return {
        "s_per_megapixel": megapixel(summary["median_s"], pixels),
        "p90_s_per_megapixel": megapixel(summary["p90_s"], pixels),
        "core_s_per_megapixel": megapixel(summary["median_s"], core),
    }


def _measure_quality(report, restorers, tasks, pairs, reference, tick):
    rows, wanted = compare(
        list(restorers.values()),
        tasks,
        pairs,
        reference,
        lambda done, total: tick("measuring", done, total),
    )
    quality = dict(zip(restorers, rows, strict=True))
    for entry in report.files:
        entry["quality"] = quality.get(entry["label"])
    if reference is None:
        return
    report.reference = next(
        (label for label, one in restorers.items() if one is reference),
        str(file_of(reference) or f"{reference.name} in Keras"),
    )
    report.reference_quality = wanted
    for label, restorer in restorers.items():
        if restorer is reference:
            continue
        place = max(
            range(len(tasks)),
            key=lambda i, label=label: quality[label][i]["worst_loss_db"],
        )
        row, task = quality[label][place], tasks[place]
        degraded, clean, (before, after) = restored_images(
            [reference, restorer], task, pairs, row["worst"]
        )
        setting = "" if row["setting"] is None else f" at {row['setting']:g}"
        title = (
            f"{row['worst']}{setting}: {label} is "
            f"{row['worst_loss_db']:.2f} dB worse than {report.reference}"
        )
        report.differences.append(
            (label, (degraded, clean, before, after, title))
        )


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
