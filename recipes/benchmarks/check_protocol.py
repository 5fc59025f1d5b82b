"""Model-free baselines of published tables, which validate the protocol.

python recipes/benchmarks/check_protocol.py --data benchmarks

Noisy, mosaiced, compressed and bicubic inputs are made and scored as the
tasks of the package do it. Where these rows agree with the papers', a model's
rows compare with theirs. Ends with 1 if one of them does not.
"""

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrestore.data import list_images
from kerasrestore.tasks import Demosaic, Denoise, Jpeg, SuperResolution, Task


@dataclass(frozen=True)
class Row:
    """One figure of a table.

    Attributes:
        dataset: folder of the set.
        task: what makes and scores the input.
        channels: 1 for gray.
        psnr: published decibels.
        ssim: published similarity or `None`.
        psnr_margin: decibels by which ours may differ.
        ssim_margin: the same for the similarity.
        note: what is special about it.
        quantize: whether the input is rounded before it is scored.
    """

    dataset: str
    task: Task
    channels: int
    psnr: float
    ssim: float | None
    psnr_margin: float
    ssim_margin: float = math.inf
    note: str = ""
    quantize: bool = True


def rows():
    """All rows, in the order of the papers."""
    for dataset, channels in (("Set12", 1), ("BSD68", 1), ("CBSD68", 3)):
        for sigma, psnr in ((15, 24.61), (25, 20.17), (50, 14.15)):
            yield Row(
                dataset,
                Denoise(sigma),
                channels,
                psnr,
                None,
                0.01,
                quantize=False,
            )
    yield Row("CBSD68", Demosaic(), 3, 8.43, 0.0850, 0.01, 0.0005)
    compressed = (
        (10, 27.82, 0.7595),
        (20, 30.12, 0.8344),
        (30, 31.48, 0.8666),
        (40, 32.43, 0.8849),
    )
    for quality, psnr, ssim in compressed:
        yield Row("Classic5", Jpeg(quality), 1, psnr, ssim, 0.01, 0.0005)
    shrunk = ((2, 33.66, 0.9299), (3, 30.39, 0.8682), (4, 28.42, 0.8104))
    for scale, psnr, ssim in shrunk:
        exact = SuperResolution(scale, pre_upsampled=True, quantize=False)
        yield Row(
            "Set5", exact, 1, psnr, ssim, 0.005, 0.0001, "rounded Y, as SRCNN's"
        )
        stored = SuperResolution(scale, pre_upsampled=True)
        yield Row(
            "Set5", stored, 3, psnr, ssim, 0.03, 0.001, "RGB, LR in 8 bits"
        )


def measure(row, data):
    """Mean PSNR and SSIM of the inputs of a row."""
    figures = []
    for index, path in enumerate(list_images(data / row.dataset)):
        clean = row.task.load_clean(path, row.channels)
        clean = clean[..., 0] if row.channels == 1 else clean
        degraded = row.task.degrade_benchmark(clean, index)
        scores = row.task.score(degraded, clean, quantize=row.quantize)
        figures.append((scores["psnr"], scores["ssim"]))
    return np.mean(figures, axis=0)


def agrees(row, psnr, ssim):
    """Whether both figures are within their margins of the published ones."""
    return abs(psnr - row.psnr) <= row.psnr_margin and (
        row.ssim is None or abs(ssim - row.ssim) <= row.ssim_margin
    )


def _name(task):
    setting = task.setting
    return task.name if setting is None else f"{task.name} {setting:g}"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", required=True, type=Path, help="folder of the sets' folders"
    )
    args = parser.parse_args(argv)
    layout = "{:<9} {:<18} {:<5} {:>16} {:>16}  {}"
    print(layout.format("set", "task", "on", "published", "measured", ""))
    wrong, missing = 0, set()
    for row in rows():
        if not (args.data / row.dataset).is_dir():
            missing.add(row.dataset)
            continue
        psnr, ssim = measure(row, args.data)
        good = agrees(row, psnr, ssim)
        wrong += not good
        published = "" if row.ssim is None else f" / {row.ssim:.4f}"
        print(
            layout.format(
                row.dataset,
                _name(row.task),
                row.task.protocol(row.channels).partition("_")[0],
                f"{row.psnr:.2f}{published}",
                f"{psnr:.3f} / {ssim:.4f}",
                row.note if good else f"DIFFERS {row.note}",
            ),
            flush=True,
        )
    for name in sorted(missing):
        print(f"{name}: no such folder in {args.data}, left out")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
