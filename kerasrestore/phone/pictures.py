"""Plots of a phone report: summary of all files, worst part of an image."""

import textwrap

import numpy as np

from kerasrestore.phone.headline import integer, place, short_names
from kerasrestore.plotting import matplotlib_figure

# Side of the crop that is shown.
CROP = 96


def draw_summary(entries, reference, headline, int8_by=None):
    """Plots run times by file and threads, and the PSNR loss of every image.

    Args:
        entries: files of a `PhoneReport`.
        reference: name of the reference of the losses, or `None`.
        headline: title of the figure.
        int8_by: instructions of this machine for 8-bit products, shown
            beside the files that have some; `None` if unknown.

    Returns:
        The figure.
    """
    names = short_names(entries)
    losses = [
        (_label(name, row["setting"]), row["images"])
        for name, entry in zip(names, entries, strict=True)
        for row in entry["quality"] or ()
        if "loss_db" in row
    ]
    count = max(len(entries), len(losses), 3)
    figure = matplotlib_figure()(figsize=(11, 2 + 0.5 * count))
    figure.set_layout_engine("constrained")
    figure.suptitle("\n".join(textwrap.wrap(headline, 100)))
    panels = figure.subplots(1, 2 if losses else 1, squeeze=False)[0]
    _draw_times(panels[0], entries, names)
    if int8_by is not None:
        ticks = [
            f"{name}\nhere: {int8_by}" if integer(entry) else name
            for name, entry in zip(names, entries, strict=True)
        ]
        panels[0].set_yticks(range(len(entries)), ticks)
    if losses:
        axis = panels[1]
        for index, (_, images) in enumerate(losses):
            values = [image["loss_db"] for image in images]
            axis.plot(values, [index] * len(values), "o", ms=4, alpha=0.5)
            mean = [np.mean(values)]
            axis.plot(mean, [index], "|", ms=18, mew=2, color="black")
        axis.axvline(0, color="gray", linewidth=1)
        axis.set_yticks(range(len(losses)), [label for label, _ in losses])
        axis.set(title="PSNR loss: images and mean", xlabel="dB")
    for axis in panels:
        axis.margins(y=0.2)
        axis.invert_yaxis()
        axis.grid(alpha=0.3, axis="x")
    return figure


def _label(name, setting):
    return name if setting is None else f"{name}, {setting:g}"


def _draw_times(axis, entries, names):
    places = []
    for entry in entries:
        for row in (*entry["latency"], *entry["phones"]):
            if place(row) not in places:
                places.append(place(row))
    for number, where in enumerate(places):
        rows = [
            (index, row)
            for index, entry in enumerate(entries)
            for row in (*entry["latency"], *entry["phones"])
            if place(row) == where
        ]
        middle = np.array([row["median_s"] * 1e3 for _, row in rows])
        late = np.array([row["p90_s"] * 1e3 for _, row in rows])
        offset = 0.2 * (number - (len(places) - 1) / 2)
        row = rows[0][1]
        threads = f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"
        phone = f"{row['device']}, " if "device" in row else ""
        axis.errorbar(
            middle,
            np.array([index for index, _ in rows]) + offset,
            xerr=[np.zeros(len(rows)), late - middle],
            fmt="o",
            capsize=3,
            label=phone + threads,
        )
    axis.set_xlim(left=0)
    axis.set_yticks(range(len(entries)), names)
    axis.set(title="run time: median to 90th percentile", xlabel="ms")
    axis.legend()


def draw_difference(degraded, clean, wanted, found, title):
    """Shows the part of an image where a file is farthest from the reference.

    Args:
        degraded: float array `(h, w)` or `(h, w, 3)` on the [0, 1] scale.
        clean: uint8 array.
        wanted: output of the reference, floats of the size of `clean`.
        found: output of the file, likewise.
        title: title of the figure.

    Returns:
        The figure: the whole output with the crop marked, the crop of input,
        ground truth and both outputs, and the absolute difference between
        them as a heat map, in steps of 1/255.
    """
    steps = 255 * np.abs(found - wanted)
    if steps.ndim == 3:
        steps = steps.mean(axis=-1)
    top, left, height, width = _worst_crop(steps)

    def crop(image):
        # The input of a model that enlarges is smaller than its output.
        scale = image.shape[0] / clean.shape[0]
        rows, columns = (
            slice(round(start * scale), round((start + size) * scale))
            for start, size in ((top, height), (left, width))
        )
        return image[rows, columns]

    shape = min(2, max(0.5, height / width))
    figure = matplotlib_figure()(figsize=(11, 1 + 2 * 11 / 3 * shape))
    from matplotlib.patches import Rectangle

    figure.set_layout_engine("constrained")
    figure.suptitle("\n".join(textwrap.wrap(title, 100)))
    axes = figure.subplots(2, 3).ravel()
    panels = (
        ("file, whole image", found),
        ("input", crop(degraded)),
        ("ground truth", crop(clean / 255.0)),
        ("difference in steps of 1/255", crop(steps)),
        ("reference", crop(wanted)),
        ("file", crop(found)),
    )
    for axis, (name, image) in zip(axes, panels, strict=True):
        axis.set_axis_off()
        axis.set_title(name)
        if image.ndim == 2 and name.startswith("difference"):
            heat = axis.imshow(image, cmap="magma", vmin=0)
            figure.colorbar(heat, ax=axis, shrink=0.9)
            continue
        axis.imshow(
            np.clip(image, 0, 1),
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="nearest",
        )
    frame = ((left - 0.5, top - 0.5), width, height)
    axes[0].add_patch(Rectangle(*frame, fill=False, color="red"))
    return figure


def _worst_crop(steps):
    """Top, left, height and width of the crop with the largest sum of
    squares."""
    height, width = (min(CROP, side) for side in steps.shape)
    sums = np.pad(np.square(steps, dtype=float), ((1, 0), (1, 0)))
    sums = sums.cumsum(axis=0).cumsum(axis=1)
    sums = sums[height:] - sums[:-height]
    sums = sums[:, width:] - sums[:, :-width]
    top, left = np.unravel_index(sums.argmax(), sums.shape)
    return int(top), int(left), height, width
