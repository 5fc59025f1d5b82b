"""Draws regular patterns over photographs, as further training images.

python recipes/make_patterns.py open_photos photos_patterns
cp open_photos/* photos_patterns

Photographs of nature hold few meshes, dots, stripes, checks and letters, and a
denoiser that has hardly seen any takes them for strong noise. Each image is
made of rectangles; in each, one crop of a photo shows through a pattern cut
from another crop or from a plain colour. The images are meant to be shrunk by
0.25 to 0.6 when patches are cropped, which smooths the edges
(`--smallest-scale`, `--largest-scale`). The share of patterns among the
patches is their share of the images in the folder.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kerasrestore.data.images import list_images, load_image

# Periods in pixels before shrinking.
PERIODS = (5.0, 48.0)
# Side of the rectangles before some are split in four.
CELL = 512
LETTERS = "ABCDEFGHKLMNPRSTUVXYZabcdefghkmnoprstuvxyz0123456789.,:;%&?"


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("photos", help="folder of photographs")
    add("out", type=Path, help="folder for the images")
    add("--images", type=int, default=5, help="images (default: 5)")
    add("--side", type=int, default=3072, help="side (default: 3072 pixels)")
    add("--seed", type=int, default=0, help="random seed (default: 0)")
    args = parser.parse_args(argv)
    if args.images < 1 or args.side < 1 or args.side % CELL:
        raise ValueError(
            f"--images must be at least 1 and --side a multiple of {CELL}, "
            f"got {args.images} and {args.side}."
        )
    return args


def coordinates(rng, side):
    """Positions in periods along two directions, slightly bent, `(2, H, W)`."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    period = np.exp(rng.uniform(*np.log(PERIODS)))
    # Upright patterns are the most frequent ones in pictures.
    angle = rng.choice([0.0, rng.uniform(0, np.pi), rng.normal(0, 0.1)])
    stretch = np.exp(rng.normal(0, 0.25))
    across = np.cos(angle) * columns + np.sin(angle) * rows
    along = np.cos(angle) * rows - np.sin(angle) * columns
    for axis in (across, along):
        wave = 2 * np.pi * rng.uniform(0.5, 2) / side
        first, second = rng.uniform(0, 2 * np.pi, 2)
        bend = np.sin(wave * rows + first) + np.sin(wave * columns + second)
        np.add(axis, rng.uniform(0, 0.6) * period * bend, out=axis)
    return np.stack([across / period, along / period * stretch])


def stripes(rng, where):
    """Stripes, some thin, some broad."""
    return _triangle(where[0]) - rng.uniform(0.2, 0.8)


def mesh(rng, where):
    """Two sets of stripes, one over the other."""
    widths = rng.uniform(0.15, 0.6, 2)
    return np.maximum(
        *(_triangle(w) - d for w, d in zip(where, widths, strict=True))
    )


def squares(rng, where):
    """Checks."""
    return np.sin(2 * np.pi * where[0]) * np.sin(2 * np.pi * where[1])


def dots(rng, where):
    """Dots on a grid, every other row shifted, not all in their places."""
    row = np.floor(where[1])
    shifted = where[0] + row * rng.choice([0.0, 0.5])
    column = np.floor(shifted)
    jitter, size = rng.uniform(0, 0.25), rng.uniform(0.2, 0.45)
    # A number per dot, from its row and column.
    table = rng.uniform(-1, 1, (3, 64, 64)).astype(np.float32)
    place = row.astype(int) % 64, column.astype(int) % 64
    dx, dy, grown = (one[place] for one in table)
    distance = np.hypot(
        shifted - column - 0.5 - jitter * dx,
        where[1] - row - 0.5 - jitter * dy,
    )
    return size * (1 + rng.uniform(0, 0.4) * grown) - distance


def spots(rng, where):
    """Spots and bands, like those of animals: noise of one frequency."""
    side = where.shape[-1]
    period = side / max(1.0, np.abs(where[0, 0, -1] - where[0, 0, 0]))
    frequencies = np.fft.rfftfreq(side), np.fft.fftfreq(side)
    squeeze = np.exp(rng.normal(0, 0.4))
    radius = np.hypot(frequencies[0] * squeeze, frequencies[1][:, None])
    width = rng.uniform(0.1, 0.5) / period
    band = np.exp(-0.5 * ((radius - 1 / period) / width) ** 2)
    noise = np.fft.rfft2(rng.standard_normal((side, side))) * band
    field = np.fft.irfft2(noise, (side, side))
    return field / (field.std() + 1e-9) - rng.uniform(-0.7, 0.7)


def letters(rng, where):
    """Rows of letters."""
    side = where.shape[-1]
    size = int(rng.integers(12, 56))
    page = Image.new("L", (side, side), 0)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(0, side, int(size * rng.uniform(1.1, 1.6))):
        text = "".join(rng.choice(list(LETTERS + "   "), 3 * side // size))
        draw.text((-size * rng.random(), top), text, fill=255, font=font)
    return np.asarray(page, np.float32) / 255 - 0.5


PATTERNS = (stripes, mesh, squares, dots, dots, spots, letters)


def _triangle(x):
    """1 at whole numbers, 0 halfway between them."""
    return np.abs(2 * (x - np.floor(x)) - 1)


def paint(rng, photos, side):
    """A crop of a photo or, more often for a pattern, a plain colour."""
    photo = load_image(photos[rng.integers(len(photos))], 3)
    top, left = (int(rng.integers(max(1, s - side))) for s in photo.shape[:2])
    crop = photo[top : top + side, left : left + side].astype(np.float32)
    if crop.shape[:2] != (side, side) or rng.random() < 0.4:
        # A plain colour of the photo, a little brighter to one side.
        slope = np.linspace(-1, 1, side, dtype=np.float32) * rng.normal(0, 15)
        return crop.mean((0, 1)) + slope[:, None, None] + np.zeros((1, side, 1))
    return crop


def rectangle(rng, photos, side):
    """A square of one photo seen through a pattern of another."""
    pattern = PATTERNS[rng.integers(len(PATTERNS))]
    field = pattern(rng, coordinates(rng, side))
    # The edge is about a pixel wide, some are blurred more.
    slope = np.hypot(*np.gradient(field))
    edge = slope.mean() * rng.choice([1.0, 1.0, rng.uniform(1, 6)]) + 1e-6
    cover = np.clip(0.5 + field / edge, 0, 1)[..., None]
    back, front = paint(rng, photos, side), paint(rng, photos, side)
    # Alike in brightness at times: faint patterns exist too.
    gap = front.mean((0, 1)) - back.mean((0, 1))
    front = front - gap * rng.choice([0.0, 0.0, rng.uniform(0, 0.8)])
    return back + (front - back) * cover


def canvas(rng, photos, side):
    """One image of rectangles, uint8 `(side, side, 3)`."""
    image = np.empty((side, side, 3), np.uint8)
    for top in range(0, side, CELL):
        for left in range(0, side, CELL):
            parts = int(rng.choice([1, 2]))
            small = CELL // parts
            for index in range(parts * parts):
                y = top + index // parts * small
                x = left + index % parts * small
                drawn = rectangle(rng, photos, small)
                image[y : y + small, x : x + small] = np.clip(
                    np.rint(drawn), 0, 255
                )
    return image


def main(argv=None):
    args = parse(argv)
    photos = list_images(args.photos)
    args.out.mkdir(parents=True, exist_ok=True)
    names = [f"pattern_{index:02d}.png" for index in range(args.images)]
    there = [name for name in names if (args.out / name).exists()]
    if there:
        raise ValueError(
            f"{args.out} already holds {there[0]}; name another folder."
        )
    for index, name in enumerate(names):
        rng = np.random.default_rng([args.seed, index])
        image = canvas(rng, photos, args.side)
        Image.fromarray(image).save(args.out / name, compress_level=1)
        print(args.out / name, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
