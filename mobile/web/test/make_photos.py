"""Writes the photos of the browser test, and what Pillow reads in them.

python mobile/web/test/make_photos.py FOLDER

Beside a photo NAME lies `NAME.bin` with its bytes, row by row, and where it
has an alpha channel `NAME.alpha.bin`.
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from kerasrestore.photos import read_photo

WIDTH, HEIGHT = 700, 500
READ = (
    "small.png",
    "gray.png",
    "alpha.png",
    "palette.png",
    "one_bit.png",
    "turned.png",
    "turned.webp",
    "turned.jpg",
    "gray.jpg",
    "lossless.webp",
    "alpha.webp",
    "plain.bmp",
)
# What the package does not read, with the pixels that were put in.
SEVERAL = "several.gif"
HEIC = b"\0\0\0\x10ftypheic\0\0\0\0"


def scene(height, width):
    """A bright sky, hills and a checked wall, with noise of sigma 25."""
    y, x = np.mgrid[:height, :width] / np.float32(height)
    hills = 0.55 + 0.12 * np.sin(5 * x) + 0.05 * np.sin(23 * x)
    sky = np.stack([0.5 + 0.3 * y, 0.7 + 0.1 * y, 0.95 - 0.2 * y], -1)
    land = np.stack([0.3 + 0.2 * x, 0.5 - 0.2 * y, 0.2 + 0 * x], -1)
    clean = np.where((y > hills)[..., None], land, sky)
    wall = (x > 0.9) & (x < 1.2) & (y > 0.4)
    checks = ((20 * x).astype(int) + (20 * y).astype(int)) % 2
    clean = np.where(wall[..., None], 0.3 + 0.4 * checks[..., None], clean)
    noise = np.random.default_rng(7).normal(0, 25 / 255, clean.shape)
    return np.rint(np.clip(clean + noise, 0, 1) * 255).astype(np.uint8)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    noisy = scene(HEIGHT, WIDTH)
    Image.fromarray(noisy).save(folder / "noisy.png")
    write_photos(folder, noisy)
    write_strangers(folder, noisy)


def write_photos(folder, noisy):
    """Photos of every kind, and the pixels that Pillow reads."""
    small = np.ascontiguousarray(noisy[200:260, 300:380])
    height, width = small.shape[:2]
    image = Image.fromarray(small)
    y, x = np.mgrid[:height, :width]
    rgba = np.dstack([small, (3 * x + y) % 256]).astype(np.uint8)
    image.save(folder / "small.png")
    image.convert("L").save(folder / "gray.png")
    Image.fromarray(rgba).save(folder / "alpha.png")
    Image.fromarray(rgba).save(folder / "alpha.webp", lossless=True, exact=True)
    image.quantize(32).save(folder / "palette.png")
    image.convert("1").save(folder / "one_bit.png")
    image.save(folder / "lossless.webp", lossless=True)
    image.save(folder / "plain.bmp")
    image.convert("L").save(folder / "gray.jpg", quality=95)
    write_new_kinds(folder, image)
    profile = b"not a real profile, kept byte by byte" * 40
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A camera"
    kept = {"exif": exif, "icc_profile": profile}
    image.save(folder / "turned.png", **kept)
    image.save(folder / "turned.webp", lossless=True, **kept)
    image.save(folder / "turned.jpg", quality=95, subsampling=0, **kept)
    deep = small[..., 0].astype(np.uint16) * 257 + 40
    Image.fromarray(deep).save(folder / "sixteen_bit.png")
    for name in READ:
        photo = read_photo(folder / name)
        (folder / f"{name}.bin").write_bytes(photo.pixels.tobytes())
        if photo.alpha is not None:
            (folder / f"{name}.alpha.bin").write_bytes(photo.alpha.tobytes())
    eight = (deep.astype(np.uint32) * 255 + 32895) >> 16
    (folder / "sixteen_bit.png.bin").write_bytes(eight.astype(np.uint8))


def write_new_kinds(folder, image):
    """AVIF, and a GIF of two pictures."""
    image.save(folder / "photo.avif", quality=100, subsampling="4:4:4")
    (folder / "photo.avif.bin").write_bytes(image.tobytes())
    few = image.quantize(64)
    black = few.point(lambda _: 0)
    few.save(folder / SEVERAL, save_all=True, append_images=[black])
    pixels = few.convert("RGB").tobytes()
    (folder / f"{SEVERAL}.bin").write_bytes(pixels)


def write_strangers(folder, noisy):
    """Files that have to be refused in a sentence."""
    (folder / "text.txt").write_text("Not a photo.\n" * 20)
    (folder / "text.png").write_text("Not a photo.\n" * 20)
    (folder / "empty.jpg").write_bytes(b"")
    image = Image.fromarray(noisy)
    image.save(folder / "whole.jpg", quality=90)
    jpeg = (folder / "whole.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    png = (folder / "noisy.png").read_bytes()
    (folder / "cut.png").write_bytes(png[: len(png) // 2])
    broken = bytearray(png)
    broken[len(png) // 2] ^= 255
    (folder / "broken.png").write_bytes(broken)
    image.save(folder / "whole.webp", quality=80)
    webp = (folder / "whole.webp").read_bytes()
    (folder / "cut.webp").write_bytes(webp[: len(webp) // 2])
    image.convert("CMYK").save(folder / "cmyk.jpg")
    first, second = (Image.fromarray(noisy[y : y + 40, :40]) for y in (0, 40))
    for name in ("moving.webp", "moving.png"):
        first.save(folder / name, save_all=True, append_images=[second])
    (folder / "photo.heic").write_bytes(HEIC + heic_boxes())
    gif = (folder / SEVERAL).read_bytes()
    (folder / "cut.gif").write_bytes(gif[: len(gif) // 2])
    (folder / "huge.png").write_bytes(huge_png(10_000, 10_000))


def heic_boxes():
    """The size of a photo of 40x30 pixels, and no photo."""

    def box(kind, data):
        return struct.pack(">I", len(data) + 8) + kind + data

    size = box(b"ispe", struct.pack(">III", 0, 40, 30))
    inner = box(b"iprp", box(b"ipco", size))
    return box(b"meta", bytes(4) + inner) + box(b"mdat", bytes(100))


def huge_png(width, height):
    """A small file of a hundred million black pixels."""
    lines = zlib.compress(bytes((1 + width // 8) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", header),
            (b"IDAT", lines),
            (b"IEND", b""),
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
