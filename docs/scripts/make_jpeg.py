"""Compares JPEG on tensors with Pillow's.

    python docs/scripts/make_jpeg.py FOLDER

Writes the table of docs/jpeg.md. The folder holds photographs, of which
--images are taken, evenly spaced by name.
"""

import argparse
from pathlib import Path

import numpy as np

from kerasrestore.data import list_images, load_image
from kerasrestore.imaging.jpeg_file import jpeg_levels
from kerasrestore.ops.jpeg import SUBSAMPLINGS, jpeg

PAGE = Path(__file__).parent.parent / "jpeg.md"
BEGIN, END = "<!-- agreement -->", "<!-- end of agreement -->"
QUALITIES = (10, 20, 30, 50, 75, 90, 95)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="photographs, such as CBSD68")
    parser.add_argument("--images", type=int, default=20)
    args = parser.parse_args()
    files = list_images(args.folder)
    files = files[:: max(1, len(files) // args.images)][: args.images]
    lines = [
        "| chroma | quality | same, % | within 1 level, % | most levels |",
        "|---|---|---|---|---|",
    ]
    for kind in ("gray", *SUBSAMPLINGS):
        for quality in QUALITIES:
            figures = [compare(file, kind, quality) for file in files]
            same, near, _ = np.mean(figures, axis=0)
            most = max(most for *_, most in figures)
            lines.append(
                f"| {kind} | {quality} | {same:.4f} | {near:.4f} | {most} |"
            )
    before, _, rest = PAGE.read_text().partition(BEGIN)
    table = "\n".join(lines)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


def compare(file, kind, quality):
    """Percent of equal samples and of those within a level, and the most."""
    levels = load_image(file, 1 if kind == "gray" else 3)
    # Gray files have no chroma.
    kind = "4:4:4" if kind == "gray" else kind
    wanted = jpeg_levels(levels, quality, subsampling=kind).astype(int)
    found = jpeg(levels[None] / np.float32(255), quality, kind)[0]
    difference = np.abs(np.rint(np.asarray(found) * 255) - wanted)
    same, near = (100 * np.mean(difference <= most) for most in (0, 1))
    return same, near, int(difference.max())


if __name__ == "__main__":
    main()
