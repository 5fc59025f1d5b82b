"""The end-to-end golden vectors: photos in, restored photos out.

`make_goldens.py` writes them.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from export_models import BYTES as COLOR
from export_models import add_model, write_list
from PIL import Image

from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.models.presets import presets
from kerasrestore.photos import read_photo, write_photo

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from small_tflite import BYTES, change, write_small  # noqa: E402

PHOTO = ROOT / "docs" / "images" / "portrait_noisy.png"

COLOR_INT8 = f"{COLOR}_int8"
COLOR_BYTES = f"{COLOR}_uint8"
COLOR_INT8_BYTES = f"{COLOR}_int8_uint8"
GRAY = "danet_mobile_denoise_gray_blind_bsd400"
# Inputs, from the photograph: kind, left, top, width, height. With tiles of
# 384 and a halo of 36 a core has 312 pixels.
PICTURES = {
    "rgb_96x64": ("RGB", 180, 120, 96, 64),
    "rgb_330x37": ("RGB", 20, 150, 330, 37),
    "rgb_1x1": ("RGB", 200, 200, 1, 1),
    "gray_53x41": ("L", 190, 150, 53, 41),
    "rgba_40x30": ("RGBA", 210, 160, 40, 30),
    "la_37x51": ("LA", 170, 140, 37, 51),
}
# Models that enlarge: options of `write_small`. The tile of the last one is
# all that it sees, so that its tiles are blended.
ENLARGING = {
    "enlarge_2x": {"scale": 2},
    "enlarge_3x_int8_uint8": {"scale": 3, **BYTES},
    "enlarge_2x_gray": {"scale": 2, "channels": 1},
    "enlarge_2x_whole": {"scale": 2},
}
WHOLE = {"receptive_field": 0, "halo": 2}
# Model, picture, strength.
BLIND = (
    (COLOR, "rgb_330x37", 1.0),
    (COLOR, "rgb_96x64", 0.5),
    (COLOR, "rgb_1x1", 1.0),
    (COLOR, "gray_53x41", 1.0),
    (COLOR, "rgba_40x30", 1.0),
    (COLOR_INT8, "rgb_330x37", 1.0),
    (COLOR_INT8, "rgb_96x64", 1.6),
    (COLOR_INT8, "rgb_1x1", 1.0),
    (COLOR_INT8, "gray_53x41", 0.7),
    (COLOR_INT8, "rgba_40x30", 1.0),
    (COLOR_BYTES, "rgb_96x64", 1.0),
    (COLOR_INT8_BYTES, "rgb_330x37", 1.0),
    (COLOR_INT8_BYTES, "rgb_96x64", 1.25),
    (COLOR_INT8_BYTES, "rgba_40x30", 0.3),
    (GRAY, "gray_53x41", 1.0),
    (GRAY, "rgb_96x64", 1.0),
    (f"{GRAY}_int8", "gray_53x41", 1.0),
    (COLOR_INT8, "la_37x51", 1.6),
    (GRAY, "la_37x51", 0.8),
    ("enlarge_2x", "rgb_96x64", 1.0),
    ("enlarge_2x", "rgb_1x1", 1.0),
    ("enlarge_2x", "gray_53x41", 1.0),
    ("enlarge_2x", "rgba_40x30", 1.0),
    ("enlarge_3x_int8_uint8", "rgb_96x64", 1.0),
    ("enlarge_3x_int8_uint8", "la_37x51", 1.0),
    ("enlarge_2x_gray", "gray_53x41", 1.0),
    ("enlarge_2x_gray", "rgba_40x30", 1.0),
    ("enlarge_2x_whole", "rgb_96x64", 1.0),
    ("enlarge_2x_whole", "la_37x51", 1.0),
)
# Picture, strength, sigma, for every model with a sigma input.
CONDITIONED = (
    ("rgb_96x64", 1.0, 25.0),
    ("rgb_96x64", 0.6, 15.0),
    ("gray_53x41", 1.4, 20.0),
)


def picture(kind, left, top, width, height):
    """A crop of the photo, for RGBA and LA with varying opacity.

    A disc and a corner are hidden; the colour stored there is white.
    """
    image = Image.open(PHOTO).crop((left, top, left + width, top + height))
    image = image.convert("L" if kind in ("L", "LA") else "RGB")
    if kind in ("LA", "RGBA"):
        y, x = np.mgrid[:height, :width]
        opacity = (8 * x + 5 * y) % 256
        hidden = np.hypot(x - width / 2, y - height / 2) < 9
        opacity[hidden | (x + y < 11)] = 0
        opacity = Image.fromarray(opacity.astype(np.uint8))
        image.paste(
            "white", mask=opacity.point(lambda value: 255 * (not value))
        )
        image.putalpha(opacity)
    return image


def write_models(folder):
    """Writes the models that enlarge, with their list."""
    folder.mkdir(parents=True, exist_ok=True)
    restorers = []
    with tempfile.TemporaryDirectory() as temporary:
        for name, options in ENLARGING.items():
            path = write_small(Path(temporary) / f"{name}.tflite", **options)
            changes = WHOLE if name.endswith("whole") else {}
            change(path, name=name, **changes)
            restorers.append(LiteRTRestorer(path, trial=False))
        models = [add_model(folder, restorer) for restorer in restorers]
    write_list(folder, models, models[0]["name"])


def runs():
    """Model, picture, strength and sigma of each end-to-end golden."""
    conditioned = []
    for preset in presets():
        if preset.sigma_input:
            conditioned.append(preset.name)
            if "tflite_int8" in preset.files:
                conditioned.append(f"{preset.name}_int8")
    return [(*run, None) for run in BLIND] + [
        (model, *run) for model in conditioned for run in CONDITIONED
    ]


def write_pixels(folder, models):
    """Writes the pictures and the outputs of the models for them.

    Args:
        folder: folder of the goldens, with the models that enlarge.
        models: folder that `export_models.py` filled.

    Returns:
        The list of them for `pixels.json`.
    """
    pixels = folder / "pixels"
    pixels.mkdir(parents=True, exist_ok=True)
    for name, crop in PICTURES.items():
        picture(*crop).save(pixels / f"{name}.png", optimize=True)
    listed = []
    for model, name, strength, sigma in runs():
        home = folder / "models" if model in ENLARGING else models
        restorer = LiteRTRestorer(home / f"{model}.tflite", trial=False)
        source = pixels / f"{name}.png"
        expected = pixels / f"{name}_{suffix(restorer, strength, sigma)}.png"
        photo = restorer.restore(
            read_photo(source), strength=strength, sigma=sigma
        )
        write_photo(expected, photo)
        listed.append(
            {
                "model": model,
                "input": source.relative_to(folder).as_posix(),
                "expected": expected.relative_to(folder).as_posix(),
                "strength": strength,
                "sigma": sigma,
            }
        )
    return listed


def suffix(restorer, strength, sigma):
    """Suffix of an output file: `color_int8_s160`."""
    sidecar = restorer.sidecar
    if restorer.scale > 1:
        return restorer.name
    words = ["color" if sidecar["channels"] == 3 else "gray"]
    words.append(sidecar["quantization"])
    if sidecar["io"]["image"] == "uint8":
        words.append("uint8")
    if sigma is not None:
        words.append(f"sigma{sigma:g}")
    words.append(f"s{round(100 * strength):03}")
    return "_".join(words)
