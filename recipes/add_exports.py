"""Adds float16 and int8 files with measured quality to a preset.

python recipes/add_exports.py danet_mobile_denoise_color_blind_bsd400 \
    --quantized runs/quantize_aware_color \
    --benchmarks benchmarks/CBSD68 benchmarks/Kodak24

float16 is made of the preset's weights, int8 of those of a quantization-aware
training (`recipes/quantize_aware.py`), which the preset keeps for exports with
other tiles; without --quantized there is no int8.
The card is written last: what is interrupted leaves the preset as it was.
"""

import argparse
import json
import tempfile
from pathlib import Path

from make_preset import measure, psnr_table, write_json

from kerasrestore.files import write_atomically
from kerasrestore.models.presets import CARD, INT8_WEIGHTS, file_sha256

WEIGHTS = "int8.weights.h5"


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("preset", help="name or folder of the preset")
    add("--quantized", type=Path, help="folder of the training for int8")
    add("--benchmarks", nargs="*", default=[], help="folders of images")
    add("--tile", type=int, help="tile; that of the float32 file")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse(argv)

    from kerasrestore.litert.sidecar import read_sidecar
    from kerasrestore.models.presets import find_preset
    from kerasrestore.models.restorer import Restorer
    from kerasrestore.training.recipe.load_run import load_run

    preset = find_preset(args.preset)
    tile = args.tile or read_sidecar(preset.checked_file("tflite"))["tile"]
    models = {"float16": Restorer.from_preset(args.preset)}
    if args.quantized is not None:
        model, run = load_run(args.quantized, preset.name)
        check(model, preset)
        models["int8"] = model
        add_weights(preset, model)
    card = preset.card
    for kind, model in models.items():
        entry = add_file(preset, kind, model, tile, args.benchmarks)
        card.setdefault("exports", {})[kind] = entry
        print(kind, json.dumps(entry["psnr"]), flush=True)
    if args.quantized is not None:
        card["exports"]["int8"]["training"] = {
            "command": run.facts["command"],
            "validation": json.loads(
                (args.quantized / "best.json").read_text()
            ),
        }
    write_card(preset)


def write_card(preset):
    """Writes the card with what was noted in it."""
    text = json.dumps(preset.card, indent=1) + "\n"
    write_atomically(preset.path / CARD, lambda file: file.write(text.encode()))


def add_weights(preset, model):
    """Writes the weights and ranges that were trained for int8 and notes them
    in the card."""
    with tempfile.TemporaryDirectory(
        dir=preset.path, prefix=".weights-"
    ) as folder:
        temporary = Path(folder) / WEIGHTS
        model.save_weights(temporary)
        temporary.replace(preset.path / WEIGHTS)
    note(preset, INT8_WEIGHTS, preset.path / WEIGHTS)


def note(preset, role, path):
    """Notes a file of the preset in its card."""
    preset.files[role] = {"file": path.name, "sha256": file_sha256(path)}


def check(model, preset):
    """Raises ValueError if the trained model is another one."""
    for key in ("task", "channels", "sigma_input"):
        if getattr(model, key) != getattr(preset, key):
            raise ValueError(
                f"{preset.name} has {key} {getattr(preset, key)!r}, the "
                f"training {getattr(model, key)!r}; give the training that "
                "started from this preset."
            )


def add_file(preset, kind, model, tile, benchmarks):
    """Writes a file with its sidecar and notes it in the card.

    Returns:
        What the card tells of it beside its checksums.
    """
    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.litert.sidecar import sidecar_path

    path = preset.path / f"{preset.name}_{kind}.tflite"
    sidecar = export_tflite(
        model,
        path,
        to=kind,
        tile=tile,
        sigma_range=preset.card["sigma_range"],
        license=preset.license,
    )
    restorer = LiteRTRestorer(path, trial=False)
    quality = {
        Path(data).name: measure(
            restorer,
            data,
            preset.card["sigma_range"],
            preset.card.get("quantize_input", False),
        )
        for data in benchmarks
    }
    write_json(sidecar_path(path), {**sidecar, "quality": quality})
    roles = {"tflite": path, "sidecar": sidecar_path(path)}
    for role, file in roles.items():
        note(preset, f"{role}_{kind}", file)
    return {
        "method": sidecar["quantization_method"],
        "bytes": path.stat().st_size,
        "psnr": psnr_table(quality),
        "quality": quality,
    }


if __name__ == "__main__":
    main()
