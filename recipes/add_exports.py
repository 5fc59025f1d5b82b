"""Adds float16 and int8 files with measured quality to a preset.

python recipes/add_exports.py danet_mobile_denoise_color_blind_bsd400 \
    --quantized runs/quantize_aware_color \
    --benchmarks benchmarks/CBSD68 benchmarks/Kodak24

float16 is exported from the preset's weights, int8 from those of a
quantization-aware training run (`recipes/quantize_aware.py`), which the preset
keeps for exports with other tiles; without --quantized there is no int8 file.
The folder is replaced at the very end: an interruption leaves the preset
unchanged.
"""

import argparse
import json
import sys
from pathlib import Path


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("preset", help="name or folder of the preset")
    add("--quantized", type=Path, help="run folder of the int8 training")
    add("--benchmarks", nargs="*", default=[], help="folders of images")
    add("--tile", type=int, help="tile size (default: that of the preset)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse(argv)

    from kerasrestore.export.save_preset import add_exports
    from kerasrestore.models.presets import find_preset
    from kerasrestore.models.restorer import Restorer
    from kerasrestore.training.recipe.load_run import load_run

    preset = find_preset(args.preset)
    models = {"float16": Restorer.from_preset(preset.path)}
    int8_training = None
    if args.quantized is not None:
        models["int8"], run = load_run(args.quantized, preset.name)
        best = json.loads((args.quantized / "best.json").read_text())
        int8_training = {"command": run.record.command, "validation": best}
    preset = add_exports(
        preset,
        models,
        tile=args.tile,
        benchmarks=args.benchmarks,
        int8_training=int8_training,
    )
    for kind in models:
        print(kind, json.dumps(preset.card["exports"][kind]["psnr"]))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
