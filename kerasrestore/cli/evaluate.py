"""`kerasrestore evaluate`: PSNR and SSIM beside what others reached."""

import sys
from contextlib import nullcontext
from pathlib import Path

from kerasrestore.cli.restorers import (
    add_runtime_options,
    add_tile_options,
    load_restorer,
)

SETTINGS = {
    "denoise": "sigma, 0 to 255",
    "demosaic": "first 2x2 pixels of the mosaic, GRBG if left out",
    "jpeg": "quality, 1 to 100",
    "super_resolution": "scale, 2, 3 or 4",
}


def add_parser(commands):
    parser = commands.add_parser(
        "evaluate",
        help="measure a model on a folder of clean images",
        description="Degrades the images of a folder, restores them, and "
        "prints PSNR and SSIM by the published protocol.",
    )
    models = add_runtime_options(parser)
    models.add_argument(
        "--baseline",
        choices=("degraded", "bicubic"),
        help="measure the degraded images themselves, or bicubic enlargement",
    )
    parser.add_argument("--task", choices=list(SETTINGS), default="denoise")
    parser.add_argument(
        "--setting",
        metavar="S",
        help="strength of the degradation: "
        + "; ".join(f"{task}: {told}" for task, told in SETTINGS.items()),
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of clean images",
    )
    parser.add_argument(
        "--degraded",
        type=Path,
        metavar="DIR",
        help="folder of degraded images of the same names, where they are "
        "not to be made; without --setting, photographs with real noise",
    )
    parser.add_argument(
        "--gray",
        action="store_true",
        help="measure on gray images (on Y for jpeg and super_resolution)",
    )
    add_tile_options(parser)
    parser.add_argument(
        "--ensemble", action="store_true", help="x8 self-ensemble"
    )
    parser.add_argument(
        "--quantize-input",
        action="store_true",
        help="clip and round the noisy images to 8 bits",
    )
    parser.add_argument(
        "--paper",
        metavar="P:N",
        help="show the rows of that paper's table alone, like panet:1",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="F", help="append a line for each image"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of a table"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="DIR",
        help="draw the figures of all images and sheets of some into a folder",
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.evaluation import evaluate, parse_reference
    from kerasrestore.tasks import RealPairs

    task = _task(args)
    # Before what takes long: mistakes are told at once.
    if args.paper is not None:
        parse_reference(args.paper)
    if args.csv is not None:
        if args.csv.is_dir():
            raise ValueError(
                f"{args.csv} is a folder; give the name of a file."
            )
        if not args.csv.resolve().parent.is_dir():
            raise ValueError(
                f"{args.csv.parent} is not a folder; make it first or write "
                "the CSV elsewhere."
            )
    if args.plot is not None and args.plot.exists() and not args.plot.is_dir():
        raise ValueError(f"{args.plot} is a file; give a folder for plots.")
    restorer = _restorer(args, task)
    if args.degraded and restorer.scale == 1 < task.scale:
        # Pairs of one size, as RealSR has them.
        task = RealPairs(task.name, task.setting)
    with _bar() as tick:
        report = evaluate(
            restorer,
            task,
            args.data,
            degraded=args.degraded,
            gray=args.gray,
            tile=args.tile,
            overlap=args.overlap,
            ensemble=args.ensemble,
            progress=tick,
        )
    # Before the files, which may fail: what took long to measure is shown.
    print(report.to_json() if args.json else report.table(args.paper))
    for item in report.failed:
        print(f"kerasrestore: {item['name']}: {item['error']}", file=sys.stderr)
    if args.csv is not None:
        report.append_csv(args.csv)
    if args.plot is not None and report.images:
        from kerasrestore.evaluation.sheets import draw_report

        draw_report(report, restorer, task, args.data, args.plot, args.degraded)
    return 1 if report.failed else 0


def _task(args):
    from kerasrestore import tasks

    if args.quantize_input and args.task != "denoise":
        raise ValueError(
            f"Only noise is drawn in floats; leave --quantize-input out for "
            f"{args.task}."
        )
    if args.task == "demosaic":
        return tasks.Demosaic(args.setting or "GRBG")
    if args.setting is None and args.task == "denoise" and args.degraded:
        return tasks.RealPairs()
    if args.setting is None:
        raise ValueError(f"{args.task} wants --setting, {SETTINGS[args.task]}.")
    try:
        strength = float(args.setting)
    except ValueError:
        strength = float("nan")
    if args.task == "denoise":
        return tasks.Denoise(strength, quantize=args.quantize_input)
    if not strength.is_integer():
        raise ValueError(
            f"--setting is {SETTINGS[args.task]}, got {args.setting!r}."
        )
    if args.degraded and args.baseline == "degraded" and args.task != "jpeg":
        return tasks.RealPairs("super_resolution", int(strength))
    kinds = {"jpeg": tasks.Jpeg, "super_resolution": tasks.SuperResolution}
    return kinds[args.task](int(strength))


def _restorer(args, task):
    channels = 1 if args.gray else 3
    if args.baseline is not None and args.quantization:
        raise ValueError(
            "--quantization chooses among the files of a preset; leave it out."
        )
    if args.baseline is not None:
        from kerasrestore.evaluation.baselines import Baseline

        return Baseline(args.baseline, task, channels)
    return load_restorer(
        args.preset,
        args.runtime,
        channels=channels,
        task=args.task,
        quantization=args.quantization,
        model=args.model,
    )


def _bar():
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext()
    from kerasrestore.inference.progress import bar

    return bar("evaluating")
