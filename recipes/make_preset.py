"""Makes a preset of a finished training run: card, weights, `.tflite`, curve.

python recipes/make_preset.py runs/color_blind \
    --name danet_mobile_denoise_color_blind_bsd400 \
    --benchmarks benchmarks/CBSD68 benchmarks/Kodak24

writes a folder of that name next to the other presets of the system. The
benchmarks are measured with LiteRT on the file that is shipped, at the
settings of the papers' tables for which the model was trained. The results of
attention depend on the tile size, and its `.tflite` needs small tiles, so

python recipes/make_preset.py runs/panet_s --name panet_s --tile 48 \
    --runtime keras --benchmarks benchmarks/CBSD68

measures the weights with Keras, with its own tiles or those given by
`--benchmark-tile` and `--benchmark-overlap`, which the card records.
"""

import argparse
import json
import sys
from pathlib import Path


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("run", type=Path, help="output folder of a training recipe")
    add("--name", required=True, help="name of the preset")
    add("--benchmarks", nargs="*", default=[], help="folders of images")
    add("--into", type=Path, help="folder to put the preset into")
    add("--tile", type=int, default=384, help="tile size of the .tflite")
    add("--runtime", choices=("litert", "keras"), default="litert")
    add("--benchmark-tile", type=int, help="tile size, with --runtime keras")
    add("--benchmark-overlap", type=int, help="overlap of these tiles")
    add("--default", action="store_true", help="make it the default preset")
    add("--training-data", default="BSD400", help="data it was trained on")
    add(
        "--license",
        default="non-commercial research, the terms of the BSDS500 images",
        help="license of the weights, such as Apache-2.0 if the training "
        "images are CC0",
    )
    add("--description", required=True, help="one sentence for the card")
    add("--hardware", required=True, help="hardware it was trained on")
    args = parser.parse_args(argv)
    if args.runtime == "litert" and (
        args.benchmark_tile is not None or args.benchmark_overlap is not None
    ):
        parser.error(
            "LiteRT uses the tile size of the file; leave --benchmark-tile "
            "and --benchmark-overlap out."
        )
    return args


def main(argv=None):
    args = parse(argv)

    from kerasrestore.models.presets import ROOT
    from kerasrestore.training.recipe.load_run import Run

    run = Run(args.run)
    if run.record.model == "QuantizeAware":
        raise ValueError(
            f"{args.run} was trained for int8, which belongs to the preset of "
            "its float model; pass it to recipes/add_exports.py as "
            "--quantized."
        )
    if run.record.model == "PrivilegedTeacher":
        raise ValueError(
            f"{args.run} contains a privileged teacher, whose input is the "
            "clean image; give a stage that restores."
        )
    model = run.build(args.name)
    # A system's modules are in one folder: kerasrestore.models.danet.danet.
    system = type(model).__module__.split(".")[-2]
    best = json.loads((args.run / "best.json").read_text())
    keras_tiles = None
    if args.runtime == "keras":
        overlap = args.benchmark_overlap
        keras_tiles = {
            "tile": args.benchmark_tile or "auto",
            "overlap": "auto" if overlap is None else overlap,
        }
    start_log = None
    if run.record.start is not None:
        # Runs of recipes/accelerator_window.py bring it with them.
        start_log = args.run / "start_log.csv"
        if not start_log.exists():
            start_log = Path(run.record.arguments["start"]) / "log.csv"
    preset = model.save_preset(
        (args.into or ROOT / system / "presets") / args.name,
        task=run.task,
        description=args.description,
        training_data=args.training_data,
        license=args.license,
        tile=args.tile,
        training={
            **start(run.record),
            "command": run.record.command,
            "hardware": args.hardware,
            "steps": steps(run.record) or best["step"],
            "validation": best,
            "versions": run.record.versions,
        },
        log=args.run / "log.csv",
        start_log=start_log,
        benchmarks=args.benchmarks,
        keras_tiles=keras_tiles,
        default=args.default,
    )
    print(json.dumps(preset.psnr))


def start(record):
    """The run whose weights initialized this one, for the card."""
    first = record.start
    if first is None:
        return {}
    return {
        "start": {
            **start(first),
            "command": first.command,
            # Older records lack the step of the weights.
            "steps": first.best_step or steps(first),
        }
    }


def steps(record):
    """Steps of a run; stages of a distillation have their own options."""
    arguments = record.arguments
    stage = str(arguments.get("until"))
    network = stage.partition("_")[0]
    names = ["steps"]
    if stage.endswith("_plain"):
        names.append(f"{network}_plain_steps")
    names.append("int8_steps" if stage == "mobile_int8" else f"{network}_steps")
    return next(filter(None, map(arguments.get, names)), None)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
