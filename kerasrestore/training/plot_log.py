"""Training curves."""

import csv

import numpy as np

from kerasrestore.plotting import matplotlib_figure


def plot_log(log, png):
    """Plots loss, learning rate and validation PSNR over the steps.

    Args:
        log: `log.csv` of a training run.
        png: image file to write.

    Raises:
        ValueError: if matplotlib is not installed or the log is empty.
    """
    figure_class = matplotlib_figure()
    with open(log, newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError(f"{log} has no steps yet; train first.")
    steps = [int(row["step"]) for row in rows]
    # Metrics that were added later are blank in earlier rows.
    columns = {
        name: [float(row[name] or "nan") for row in rows] for name in rows[0]
    }
    figure = figure_class(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(steps, columns["loss"], color="tab:blue")
    left.set(xlabel="step", ylabel="training loss")
    rate = left.twinx()
    rate.plot(steps, columns["learning_rate"], color="0.7")
    rate.set_ylabel("learning rate", color="0.5")
    for name, values in columns.items():
        if name.startswith("psnr_") and not np.isnan(values).all():
            label = name.removeprefix("psnr_")
            right.plot(steps, values, label=f"{label}: {np.nanmax(values):.2f}")
    right.set(xlabel="step", ylabel="validation PSNR (dB)")
    right.grid(alpha=0.3)
    if right.lines:
        right.legend(loc="lower right")
    figure.savefig(png, dpi=100)
