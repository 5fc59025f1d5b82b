"""Plots of evaluation results and comparison sheets of single images."""

from pathlib import Path

import numpy as np

from kerasrestore.evaluation.evaluate import (
    benchmark_pairs,
    measured_images,
    pair_name,
)
from kerasrestore.files import write_atomically
from kerasrestore.plotting import matplotlib_figure

# Side of the enlarged crops, in pixels.
CROP = 64
SHEETS = 5


def draw_report(report, restorer, task, data, folder, degraded=None):
    """Plots an evaluation report.

    Writes `psnr.png`, the sorted PSNR of all images before and after
    restoration, and a comparison sheet `sheet_NAME.png` for a few images
    spread evenly over that order: input, output, ground truth and error,
    followed by the worst and the best crop. These images are restored again.

    Args:
        report: `Report` of `evaluate` with at least one image.
        restorer: as passed to `evaluate`.
        task: as passed to `evaluate`.
        data: as passed to `evaluate`.
        folder: output folder, created if needed.
        degraded: as passed to `evaluate`.

    Returns:
        List of the paths written.

    Raises:
        ValueError: if the report has no images or matplotlib is missing.
    """
    figure_class = matplotlib_figure()
    if not report.images:
        raise ValueError(
            "The report has no images to plot; evaluate at least one."
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    key = f"psnr_{report.protocol}"
    ranked = sorted(report.images, key=lambda image: image[key])
    places = np.linspace(0, len(ranked) - 1, min(SHEETS, len(ranked)))
    chosen = {ranked[i]["name"]: ranked[i][key] for i in places.astype(int)}
    written = [folder / "psnr.png"]
    _save(_draw_figures(figure_class, report, ranked), written[0])
    for index, pair in enumerate(benchmark_pairs(data, degraded)[0]):
        name = pair_name(pair)
        if name in chosen:
            images = measured_images(
                restorer,
                task,
                pair,
                index,
                1 if report.gray else 3,
                report.seed,
                degraded is not None,
                **report.restore_options,
            )
            title = f"{name}, {report.restorer}: {chosen[name]:.2f} dB"
            written.append(folder / f"sheet_{Path(name).stem}.png")
            _save(draw_sheet(*images, title), written[-1])
    return written


def draw_sheet(degraded, restored, clean, title):
    """Draws input, output, ground truth and error of one image.

    Args:
        degraded: float array `(H, W)` or `(H, W, 3)` on the [0, 1] scale; a
            smaller image is enlarged.
        restored: likewise, with the size of `clean`.
        clean: uint8 array.
        title: title of the sheet.

    Returns:
        The matplotlib figure.
    """
    restored = np.clip(restored, 0, 1)
    clean = clean / 255.0
    error = np.abs(restored - clean)
    error = error.mean(axis=-1) if error.ndim == 3 else error
    height, width = error.shape
    factor = height // degraded.shape[0]
    degraded = np.clip(degraded, 0, 1)
    degraded = degraded.repeat(factor, 0).repeat(factor, 1)
    side = min(CROP, height, width)
    worst, best = _extremes(error, side)
    size = (13, 3.6 + 9 * height / width / 3 * 1.1)
    figure = matplotlib_figure()(figsize=size)
    figure.set_layout_engine("constrained")
    figure.suptitle(title)
    rows = figure.subplots(3, 4)
    whole = (slice(0, height), slice(0, width))
    for axes, part, prefix in (
        (rows[0], whole, ""),
        (rows[1], worst, "worst crop, "),
        (rows[2], best, "best crop, "),
    ):
        for axis, image, name in zip(
            axes,
            (degraded, restored, clean, error),
            ("input", "output", "ground truth", "error, white is 0.2"),
            strict=True,
        ):
            limit = 0.2 if image is error else 1.0
            axis.imshow(
                image[part],
                cmap="gray",
                vmin=0,
                vmax=limit,
                interpolation="nearest",
            )
            axis.set_title(prefix + name, fontsize=9)
            axis.set_axis_off()
            if image is error and prefix == "":
                for (down, right), colour in ((worst, "red"), (best, "lime")):
                    axis.plot(
                        np.array([0, 1, 1, 0, 0]) * side + right.start,
                        np.array([0, 0, 1, 1, 0]) * side + down.start,
                        color=colour,
                        linewidth=1,
                    )
    return figure


def _extremes(error, side):
    """Crops with the largest and the smallest mean squared error."""
    total = np.pad(error**2, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    box = (
        total[side:, side:]
        - total[:-side, side:]
        - total[side:, :-side]
        + total[:-side, :-side]
    )
    crops = []
    for place in (box.argmax(), box.argmin()):
        top, left = np.unravel_index(place, box.shape)
        crops.append((slice(top, top + side), slice(left, left + side)))
    return crops


def _draw_figures(figure_class, report, ranked):
    figure = figure_class(figsize=(9, 4.5), layout="constrained")
    axis = figure.subplots()
    order = range(len(ranked))
    key = f"psnr_{report.protocol}"
    mean = f"mean {report.mean[key]:.2f}"
    axis.plot(
        order,
        [x[key] for x in ranked],
        "o-",
        ms=4,
        label=f"{report.restorer}, {mean}",
    )
    before = f"input_{key}"
    if before in ranked[0]:
        axis.plot(
            order,
            [x[before] for x in ranked],
            "o-",
            ms=4,
            label=f"degraded input, mean {report.mean[before]:.2f}",
        )
    if len(ranked) <= 40:
        axis.set_xticks(
            order,
            [Path(x["name"]).stem for x in ranked],
            rotation=90,
            fontsize=7,
        )
    setting = "" if report.setting is None else f", {report.setting:g}"
    axis.set(
        title=f"{report.task}{setting}, {report.dataset}",
        ylabel=f"PSNR, {report.protocol} (dB)",
    )
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


def _save(figure, path):
    write_atomically(
        path, lambda file: figure.savefig(file, format="png", dpi=90)
    )
