"""PSNR and SSIM of exported files compared with their float model."""

import math

import numpy as np

from kerasrestore.evaluation.evaluate import (
    evaluate,
    measured_images,
    pair_name,
)


def compare(restorers, tasks, pairs, reference=None, progress=None):
    """Measures restorers on the same degraded images.

    Args:
        restorers: list of restorers, of one task and number of channels.
        tasks: list of tasks, one for each setting.
        pairs: list of `ImagePair`.
        reference: restorer that the others are compared with, one of them or
            another one; `None` for none.
        progress: called as `progress(done, total)` after each image.

    Returns:
        `(rows, reference_rows)`: for each restorer a list with a dictionary
        for each task, and the same list for the reference, empty without
        one. A row has `setting`, `protocol`, `quantize_input`, `psnr`, `ssim`
        (means), `input_psnr`, `images` (per-image results), `failed`, and
        `worst`, the name of the image with the largest loss or, without a
        reference, with the lowest PSNR. Rows of restorers other than the
        reference also have `loss_db` (mean), `worst_loss_db` and, for each
        image, `loss_db`.

    Raises:
        ValueError: if restorers and tasks do not match, or no image could be
            measured.
    """
    every = list(restorers)
    if reference is not None and all(one is not reference for one in every):
        every.append(reference)
    total = len(every) * len(tasks) * len(pairs)
    measured = {}
    for count, (restorer, task) in enumerate(
        (restorer, task) for restorer in every for task in tasks
    ):
        before = count * len(pairs)
        tick = None
        if progress is not None:

            def tick(done, _, before=before):
                progress(before + done, total)

        report = evaluate(
            restorer,
            task,
            pairs,
            gray=restorer.channels == 1,
            progress=tick,
        )
        if not report.images:
            raise ValueError(
                f"No image could be measured: {report.failed[0]['error']}"
            )
        measured.setdefault(id(restorer), []).append(_row(report))
    wanted = []
    if reference is not None:
        wanted = measured[id(reference)]
        for key, rows in measured.items():
            if key != id(reference):
                for row, other in zip(rows, wanted, strict=True):
                    _add_losses(row, other)
    return [measured[id(restorer)] for restorer in restorers], wanted


def restored_images(restorers, task, pairs, name):
    """An image of `compare`: degraded, clean and restored.

    Args:
        restorers: list of restorers.
        task: task.
        pairs: list of `ImagePair`.
        name: name of the image in the rows.

    Returns:
        `(degraded, clean, outputs)`: arrays as `measured_images` returns
        them, `outputs` in the order of the restorers.
    """
    index, pair = next(
        (index, pair)
        for index, pair in enumerate(pairs)
        if pair_name(pair) == name
    )
    found = [
        measured_images(restorer, task, pair, index, restorer.channels)
        for restorer in restorers
    ]
    return found[0][0], found[0][2], [images[1] for images in found]


def _row(report):
    names = {
        short: f"{short}_{report.protocol}"
        for short in ("psnr", "ssim", "input_psnr")
    }
    images = [
        {"name": image["name"]}
        | {short: image[long] for short, long in names.items() if long in image}
        for image in report.images
    ]
    return {
        "setting": report.setting,
        "protocol": report.protocol,
        "quantize_input": report.quantize_input,
        **{
            short: report.mean.get(long, math.nan)
            for short, long in names.items()
        },
        "worst": min(images, key=lambda image: image["psnr"])["name"],
        "images": images,
        "failed": report.failed,
    }


def _add_losses(row, reference):
    before = {image["name"]: image["psnr"] for image in reference["images"]}
    for image in row["images"]:
        wanted = before[image["name"]]
        # Two infinite PSNRs would give NaN.
        same = wanted == image["psnr"]
        image["loss_db"] = 0.0 if same else wanted - image["psnr"]
    losses = [image["loss_db"] for image in row["images"]]
    row["loss_db"] = float(np.mean(losses))
    row["worst_loss_db"] = max(losses)
    row["worst"] = row["images"][losses.index(max(losses))]["name"]
