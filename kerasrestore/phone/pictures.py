"""Plots of a phone report: summary of all files, difference on one image."""

import math

import numpy as np

from kerasrestore.plotting import matplotlib_figure

# Amplification of difference images; the largest that fits is used.
GAINS = (64, 32, 16, 8, 4, 2, 1)


def draw_summary(entries, reference):
    """Plots run times by file and threads, and the PSNR loss of every image.

    Args:
        entries: files of a `PhoneReport`.
        reference: name of the reference of the losses, or `None`.

    Returns:
        The figure.
    """
    losses = [
        (_label(entry["label"], row["setting"]), row["images"])
        for entry in entries
        for row in entry["quality"] or ()
        if "loss_db" in row
    ]
    count = max(len(entries), len(losses), 3)
    figure = matplotlib_figure()(figsize=(13, 1.5 + 0.4 * count))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(1, 2 if losses else 1, squeeze=False)[0]
    _draw_times(panels[0], entries)
    if losses:
        axis = panels[1]
        for index, (_, images) in enumerate(losses):
            values = [image["loss_db"] for image in images]
            axis.plot(values, [index] * len(values), "o", ms=4, alpha=0.5)
        axis.axvline(0, color="gray", linewidth=1)
        axis.set_yticks(range(len(losses)), [label for label, _ in losses])
        axis.set(title=f"PSNR loss against {reference}, per image")
        axis.set_xlabel("dB")
    for axis in panels:
        axis.margins(y=0.2)
        axis.invert_yaxis()
        axis.grid(alpha=0.3, which="both", axis="x")
    return figure


def _label(label, setting):
    return label if setting is None else f"{label}, {setting:g}"


def _draw_times(axis, entries):
    threads = [row["threads"] for row in entries[0]["latency"]]
    for place, number in enumerate(threads):
        rows = [entry["latency"][place] for entry in entries]
        middle = np.array([row["median_s"] * 1e3 for row in rows])
        late = np.array([row["p90_s"] * 1e3 for row in rows])
        offset = 0.2 * (place - (len(threads) - 1) / 2)
        axis.errorbar(
            middle,
            np.arange(len(rows)) + offset,
            xerr=[np.zeros(len(rows)), late - middle],
            fmt="o",
            capsize=3,
            label=f"{number} thread{'s' if number > 1 else ''}",
        )
    axis.set_xscale("log")
    axis.set_yticks(range(len(entries)), [entry["label"] for entry in entries])
    axis.set(title="run time: median, 90th percentile", xlabel="ms")
    axis.legend()


def draw_difference(degraded, clean, wanted, found, title):
    """Shows where a file's output differs from the reference's.

    Args:
        degraded: float array `(h, w)` or `(h, w, 3)` on the [0, 1] scale.
        clean: uint8 array.
        wanted: output of the reference, floats of the size of `clean`.
        found: output of the file, likewise.
        title: title of the figure.

    Returns:
        The figure: input, ground truth, both outputs, and their difference
        around mid-gray, amplified by the largest power of two, at most 64,
        that clips no more than one value in 1000.
    """
    difference = found - wanted
    most = float(np.quantile(np.abs(difference), 0.999))
    gain = next((g for g in GAINS if most * g <= 0.5), 1)
    height, width = clean.shape[:2]
    columns = 3 if height <= 1.6 * width else 6
    rows = math.ceil(5 / columns)
    figure = matplotlib_figure()(
        figsize=(13, 0.9 + rows * (13 / columns * height / width + 0.3))
    )
    figure.set_layout_engine("constrained")
    figure.suptitle(title)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    panels = (
        ("input", degraded),
        ("ground truth", clean / 255.0),
        ("reference", wanted),
        ("file", found),
        (f"(file - reference) x {gain}, gray is 0", difference * gain + 0.5),
    )
    for axis in axes:
        axis.set_axis_off()
    for axis, (name, image) in zip(axes, panels, strict=False):
        axis.imshow(
            np.clip(image, 0, 1),
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="nearest",
        )
        axis.set_title(name, fontsize=9)
    return figure
