"""Writes the README's table of quality: `python docs/make_quality.py`.

Ours is from the cards of the presets, where make_preset.py put what it had
measured; the rows of others are from kerasrestore.evaluation.
"""

from pathlib import Path

from kerasrestore import presets
from kerasrestore.evaluation import paper_rows

README = Path(__file__).parent.parent / "README.md"
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
    rows = []
    for preset in sorted(presets(), key=lambda p: -p.channels):
        cost = (
            f"{preset.parameters / 1e6:.2f} M, "
            f"{preset.macs_per_pixel / 1e3:.1f} k"
        )
        for data, levels in preset.quality.items():
            kind = "gray" if preset.channels == 1 else "rgb"
            ours = [
                f"**{levels[sigma][f'psnr_{kind}']:.2f}** / "
                f"{levels[sigma][f'ssim_{kind}']:.3f}"
                for sigma in SIGMAS
            ]
            rows.append((data, f"`{preset.name}`, blind", cost, *ours))
            rows += others(data, preset.channels == 1)
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
