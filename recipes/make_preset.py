"""Turns a finished training into a preset: card, weights, `.tflite`, curve.

python recipes/make_preset.py runs/color_blind \
    --name danet_mobile_denoise_color_blind_bsd400 \
    --benchmarks benchmarks/CBSD68 benchmarks/Kodak24

writes the folder of that name beside the other presets of the system. The
benchmarks are measured through LiteRT, with the file that is shipped, at the
usual noise levels that the model was trained for. Attention gives other figures
with other tiles, and its `.tflite` wants small ones; so

python recipes/make_preset.py runs/panet_s --name panet_s --tile 48 \
    --runtime keras --benchmarks benchmarks/CBSD68

measures the weights with Keras, in its own tiles or those of
`--benchmark-tile` and `--benchmark-overlap`, and the card says so.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

SIGMAS = (15, 25, 50)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("run", type=Path, help="folder that a training recipe wrote")
    add("--name", required=True, help="name of the preset")
    add("--benchmarks", nargs="*", default=[], help="folders of images")
    add("--into", type=Path, help="folder that the preset is put into")
    add("--tile", type=int, default=384, help="tile of the .tflite")
    add("--runtime", choices=("litert", "keras"), default="litert")
    add("--benchmark-tile", type=int, help="tile of --runtime keras")
    add("--benchmark-overlap", type=int, help="context of that tile")
    add("--default", action="store_true", help="taken where none is named")
    add("--training-data", default="BSD400", help="what it was trained on")
    add(
        "--license",
        default="non-commercial research, the terms of the BSDS500 images",
        help="licence of the weights",
    )
    add("--description", required=True, help="one sentence for the card")
    add("--hardware", required=True, help="what it was trained on")
    args = parser.parse_args(argv)
    if args.runtime == "litert" and (
        args.benchmark_tile is not None or args.benchmark_overlap is not None
    ):
        parser.error(
            "LiteRT runs the file's own tile; leave --benchmark-tile and "
            "--benchmark-overlap out."
        )
    return args


def main(argv=None):
    args = parse(argv)

    from kerasrestore.export.tflite import export_tflite
    from kerasrestore.litert.litert_restorer import LiteRTRestorer
    from kerasrestore.models.presets import ROOT
    from kerasrestore.training.recipe.load_run import load_run
    from kerasrestore.training.recipe.plot import plot_log

    model, trained = load_run(args.run, args.name)
    run = trained.facts
    best = json.loads((args.run / "best.json").read_text())
    # Modules of a system lie in one folder: kerasrestore.models.danet.danet.
    system = type(model).__module__.split(".")[-2]
    into = args.into or ROOT / system / "presets"
    into.mkdir(parents=True, exist_ok=True)
    low, high = trained.sigma_range
    by_keras = args.runtime == "keras"
    options = {
        "tile": args.benchmark_tile or "auto",
        "overlap": "auto"
        if args.benchmark_overlap is None
        else args.benchmark_overlap,
    }
    with tempfile.TemporaryDirectory(dir=into, prefix=".preset-") as temporary:
        folder = Path(temporary)
        model.save_weights(folder / "model.weights.h5")
        tflite = folder / f"{args.name}.tflite"
        sidecar = export_tflite(
            model,
            tflite,
            tile=args.tile,
            sigma_range=(low, high),
            license=args.license,
        )
        restorer = model if by_keras else LiteRTRestorer(tflite, trial=False)
        quality = {
            Path(data).name: measure(
                restorer,
                data,
                (low, high),
                run["arguments"]["quantize"],
                **options,
            )
            for data in args.benchmarks
        }
        if not by_keras:
            sidecar["quality"] = quality
            write_json(tflite.with_suffix(".json"), sidecar)
        shutil.copy(args.run / "log.csv", folder / "log.csv")
        if "start" in run:
            first = Path(run["arguments"]["start"]) / "log.csv"
            shutil.copy(first, folder / "start_log.csv")
        plot_log(folder / "log.csv", folder / "curve.png")
        card = {
            "name": args.name,
            "model": run["model"],
            "config": run["config"],
            "task": model.task,
            "channels": model.channels,
            "sigma_input": model.sigma_input,
            "sigma_range": [low, high],
            "default": args.default,
            "description": args.description,
            "parameters": model.count_parameters(),
            "macs_per_pixel": model.count_macs(256, 256) / 256**2,
            "training_data": args.training_data,
            "license": args.license,
            "training": {
                **start(run),
                "command": run["command"],
                "hardware": args.hardware,
                "steps": run["arguments"]["steps"],
                "validation": best,
                "versions": run["versions"],
            },
            "psnr": psnr_table(quality),
            "quality": quality,
            "measured": {"runtime": args.runtime, **options},
            "quantize_input": run["arguments"]["quantize"],
            "files": files(folder, args.name),
        }
        write_json(folder / "card.json", card)
        target = into / args.name
        if target.exists():
            shutil.rmtree(target)
        folder.chmod(0o755)
        shutil.copytree(folder, target)
    print(json.dumps(card["psnr"]))


def start(run):
    """How the training was begun that this one went on from, if any."""
    told = run.get("start")
    if told is None:
        return {}
    return {
        "start": {
            **start(told),
            "command": told["command"],
            "steps": told["arguments"]["steps"],
        }
    }


def measure(restorer, data, sigma_range, quantize=False, **options):
    """PSNR and SSIM at the usual noise levels; options of `evaluate`."""
    from kerasrestore.evaluation import evaluate
    from kerasrestore.tasks import Denoise

    figures = {}
    low, high = sigma_range
    for sigma in SIGMAS:
        if not low <= sigma <= high:
            continue
        task = Denoise(sigma, quantize=quantize)
        report = evaluate(
            restorer, task, data, gray=restorer.channels == 1, **options
        )
        figures[str(sigma)] = {
            key: round(value, 4) for key, value in report.mean.items()
        }
        print(Path(data).name, sigma, figures[str(sigma)], flush=True)
    return figures


def psnr_table(quality):
    return {
        data: {
            sigma: round(values.get("psnr_rgb", values.get("psnr_gray")), 2)
            for sigma, values in levels.items()
        }
        for data, levels in quality.items()
    }


def files(folder, name):
    from kerasrestore.models.presets import file_sha256

    roles = {
        "weights": "model.weights.h5",
        "tflite": f"{name}.tflite",
        "sidecar": f"{name}.json",
        "log": "log.csv",
        "curve": "curve.png",
    }
    if (folder / "start_log.csv").exists():
        roles["start_log"] = "start_log.csv"
    return {
        role: {"file": file, "sha256": file_sha256(folder / file)}
        for role, file in roles.items()
    }


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
