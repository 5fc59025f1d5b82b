"""Writes what the test of docs/use_a_model.md runs its JavaScript on.

python mobile/web/test/make_app.py FOLDER

writes models, for each a photo in RGBA as `NAME.rgba`, what `LiteRTRestorer`
makes of it as `NAME.rgb`, and `runs.json`, the list of them.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np

from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.litert.sidecar import sidecar_path
from kerasrestore.models.presets import get_preset

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

from small_tflite import write_small

PRESET = "danet_mobile_denoise_color_blind_bsd400"
# Options, height, width, strength and sigma of small models.
RUNS = {
    "float": ({}, 33, 20, 0.35, None),
    "bytes": ({"quantization": "int8", "io": "uint8"}, 5, 40, 0.35, None),
    "sigma": ({"sigma_input": True}, 25, 30, 1.5, 20.0),
    "twice": ({"scale": 2}, 20, 33, 1.0, None),
    "dot": ({}, 1, 1, 1.0, None),
}


def main(folder):
    runs = []
    shipped = get_preset(PRESET).tflite("int8")
    for source in (shipped, sidecar_path(shipped)):
        shutil.copy(source, folder / f"shipped{source.suffix}")
    cases = {"shipped": (None, 40, 330, 1.0, None), **RUNS}
    for name, (options, height, width, strength, sigma) in cases.items():
        path = folder / f"{name}.tflite"
        if options is not None:
            write_small(path, **options)
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (height, width, 4)).astype(np.uint8)
        image.tofile(folder / f"{name}.rgba")
        restored = LiteRTRestorer(path, trial=False).restore(
            np.ascontiguousarray(image[..., :3]), strength=strength, sigma=sigma
        )
        restored.tofile(folder / f"{name}.rgb")
        runs.append(
            {
                "name": name,
                "height": height,
                "width": width,
                "strength": strength,
                "sigma": sigma,
            }
        )
    (folder / "runs.json").write_text(json.dumps(runs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
