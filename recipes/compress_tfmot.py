"""Prunes, clusters or quantizes a preset with TensorFlow Model Optimization.

python recipes/compress_tfmot.py prune \
    --preset danet_mobile_denoise_color_blind_bsd400 \
    --data BSD400 --validation BSD32_val --out runs/pruned

Prints the size of the `.tflite`, plain and zipped, and the validation PSNR, and
those of the preset in float32 (`before.tflite`); `kerasrestore report`
describes the file in detail.
If interrupted, restart it with the same command: it resumes.
"""

import argparse
import json
import sys
import zlib
from pathlib import Path

from kerasrestore import evaluate, export_tflite
from kerasrestore.export.tfmot.bridge import METHODS, compress
from kerasrestore.models import Restorer
from kerasrestore.models.presets import find_preset
from kerasrestore.tasks import Denoise

SIGMAS = (15, 25, 50)


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("method", choices=METHODS, help="compression method")
    add("--preset", required=True, help="name or folder of the preset")
    add("--data", required=True, help="folder of training images")
    add("--validation", required=True, help="folder of validation images")
    add("--out", required=True, type=Path, help="output folder")
    add("--steps", type=int, default=2000, help="fine-tuning steps")
    add("--batch-size", type=int, default=16, help="patches per step")
    add("--patch-size", type=int, default=64, help="side of a patch")
    add(
        "--learning-rate",
        type=float,
        default=1e-4,
        help="initial learning rate",
    )
    add(
        "--sparsity",
        type=float,
        default=0.5,
        help="fraction of zeros, for prune",
    )
    add(
        "--clusters",
        type=int,
        default=32,
        help="values per kernel, for cluster",
    )
    add("--tile", type=int, default=384, help="tile size of the .tflite")
    add("--seed", type=int, default=0, help="seed of the patches")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse(argv)
    preset = find_preset(args.preset)
    if preset.task != "denoise":
        raise ValueError(
            f"{preset.name} is a model for {preset.task}, but this recipe "
            "fine-tunes denoisers; call kerasrestore.export.tfmot.bridge."
            "compress for other tasks."
        )
    restorer = Restorer.from_preset(preset.path)
    low, high = preset.card["sigma_range"]
    result = compress(
        restorer,
        args.out,
        args.data,
        Denoise((low, high)),
        method=args.method,
        steps=args.steps,
        patch_size=args.patch_size,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        sparsity=args.sparsity,
        clusters=args.clusters,
        tile=args.tile,
        seed=args.seed,
    )
    path = args.out / f"{restorer.name}.tflite"
    if args.method != "quantize":
        export_tflite(
            result,
            path,
            tile=args.tile,
            sigma_range=(low, high),
            license=preset.license,
        )
    # The file to compare with.
    before = args.out / "before.tflite"
    export_tflite(
        restorer,
        before,
        tile=args.tile,
        sigma_range=(low, high),
        license=preset.license,
    )
    figures = {
        "preset": figures_of(restorer, before, args.validation),
        args.method: figures_of(result, path, args.validation),
    }
    print(json.dumps(figures, indent=1))


def figures_of(restorer, path, validation):
    data = Path(path).read_bytes()
    gray = restorer.channels == 1
    psnr = {
        sigma: evaluate(restorer, Denoise(sigma), validation, gray=gray)
        for sigma in SIGMAS
    }
    return {
        "bytes": len(data),
        "zipped": len(zlib.compress(data, 9)),
        "psnr": {
            f"sigma{sigma}": round(
                next(v for k, v in report.mean.items() if k.startswith("psnr")),
                3,
            )
            for sigma, report in psnr.items()
        },
    }


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
