"""Fills the folder of model files that both demos read.

python mobile/models/export_models.py

writes the presets that suit phones to `mobile/models/files/` as `.tflite`
files in float32, exported from their weights, and int8, as shipped, each with
its sidecar, and `models.json`, the list of them. The model of the golden
vectors is also exported with byte input and output. Each model is loaded and
checked with LiteRT first. `--add MODEL.tflite` adds one of your own (see
`kerasrestore export`). The folder is replaced as a whole when everything is
complete: other files in it are deleted.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from kerasrestore.files import replace_folder
from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.litert.sidecar import read_sidecar, sidecar_path
from kerasrestore.models.presets import (
    default_preset,
    file_sha256,
    get_preset,
    presets,
)
from kerasrestore.quiet import quiet_stderr

FILES = Path(__file__).parent / "files"
LIST = "models.json"
FORMAT = 1
# The preset that is also exported with byte input and output, as in
# goldens/pixels.json, and its quantizations.
BYTES = "danet_mobile_denoise_color_blind_bsd400"
QUANTIZATIONS = ("float32", "int8")
# Multiply-accumulates per pixel that suit a phone: some seconds per photo. The
# published models take a hundred times as many.
PHONE_MACS = 300_000
TITLES = {
    "demosaic": "sensor mosaic",
    "jpeg": "JPEG artifacts",
    "super_resolution": "enlarge {scale}x",
}


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FILES, help="output folder")
    parser.add_argument(
        "--add",
        type=Path,
        action="append",
        default=[],
        metavar="MODEL.tflite",
        help="another model, with its sidecar next to it; may be repeated",
    )
    return parser.parse_args(argv)


def main(argv=None):
    args = parse(argv)
    try:
        # LiteRT and TensorFlow write to the terminal, bypassing Python.
        with quiet_stderr():
            models = export_models(args.out, args.add)
    except (ValueError, OSError) as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        return 2
    for model in models:
        print(f"{model['bytes']:>9} {model['tflite']}: {model['title']}")
    return 0


def export_models(folder=FILES, added=()):
    """Writes models, sidecars and list.

    Args:
        folder: output folder; created, or replaced as a whole.
        added: paths of further `.tflite` files.

    Returns:
        The entries of the list.

    Raises:
        ValueError: if a model is damaged, does not run, has a dynamic input
            size, or two have the same name.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give another one.")
    with (
        replace_folder(folder) as new,
        tempfile.TemporaryDirectory() as exported,
    ):
        made = Path(exported)
        # The models that may be faulty come before the slow work.
        others = [load_added(path) for path in added]
        restorers = [*for_phones(made), *with_bytes(made), *others]
        models = [add_model(new, restorer) for restorer in restorers]
        names = [model["name"] for model in models]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"Two models have the name {name}; rename one of them and "
                    "its sidecar."
                )
        write_list(new, models, default(names))
    return models


def write_list(folder, models, default):
    """Writes the list of the models in a folder.

    Args:
        folder: folder of the models.
        models: their entries, of `add_model`.
        default: name of the model that is offered first.
    """
    listed = {"format": FORMAT, "default": default, "models": models}
    text = json.dumps(listed, indent=1) + "\n"
    (folder / LIST).write_text(text, encoding="utf-8")


def for_phones(folder):
    """The package's own models for phones, loaded and checked.

    Args:
        folder: folder for the float32 files, which are not shipped.

    Yields:
        Their `LiteRTRestorer`s.
    """
    # Slow to import.
    from kerasrestore.export.export_preset import export_preset

    for preset in presets():
        if preset.macs_per_pixel > PHONE_MACS or not _for_photos(preset):
            continue
        path = folder / f"{preset.name}.tflite"
        tile = read_sidecar(preset.tflite())["tile"]
        export_preset(preset.name, path, tile=tile, quality=preset.quality)
        yield LiteRTRestorer(path, trial=False)
        if "tflite_int8" in preset.files:
            yield LiteRTRestorer.from_preset(preset.name, quantization="int8")


def _for_photos(preset):
    """Whether a preset is for photos: of tasks other than denoising, only the
    defaults are, and a photo is no mosaic."""
    if preset.task == "denoise":
        return True
    return preset.card.get("default") and preset.task != "demosaic"


def load_added(path):
    """A model by path, which is first tested in a separate process.

    Raises:
        ValueError: if it is damaged, does not run, or has a dynamic input
            size.
    """
    restorer = LiteRTRestorer(path)
    if restorer.sidecar.get("dynamic"):
        raise ValueError(
            f"{path} has a dynamic input size, but LiteRT on phones and in "
            "browsers requires a fixed one; export it again with a tile."
        )
    return restorer


def with_bytes(folder):
    """The preset with byte input and output, exported with its shipped
    weights.

    Args:
        folder: folder for the files.

    Yields:
        Their `LiteRTRestorer`s.
    """
    # Slow to import, and the copies do not need it.
    from kerasrestore.export.export_preset import export_preset

    preset = get_preset(BYTES)
    for quantization in QUANTIZATIONS:
        kind = "" if quantization == "float32" else f"_{quantization}"
        path = folder / f"{preset.name}{kind}_uint8.tflite"
        tile = read_sidecar(preset.tflite())["tile"]
        export_preset(preset.name, path, to=quantization, io="uint8", tile=tile)
        yield LiteRTRestorer(path, trial=False)


def default(names):
    """The model that a demo opens with: the default preset's fastest."""
    preset = default_preset()
    return next(name for name in (f"{preset}_int8", preset) if name in names)


def add_model(folder, restorer):
    """Copies a model with its sidecar.

    Args:
        folder: folder to copy to.
        restorer: its `LiteRTRestorer`.

    Returns:
        Its entry of the list.

    Raises:
        ValueError: if the file was changed in the meantime.
    """
    source, sidecar = restorer.path, restorer.sidecar
    tflite = folder / source.name
    shutil.copyfile(source, tflite)
    shutil.copyfile(sidecar_path(source), sidecar_path(tflite))
    # Another program may have written to the source in the meantime.
    if file_sha256(tflite) != sidecar["sha256"]:
        raise ValueError(
            f"{source} was changed while it was copied; try again."
        )
    return {
        "name": tflite.stem,
        "title": title(sidecar),
        "tflite": tflite.name,
        "sidecar": sidecar_path(tflite).name,
        "bytes": tflite.stat().st_size,
        "sha256": sidecar["sha256"],
        "sidecar_sha256": file_sha256(sidecar_path(tflite)),
    }


def title(sidecar):
    """Name of the model on screen, such as "Colour, photo, int8"."""
    words = ["Colour" if sidecar["channels"] == 3 else "Gray"]
    if sidecar["task"] == "denoise":
        # Sidecars do not record the kind of noise; presets are named for it.
        blind = "photo" if "_camera_" in sidecar["name"] else "blind"
        words.append("noise level" if sidecar["sigma_input"] else blind)
    else:
        words.append(TITLES[sidecar["task"]].format(**sidecar))
    words.append(sidecar["quantization"])
    if sidecar["io"]["image"] == "uint8":
        words.append("bytes in and out")
    return ", ".join(words)


if __name__ == "__main__":
    sys.exit(main())
