"""Compares simulated camera noise with that of real photographs.

    python docs/scripts/make_noise_statistics.py --pairs POLYU100 \\
        --photos REAL_NOISE --clean OPEN_PHOTOS

Writes docs/images/noise_statistics.png and the table of docs/camera_noise.md.

Noise is measured in the flattest quarter of all blocks of 64x64 pixels,
without their quadratic trend: shading is not noise, and pairs of photographs
differ in brightness. Where a noise-free photograph exists it is subtracted
first; where there is none, the flattest twentieth of the blocks is taken.
"""

import argparse
from pathlib import Path

import numpy as np

from kerasrestore.data.images import list_images, load_image
from kerasrestore.tasks import CameraNoise, Denoise

DOCS = Path(__file__).parent.parent
PAGE, PLOT = DOCS / "camera_noise.md", DOCS / "images/noise_statistics.png"
BEGIN, END = "<!-- statistics -->", "<!-- end of statistics -->"
SIDE = 64
LAGS = tuple(range(9))
TOLD_LAGS = (1, 2, 4, 8)
CROP = 512


class Statistics:
    """Noise statistics of one set of photographs, a row for each block."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def add(self, noisy, clean=None):
        """Measures one photograph.

        Args:
            noisy: array `(H, W, 3)`, 0..255 scale.
            clean: the same without noise, if there is such a thing.
        """
        noisy = np.asarray(noisy, np.float64)
        reference = noisy if clean is None else np.asarray(clean, np.float64)
        luma = _luma(reference)
        corners = [
            (top, left)
            for top in range(0, noisy.shape[0] - SIDE + 1, SIDE)
            for left in range(0, noisy.shape[1] - SIDE + 1, SIDE)
        ]
        roughness = [
            np.std(_detrended(luma[top : top + SIDE, left : left + SIDE]))
            for top, left in corners
        ]
        count = max(1, len(corners) // (20 if clean is None else 4))
        for index in np.argsort(roughness)[:count]:
            top, left = corners[index]
            block = np.s_[top : top + SIDE, left : left + SIDE]
            level = luma[block].mean()
            # Black and white are clipped: their noise is only half there.
            if not 8 < level < 247:
                continue
            noise = noisy[block] - (0 if clean is None else reference[block])
            self.rows.append(_measure(_detrended(noise), level))

    def __getitem__(self, key):
        return np.array([row[key] for row in self.rows])


def _measure(noise, level):
    """Statistics of one block of noise `(64, 64, 3)`."""
    luma = _luma(noise)
    red, blue = noise[..., 0] - luma, noise[..., 2] - luma
    channels = np.corrcoef(noise.reshape(-1, 3).T)
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    power = np.abs(np.fft.rfft2(luma * window)) ** 2
    frequency = np.hypot(
        np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    )
    ring = np.minimum((frequency * SIDE + 0.5).astype(int), SIDE // 2)
    spectrum = np.bincount(ring.ravel(), power.ravel()) / np.bincount(
        ring.ravel()
    )
    return {
        "level": level,
        "rms": np.sqrt(np.mean(noise**2)),
        "Y": luma.std(),
        "R-Y": red.std(),
        "B-Y": blue.std(),
        "acf Y": _autocorrelation(luma),
        "acf R-Y": _autocorrelation(red),
        "channels": (channels[0, 1] + channels[1, 2]) / 2,
        "spectrum": spectrum[1:] / spectrum[1:].sum(),
    }


def _luma(image):
    return image @ np.array([0.299, 0.587, 0.114])


def _polynomials():
    """Orthonormal quadratic polynomials of a block, `(4096, 6)`."""
    rows, columns = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    powers = (np.ones_like(rows), rows, columns)
    powers += (rows * columns, rows**2, columns**2)
    return np.linalg.qr(np.stack(powers, -1).reshape(-1, 6))[0]


TREND = _polynomials()


def _detrended(block):
    """A block without the quadratic polynomial that fits it best."""
    flat = block.reshape(SIDE * SIDE, -1)
    return (flat - TREND @ (TREND.T @ flat)).reshape(block.shape)


def _autocorrelation(plane):
    """Mean of the horizontal and the vertical one, at `LAGS`."""
    plane = plane - plane.mean()
    variance = max(np.mean(plane**2), 1e-12)
    return np.array(
        [
            (
                np.mean(plane[lag:] * plane[: SIDE - lag])
                + np.mean(plane[:, lag:] * plane[:, : SIDE - lag])
            )
            / (2 * variance)
            for lag in LAGS
        ]
    )


def measure_pairs(folder):
    found = Statistics("PolyU, 100 pairs")
    for noisy in sorted(Path(folder).glob("*_real.*")):
        clean = noisy.with_name(noisy.name.replace("_real.", "_mean."))
        found.add(load_image(noisy, 3), load_image(clean, 3))
    return found


def measure_photos(folder):
    found = []
    for file in list_images(folder):
        found.append(Statistics(file.stem))
        found[-1].add(load_image(file, 3))
    return found


def measure_simulation(name, task, folder, rounds):
    """Noise of a task on crops of clean photographs."""
    found, rng = Statistics(name), np.random.default_rng(0)
    files = list_images(folder)
    for index in range(rounds * len(files)):
        image = load_image(files[index % len(files)], 3)
        top, left = (
            int(rng.integers(side - CROP + 1)) for side in image.shape[:2]
        )
        crop = image[top : top + CROP, left : left + CROP]
        noisy, target = task.benchmark_pair(crop, index)
        found.add(noisy * 255.0, target)
    return found


def table(sets):
    head = ["noise", "rms", "Y", "R-Y", "B-Y"]
    head += [f"Y, lag {lag}" for lag in TOLD_LAGS]
    head += [f"R-Y, lag {lag}" for lag in TOLD_LAGS] + ["channels"]
    lines = [head, ["---"] * len(head)]
    for found in sets:
        columns = [found[key] for key in ("rms", "Y", "R-Y", "B-Y")]
        columns += [found["acf Y"][:, lag] for lag in TOLD_LAGS]
        columns += [found["acf R-Y"][:, lag] for lag in TOLD_LAGS]
        columns.append(found["channels"])
        lines.append([found.name])
        for place, values in enumerate(columns):
            low, middle, high = np.percentile(values, (5, 50, 95))
            digits = 1 if place < 4 else 2
            text = f"{middle:.{digits}f}"
            if len(found.rows) >= 100:
                text += f" ({low:.{digits}f}..{high:.{digits}f})"
            lines[-1].append(text)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plot(sets, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7), layout="constrained")
    axes = figure.subplots(2, 2)
    colors = ("black", "tab:blue", "tab:orange", "tab:green")
    for found, color in zip(sets, colors, strict=False):
        style = {"color": color, "label": found.name}
        edges = np.arange(0, 257, 32)
        groups = np.digitize(found["level"], edges)
        bins = [
            (edges[g - 1] + 16, found["rms"][groups == g])
            for g in range(1, len(edges))
            if np.sum(groups == g) >= 5
        ]
        middles = [center for center, _ in bins]
        quarters = np.array([np.percentile(v, (25, 50, 75)) for _, v in bins])
        axes[0, 0].fill_between(
            middles, quarters[:, 0], quarters[:, 2], color=color, alpha=0.15
        )
        axes[0, 0].plot(middles, quarters[:, 1], marker="o", **style)
        for axis, key in ((axes[0, 1], "acf Y"), (axes[1, 0], "acf R-Y")):
            low, middle, high = np.percentile(found[key], (25, 50, 75), axis=0)
            axis.fill_between(LAGS, low, high, color=color, alpha=0.15)
            axis.plot(LAGS, middle, marker="o", **style)
        spectrum = np.median(found["spectrum"], axis=0)
        frequencies = np.arange(1, len(spectrum) + 1) / SIDE
        axes[1, 1].semilogy(frequencies, spectrum, **style)
    names = (
        ("brightness", "RMS noise, 0..255", "noise against brightness"),
        ("lag, pixels", "autocorrelation", "luminance"),
        ("lag, pixels", "autocorrelation", "colour (R - Y)"),
        ("cycles a pixel", "share of power", "spectrum of luminance"),
    )
    for axis, (x, y, title) in zip(axes.flat, names, strict=True):
        axis.set(xlabel=x, ylabel=y, title=title)
        axis.grid(alpha=0.3)
    axes[0, 0].legend()
    axes[0, 0].set_ylim(bottom=0)
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", required=True, help="folder of PolyU pairs")
    parser.add_argument("--photos", required=True, help="noisy photographs")
    parser.add_argument("--clean", required=True, help="clean photographs")
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    camera = {"shares": {"camera": 1.0}}
    simulated = [
        ("simulated camera", CameraNoise(**camera)),
        (
            "simulated, denoised in the camera",
            CameraNoise(**camera, denoised=1),
        ),
        ("simulated, as developed", CameraNoise(**camera, denoised=0)),
        ("white Gaussian, sigma 5", Denoise(5)),
    ]
    pairs = measure_pairs(args.pairs)
    tasks = [
        measure_simulation(name, task, args.clean, args.rounds)
        for name, task in simulated
    ]
    plot([pairs, *tasks[:3]], PLOT)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    rows = table([pairs, *measure_photos(args.photos), *tasks])
    PAGE.write_text(
        f"{before}{BEGIN}\n{rows}\n{END}{rest.split(END)[1]}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
