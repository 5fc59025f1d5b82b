"""Writes the models of the browser test, and what Python restores with them.

python mobile/web/test/make_models.py MODELS PHOTOS FOLDER

copies the folder MODELS to FOLDER/models and adds small models, and
`runs.json`: photos with the model by name, strength and sigma, and a file
with the bytes that `LiteRTRestorer` gives. FOLDER/strangers gets one model
that is right and others that are not, each with the words that its refusal
has to hold.
"""

import json
import shutil
import sys
from pathlib import Path

from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.models.presets import file_sha256
from kerasrestore.photos import read_photo

ROOT = Path(__file__).parents[3]
GOLDENS = ROOT / "mobile" / "models" / "goldens" / "models"
sys.path[:0] = [str(ROOT / "mobile" / "models"), str(ROOT / "tests")]

from export_models import add_model  # noqa: E402
from small_tflite import write_sidecar, write_small  # noqa: E402

# Photo, strength and sigma; the colour models of MODELS are run on the photo
# of 700x500 pixels.
SMALL = {
    "small_sigma": ("small.png", 1.5, 20.0),
    "small_bytes": ("small.png", 1.6, None),
    "small_gray": ("small.png", 0.5, None),
}


def main(models, photos, folder):
    write_models(models, photos, folder / "models")
    write_strangers(folder / "strangers")


def write_models(models, photos, folder):
    shutil.copytree(models, folder)
    catalog = json.loads((folder / "models.json").read_text())
    source = folder / "source"
    source.mkdir()
    write_small(source / "small_sigma.tflite", sigma_input=True)
    write_small(source / "small_bytes.tflite", "int8", io="uint8")
    write_small(source / "small_gray.tflite", channels=1)
    for name in SMALL:
        small = LiteRTRestorer(source / f"{name}.tflite", trial=False)
        catalog["models"].append(add_model(folder, small))
    for path in sorted(GOLDENS.glob("*.tflite")):
        golden = LiteRTRestorer(path, trial=False)
        catalog["models"].append(add_model(folder, golden))
    (folder / "models.json").write_text(json.dumps(catalog))
    runs = [run(folder, photos, entry["name"]) for entry in catalog["models"]]
    (folder / "runs.json").write_text(json.dumps([*filter(None, runs)]))


def run(folder, photos, name):
    """Restores a photo, and tells what was done."""
    restorer = LiteRTRestorer(folder / f"{name}.tflite", trial=False)
    if restorer.channels == 1 and name not in SMALL:
        return None
    # The tiles of models that enlarge are small.
    photo = "noisy.png" if restorer.scale == 1 else "small.png"
    default = (photo, 1.0, 25.0 if restorer.sigma_input else None)
    photo, strength, sigma = SMALL.get(name, default)
    pixels = read_photo(photos / photo).pixels
    result = restorer.restore(pixels, strength=strength, sigma=sigma)
    (folder / f"{name}.bin").write_bytes(result.tobytes())
    return {
        "model": name,
        "photo": photo,
        "strength": strength,
        "sigma": sigma,
        "bytes": f"{name}.bin",
    }


def write_strangers(folder):
    """One good model, and bad ones by what their refusal has to say."""
    folder.mkdir(parents=True)
    write_small(folder / "good.tflite")
    content = (folder / "good.tflite").read_bytes()
    models = [entry_of(folder, "good", "")]

    def add(name, says, *, bytes_=content, **changes):
        (folder / f"{name}.tflite").write_bytes(bytes_)
        write_sidecar(folder / f"{name}.tflite", **changes)
        models.append(entry_of(folder, name, says))

    add("other_channels", "sidecar", channels=1, color_order="gray")
    add("other_tile", "sidecar", tile=[32, 32])
    add("other_names", "sidecar", sigma_input=True, io={
        "image": "float32", "restored": "float32", "sigma": "float32"
    })  # fmt: skip
    add("newer_format", "format", format=2)
    add("bad_halo", "halo", halo=4)
    add("enlarging", "sidecar", scale=2, task="super_resolution")
    add("dynamic", "fixed tile", dynamic=True)
    add("no_field", "license", license=None)
    add("damaged", "cannot|can run", bytes_=bytes(1000))
    add("cut", "cannot|can run", bytes_=content[: len(content) // 2])
    pixels = [[3, 3, [9.0, 9.0, 9.0]]]
    test = {"sigma": 0, "pixels": pixels, "tolerance": 0.01}
    add("other_answer", "test picture", self_test=test)
    add("changed_model", "checksum")
    (folder / "changed_model.tflite").write_bytes(content + b"\0")
    add("changed_sidecar", "checksum")
    write_sidecar(folder / "changed_sidecar.tflite", license="another")
    write_list(folder, models, "good")


def entry_of(folder, name, says):
    tflite, sidecar = folder / f"{name}.tflite", folder / f"{name}.json"
    return {
        "name": name,
        "title": name,
        "tflite": tflite.name,
        "sidecar": sidecar.name,
        "bytes": tflite.stat().st_size,
        "sha256": file_sha256(tflite),
        "sidecar_sha256": file_sha256(sidecar),
        "says": says,
    }


def write_list(folder, models, name):
    listed = {"format": 1, "default": name, "models": models}
    (folder / "models.json").write_text(json.dumps(listed))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
