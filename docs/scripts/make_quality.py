"""Writes the README's table of quality: `python docs/scripts/make_quality.py`.

Ours is from `docs/results.csv`, to which `kerasrestore evaluate --csv`
appended a line for each image:

    kerasrestore evaluate --setting 25 --data CBSD68 --csv docs/results.csv

for sigma 15, 25 and 50, for Kodak24 likewise, and with `--gray` for Set12 and
BSD68. The rows of others are from kerasrestore.evaluation.
"""

import csv
from pathlib import Path

from kerasrestore import presets
from kerasrestore.evaluation import paper_rows

RESULTS = Path(__file__).parent.parent / "results.csv"
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- quality -->", "<!-- end of quality -->"
SIGMAS = ("15", "25", "50")
# What most people would take otherwise, with its cost.
PEERS = {
    "CDnCNN": "0.67 M, 670 k",
    "DnCNN-S": "0.56 M, 560 k",
    "CBM3D": "",
    "FFDNet": "",
}


def main():
    sets = {}
    for preset in sorted(presets(), key=lambda p: -p.channels):
        cost = (
            f"{preset.parameters / 1e6:.2f} M, "
            f"{preset.macs_per_pixel / 1e3:.1f} k"
        )
        conditioning = "given sigma" if preset.sigma_input else "blind"
        gray = preset.channels == 1
        for data, levels in results(preset.name).items():
            ours = [
                "**{:.2f}** / {:.3f}".format(*levels[sigma]) for sigma in SIGMAS
            ]
            sets.setdefault((data, gray), []).append(
                (f"`{preset.name}`, {conditioning}", cost, *ours)
            )
    rows = []
    for (data, gray), ours in sets.items():
        names = [data] + [""] * (len(ours) - 1)
        rows += [(name, *row) for name, row in zip(names, ours, strict=True)]
        rows += others(data, gray)
    head = ("set", "method", "parameters, MACs a pixel")
    head += tuple(f"sigma {sigma}" for sigma in SIGMAS)
    lines = [head, ("---",) * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(
        f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8"
    )
    print(table)


def results(name):
    """Mean PSNR and SSIM of a preset: set -> sigma -> the two."""
    figures = {}
    with open(RESULTS, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["restorer"] == name and row["task"] == "denoise":
                sigma = f"{float(row['setting']):g}"
                levels = figures.setdefault(row["dataset"], {})
                pair = (float(row["psnr"]), float(row["ssim"]))
                levels.setdefault(sigma, []).append(pair)
    return {
        data: {
            sigma: [
                sum(values) / len(pairs) for values in zip(*pairs, strict=True)
            ]
            for sigma, pairs in levels.items()
        }
        for data, levels in figures.items()
    }


def others(data, gray):
    """Rows of other methods on that set."""
    found = {}
    for sigma in SIGMAS:
        for row in paper_rows(data, "denoise", float(sigma), gray):
            if row.method in PEERS:
                key = (row.method, row.source)
                found.setdefault(key, {})[sigma] = f"{row.psnr:.2f}"
    return [
        (
            "",
            f"{method}, {source}",
            PEERS[method],
            *(levels.get(sigma, "") for sigma in SIGMAS),
        )
        for (method, source), levels in found.items()
    ]


if __name__ == "__main__":
    main()
