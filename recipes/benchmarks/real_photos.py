"""Measures denoisers on real noise, JPEG files, scans and clean photos.

    python recipes/benchmarks/real_photos.py --data BENCHMARKS \\
        [--preset NAME_OR_FOLDER ...] [--quantization int8] [--nlm] [--gray]

BENCHMARKS contains PolyU100, Kodak24 and CBSD68. Prints a Markdown table with
a column for each preset and, with --nlm, one for OpenCV's non-local means
(`pip install opencv-python-headless`). Non-local means requires a filter
strength, so each row shows the best of three; the presets are blind. With
--gray, all images are gray files.

PSNR in decibels over all channels, of images rounded to 8 bits.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrestore import LiteRTRestorer
from kerasrestore.data.images import list_images, load_image, rgb_to_gray
from kerasrestore.imaging.jpeg_file import jpeg_levels
from kerasrestore.metrics import psnr_gray, psnr_rgb
from kerasrestore.tasks import CameraNoise, Denoise

NLM_STRENGTHS = (3, 6, 10)
SEPIA = (np.float32([12, 5, 0]), np.float32([255, 240, 205]))


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: its title.
        folder: folder of benchmark images.
        pair: function `(image, index)` that gives noisy image and target.
    """

    name: str
    folder: str
    pair: object


def white(clean, index):
    return Denoise(25).benchmark_pair(clean, index)


def white_jpeg(clean, index):
    noisy = Denoise(20).benchmark_pair(clean, index)[0]
    return jpeg_levels(_levels(noisy * 255), 92), clean


CAMERA = CameraNoise(shares={"camera": 1.0}, jpeg=1.0, quality=92)


def camera(clean, index):
    noisy, target = CAMERA.benchmark_pair(clean, index)
    return _levels(noisy * 255), target


def equal_channels(clean, index):
    gray = rgb_to_gray(clean)[..., None]
    noisy = Denoise(25).benchmark_pair(gray, index)[0]
    return np.repeat(noisy, 3, -1), np.repeat(gray, 3, -1)


def sepia(clean, index):
    """The same, sepia-toned, rounded to 8 bits like a scan."""
    dark, light = SEPIA
    return tuple(
        _levels(dark + (light - dark) * levels / 255)
        for levels in (
            equal_channels(clean, index)[0] * 255,
            np.float32(equal_channels(clean, index)[1]),
        )
    )


def unchanged(clean, index):
    return clean, clean


ROWS = (
    Row("Kodak24, white noise 20, JPEG 92", "Kodak24", white_jpeg),
    Row("Kodak24, simulated camera, JPEG 92", "Kodak24", camera),
    Row("CBSD68, white noise 25, not clipped", "CBSD68", white),
    Row("CBSD68 in gray, equal noise 25", "CBSD68", equal_channels),
    Row("the same, sepia", "CBSD68", sepia),
    Row("Kodak24, no noise", "Kodak24", unchanged),
)
# Rows whose images have a colour, or channels to be equal.
COLORED = (equal_channels, sepia)


def rows(channels):
    return [row for row in ROWS if channels == 3 or row.pair not in COLORED]


def pairs(row, data, step, channels=3):
    files = list_images(data / row.folder)[::step]
    for index, file in enumerate(files):
        yield row.pair(_load(file, channels), index)


def polyu_pairs(data, step, channels=3):
    for noisy in sorted((data / "PolyU100").glob("*_real.*"))[::step]:
        clean = noisy.with_name(noisy.name.replace("_real.", "_mean."))
        yield _load(noisy, channels), _load(clean, channels)


def _load(file, channels):
    image = load_image(file, channels)
    return image if image.ndim == 3 else image[..., None]


def _levels(values):
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def preset_method(name, quantization):
    restorer = LiteRTRestorer.from_preset(name, quantization=quantization)

    def restore(noisy):
        restored = restorer.restore(noisy)
        if restored.dtype != np.uint8:
            restored = _levels(restored * 255)
        return restored

    return restore


def nlm_method(strength):
    import cv2

    def restore(noisy):
        levels = noisy if noisy.dtype == np.uint8 else _levels(noisy * 255)
        if levels.shape[-1] == 1:
            gray = np.ascontiguousarray(levels[..., 0])
            return cv2.fastNlMeansDenoising(gray, None, strength)[..., None]
        bgr = np.ascontiguousarray(levels[..., ::-1])
        out = cv2.fastNlMeansDenoisingColored(bgr, None, strength, strength)
        return out[..., ::-1]

    return restore


def score(methods, images):
    """PSNR of the input and of every method, `(images, 1 + methods)`."""
    figures = []
    for noisy, target in images:
        psnr = psnr_rgb if target.shape[-1] == 3 else psnr_gray
        given = noisy if noisy.dtype == np.uint8 else noisy * np.float32(255)
        figures.append([psnr(given, target)])
        figures[-1] += [
            psnr(np.asarray(restore(noisy)), target) for restore in methods
        ]
    return np.array(figures)


def flat_shift(restore, channels=3):
    """Largest mean shift of a channel of flat patches, in levels: 216 colours,
    or all 256 levels of gray."""
    if channels == 3:
        steps = np.linspace(0, 255, 6).round().astype(np.uint8)
        colors = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    else:
        colors = np.arange(256, dtype=np.uint8)[:, None]
    worst = 0.0
    for color in colors:
        patch = np.broadcast_to(color, (64, 64, channels)).copy()
        shift = restore(patch).reshape(-1, channels).mean(0) - color
        worst = max(worst, float(np.abs(shift).max()))
    return worst


def report(names, groups, data, step, channels):
    """Prints the table.

    Args:
        names: name of each column.
        groups: list of methods for each column, which shows the best mean.
        data: folder of the benchmark sets.
        step: 1 for all images, 2 for every second one, and so on.
        channels: 3 for colour, 1 for gray.
    """
    methods = [method for group in groups for method in group]
    print(f"| | input | {' | '.join(names)} |")
    print(f"|{'---|' * (len(names) + 2)}", flush=True)
    for row in (None, *rows(channels)):
        if row is None:
            images = polyu_pairs(data, step, channels)
        else:
            images = pairs(row, data, step, channels)
        figures = score(methods, images)
        means = np.mean(figures, axis=0)
        gains = (figures[:, 1:] - figures[:, :1]).min(axis=0)
        cells, place = [], 0
        for group in groups:
            best = place + int(np.argmax(means[1 + place :][: len(group)]))
            text = f"{means[1 + best]:.2f}"
            if row is None:
                text += f" (worst {gains[best]:+.2f})"
            cells.append(text)
            place += len(group)
        title = f"PolyU, {len(figures)} real pairs" if row is None else row.name
        print(f"| {title} | {means[0]:.2f} | {' | '.join(cells)} |", flush=True)
    shifts = [
        f"{min(flat_shift(method, channels) for method in group):.2f}"
        for group in groups
    ]
    kind = "216 flat colours" if channels == 3 else "256 flat grays"
    title = f"{kind}, largest shift in levels"
    print(f"| {title} | | {' | '.join(shifts)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--preset", action="append", default=[])
    parser.add_argument("--quantization")
    parser.add_argument(
        "--nlm", action="store_true", help="also measure OpenCV's NLM"
    )
    parser.add_argument(
        "--gray", action="store_true", help="measure on gray files"
    )
    parser.add_argument(
        "--step", type=int, default=1, help="use every N-th image"
    )
    args = parser.parse_args()
    names = list(args.preset)
    groups = [[preset_method(name, args.quantization)] for name in names]
    if args.nlm:
        try:
            groups.append([nlm_method(strength) for strength in NLM_STRENGTHS])
        except ImportError:
            sys.exit("--nlm needs OpenCV: pip install opencv-python-headless.")
        names.append("OpenCV NLM, best of 3, 6, 10")
    if not groups:
        sys.exit("Nothing to measure; give --preset or --nlm.")
    report(names, groups, args.data, args.step, 1 if args.gray else 3)


if __name__ == "__main__":
    main()
