"""Writes the golden vectors that every runtime has to reproduce.

python mobile/models/make_goldens.py

Python is the reference. The tests of Kotlin and JavaScript compare with the
same files, and `tests/mobile/test_goldens.py` compares the files with the
Python code. Numbers are written so that a double holds them exactly.

tiling.json: plans: `rows` and `columns` with `read`, `start`, `stop` and the
    blend `weights`, float32.
reflect.json: `indices` of `[start, stop)` in a line of `size` pixels.
blends.json: whole small images. For tile number k, counted from 0 along the
    rows, the network returns each pixel repeated `scale` times down and across
    plus `k * add`; `result` is the blended image, float32.
rounding.json: `to_byte`: a float32 value and its byte; `to_float`: a byte and
    its float32 value.
strength.json: for each `strength` the bytes of a gray line, `image`; the
    output of the network, one list for each pass, `restored`; and the bytes of
    the restored line, `result`.
orientation.json: for each EXIF orientation and size, the size of the upright
    image and for each of its pixels the index of the stored one, row by row.
transparency.json: `filled`: colours and alpha of small images, and the
    colours with those of hidden pixels replaced; `enlarged`: alpha of small
    images and the alpha `scale` times as large.
pixels.json: end to end: a PNG, the model by name, strength and sigma, and the
    PNG that LiteRT returns in Python.
models/: small models that enlarge, with random weights; no preset for phones
    does.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from export_models import export_models
from golden_pixels import write_models, write_pixels

from kerasrestore.files import write_atomically
from kerasrestore.imaging.resizing import resized
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.inference.tiling import (
    TilePlan,
    blend_weights,
    reflect,
    run_tiles,
)
from kerasrestore.inference.transparency import fill_hidden
from kerasrestore.photos.shared import orient
from kerasrestore.quiet import quiet_stderr

GOLDENS = Path(__file__).parent / "goldens"

# height, width, tile, halo, feather
PLANS = (
    (1, 1, (64, 64), 8, 0),
    (31, 47, (32, 32), 8, 0),
    (40, 50, (32, 24), 8, 4),
    (100, 40, (64, 64), 8, 8),
    (17, 33, (16, 16), 4, 2),
    (500, 700, (384, 384), 36, 0),
    (312, 312, (384, 384), 36, 0),
    (313, 311, (384, 384), 36, 0),
    (20, 30, (96, 96), 12, 0),
    (20, 30, (96, 96), 12, 6),
    (1, 90, (48, 48), 8, 4),
    (90, 1, (48, 32), 4, 0),
    (33, 70, (40, 24), 4, 3),
    (17, 19, (8, 8), 0, 0),
    (64, 64, (33, 47), 8, 8),
)
# height, width, channels, tile, halo, feather, scale, add
BLENDS = (
    (13, 17, 1, (12, 12), 2, 0, 1, 0.25),
    (13, 17, 1, (12, 12), 3, 3, 1, 0.25),
    (11, 19, 3, (14, 10), 2, 2, 1, 0.1),
    (3, 5, 3, (24, 24), 4, 2, 1, 0.5),
    (1, 30, 1, (12, 12), 3, 2, 1, 0.3),
    (9, 10, 1, (10, 8), 2, 2, 2, 0.7),
)
LINES = (
    (0, 5, 5), (-3, 9, 5), (-4, 4, 1), (-7, 9, 2), (-36, 60, 3),
    (-20, 31, 12), (5, 12, 6),
)  # fmt: skip
STRENGTHS = (0.0, 0.1, 0.5, 0.999, 1.0, 1.25, 1.6, 2.0)
SIZES = ((1, 1), (2, 3), (4, 2))
# height, width, channels, share of hidden pixels
HOLES = (
    (1, 1, 3, 0.0),
    (1, 1, 1, 1.0),
    (1, 7, 1, 0.5),
    (5, 1, 3, 0.5),
    (9, 13, 3, 0.1),
    (17, 11, 1, 0.97),
    (22, 19, 3, 0.995),
)


def tiling():
    cases = []
    for height, width, tile, halo, feather in PLANS:
        plan = TilePlan(height, width, tile, halo, feather)
        cases.append(
            {
                "height": height,
                "width": width,
                "tile": list(tile),
                "halo": halo,
                "feather": feather,
                "rows": spans(plan.rows, height, feather),
                "columns": spans(plan.columns, width, feather),
            }
        )
    return cases


def spans(found, size, feather):
    return [
        {
            "read": span.read,
            "start": span.start,
            "stop": span.stop,
            "weights": numbers(blend_weights(span, size, feather)),
        }
        for span in found
    ]


def reflections():
    return [
        {
            "start": start,
            "stop": stop,
            "size": size,
            "indices": reflect(start, stop, size).tolist(),
        }
        for start, stop, size in LINES
    ]


def blends():
    rng = np.random.default_rng(0)
    cases = []
    for height, width, channels, tile, halo, feather, scale, add in BLENDS:
        image = rng.random((height, width, channels), np.float32)
        plan = TilePlan(height, width, tile, halo, feather)
        count = 0

        def read(rows, columns, image=image):
            return image[rows[:, None], columns[None, :]]

        def run(part, scale=scale, add=add):
            nonlocal count
            enlarged = part.repeat(scale, axis=0).repeat(scale, axis=1)
            count += 1
            return enlarged + np.float32(count - 1) * np.float32(add)

        result = np.concatenate(
            list(run_tiles(plan, read, run, channels, scale=scale))
        )
        cases.append(
            {
                "height": height,
                "width": width,
                "channels": channels,
                "tile": list(tile),
                "halo": halo,
                "feather": feather,
                "scale": scale,
                "add": add,
                "image": numbers(image),
                "result": numbers(result),
            }
        )
    return cases


class Line(ImageRestorer):
    """A gray restorer of a line of pixels that returns given values.

    Args:
        outputs: float32 values of each pass.
    """

    channels = 1
    receptive_field = 1
    name = "line"

    def __init__(self, outputs):
        self.outputs = iter(outputs)
        self.fixed_tile = (1, len(outputs[0]))

    def restore_tile(self, tile, sigma):
        return next(self.outputs).reshape(tile.shape)

    def memory_forecast(self, height, width):
        return 0


def strengths():
    rng = np.random.default_rng(1)
    cases = []
    for strength in STRENGTHS:
        image = rng.integers(0, 256, 40).astype(np.uint8)
        outputs = [
            np.float32(image / 255 + rng.normal(0, 0.1, 40))
            for _ in range(2 if strength > 1 else 1)
        ]
        result = Line(outputs).restore(image[None], strength=strength)[0]
        cases.append(
            {
                "strength": strength,
                "image": image.tolist(),
                "restored": [numbers(output) for output in outputs],
                "result": result.tolist(),
            }
        )
    return cases


def rounding():
    """Bytes of values, mainly of those halfway between two bytes."""
    white = np.float32(255)
    middles = (np.arange(255, dtype=np.float32) + np.float32(0.5)) / white
    values = [
        np.float32([-16, -0.5, -1e-9, -0.0, 0, 1e-30, 0.5, 1, 1 + 1e-6, 16]),
        middles,
        np.nextafter(middles, np.float32(0)),
        np.nextafter(middles, np.float32(1)),
    ]
    line = np.concatenate(values)
    # Through a restorer, so that its rounding is tested.
    found = Line([line]).restore(np.zeros((1, len(line)), np.uint8))[0]
    every = np.arange(256)
    return {
        "to_byte": [
            [float(value), int(byte)]
            for value, byte in zip(line, found, strict=True)
        ],
        "to_float": [
            [int(byte), float(np.float32(byte) / white)] for byte in every
        ],
    }


def orientations():
    cases = []
    for height, width in SIZES:
        stored = np.arange(height * width).reshape(height, width)
        for orientation in range(1, 9):
            upright = orient(stored, orientation)
            cases.append(
                {
                    "orientation": orientation,
                    "width": width,
                    "height": height,
                    "upright_width": upright.shape[1],
                    "upright_height": upright.shape[0],
                    "source": upright.ravel().tolist(),
                }
            )
    return cases


def transparency():
    """Hidden pixels of small images, alone and in holes of all sizes."""
    rng = np.random.default_rng(2)
    filled, enlarged = [], []
    for height, width, channels, share in HOLES:
        pixels = rng.integers(0, 256, (height, width, channels))
        pixels = pixels.astype(np.uint8)
        alpha = rng.integers(1, 200, (height, width)).astype(np.uint8)
        alpha[rng.random((height, width)) < share] = 0
        alpha[height // 4 : height // 2, width // 3 :] = 0
        filled.append(
            {
                "height": height,
                "width": width,
                "channels": channels,
                "pixels": pixels.ravel().tolist(),
                "alpha": alpha.ravel().tolist(),
                "result": fill_hidden(pixels, alpha).ravel().tolist(),
            }
        )
        for scale in (2, 3, 4):
            larger = resized(alpha, scale * height, scale * width, clip=True)
            enlarged.append(
                {
                    "height": height,
                    "width": width,
                    "scale": scale,
                    "alpha": alpha.ravel().tolist(),
                    "result": larger.ravel().tolist(),
                }
            )
    return {"filled": filled, "enlarged": enlarged}


def numbers(array):
    """All values as a flat list; a double holds a float32 exactly."""
    return [float(value) for value in array.ravel()]


JSON = {
    "tiling.json": tiling,
    "reflect.json": reflections,
    "blends.json": blends,
    "rounding.json": rounding,
    "strength.json": strengths,
    "orientation.json": orientations,
    "transparency.json": transparency,
}


def write_json(path, value):
    text = json.dumps(value) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=GOLDENS)
    folder = parser.parse_args(argv).out
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in JSON.items():
        write_json(folder / name, make())
    # LiteRT and TensorFlow write to the terminal, bypassing Python.
    with tempfile.TemporaryDirectory() as temporary, quiet_stderr():
        write_models(folder / "models")
        models = Path(temporary) / "models"
        export_models(models)
        write_json(folder / "pixels.json", write_pixels(folder, models))


if __name__ == "__main__":
    main()
