"""Peak memory of restoring a large photo, in a fresh process each.

python recipes/benchmarks/memory.py --size 6000x4000 --limit 2GB

A photo of that size is drawn, restored by `kerasrestore restore` through
LiteRT and through Keras with the given limit, and the peak of the process's
resident memory is printed beside it, with the time that Pillow takes to
decode and encode the photo. Exits with 1 if a peak is over.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from kerasrestore.inference.memory import parse_bytes

CODE = """
import sys
from kerasrestore.cli.main import main
from kerasrestore.inference.memory import peak_bytes
code = main(sys.argv[1:])
print(peak_bytes())
sys.exit(code)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="6000x4000", help="WIDTHxHEIGHT")
    parser.add_argument("--limit", default="2GB")
    parser.add_argument("--runtimes", default="litert,keras")
    args = parser.parse_args()
    width, height = (int(side) for side in args.size.split("x"))
    Image.MAX_IMAGE_PIXELS = width * height
    over = False
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        rng = np.random.default_rng(0)
        small = rng.integers(0, 256, (height // 50, width // 50, 3), np.uint8)
        image = Image.fromarray(small).resize((width, height))
        noise = rng.normal(0, 20, (height, width, 1)).astype(np.float32)
        pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(photo, quality=90)
        del small, image, noise, pixels
        begun = time.monotonic()
        with Image.open(photo) as image:
            image.save(Path(folder) / "copy.jpg", quality=90)
        print(f"{args.size} Pillow: {time.monotonic() - begun:.1f} s")
        for runtime in args.runtimes.split(","):
            words = ["restore", photo, Path(folder) / f"{runtime}.jpg"]
            words += ["--runtime", runtime, "--memory-limit", args.limit]
            words += ["--max-megapixels", width * height // 10**6 + 1]
            begun = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-c", CODE, *map(str, words), "--quiet"],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(f"{runtime}: {done.stderr.strip().splitlines()[-1]}")
                over = True
                continue
            peak = int(done.stdout.split()[-1])
            over = over or peak > parse_bytes(args.limit)
            print(
                f"{args.size} {runtime}: peak {peak / 1e9:.2f} GB, limit "
                f"{args.limit}, {time.monotonic() - begun:.0f} s",
                flush=True,
            )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
