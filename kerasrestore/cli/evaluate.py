"""`kerasrestore evaluate`: PSNR and SSIM beside what others reached."""

import sys
from contextlib import nullcontext
from pathlib import Path

from kerasrestore.cli.restorers import add_runtime_options, load_restorer

TASKS = ("denoise",)


def add_parser(commands):
    parser = commands.add_parser(
        "evaluate",
        help="measure a model on a folder of clean images",
        description="Degrades the images of a folder, restores them, and "
        "prints PSNR and SSIM by the published protocol.",
    )
    add_runtime_options(parser)
    parser.add_argument("--task", choices=TASKS, default="denoise")
    parser.add_argument(
        "--setting",
        type=float,
        required=True,
        metavar="S",
        help="strength of the degradation: sigma, 0 to 255",
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of clean images",
    )
    parser.add_argument(
        "--gray", action="store_true", help="measure on gray images"
    )
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
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.evaluation import evaluate, parse_reference
    from kerasrestore.tasks import Denoise

    task = Denoise(args.setting, quantize=args.quantize_input)
    if args.paper is not None:
        # Before what takes long: a mistyped name is told at once.
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
    restorer = load_restorer(
        args.preset, args.runtime, channels=1 if args.gray else 3
    )
    with _bar() as tick:
        report = evaluate(
            restorer,
            task,
            args.data,
            gray=args.gray,
            ensemble=args.ensemble,
            progress=tick,
        )
    # Before the CSV, which may fail: what took long to measure is shown.
    print(report.to_json() if args.json else report.table(args.paper))
    if args.csv is not None:
        report.append_csv(args.csv)
    for item in report.failed:
        print(f"kerasrestore: {item['name']}: {item['error']}", file=sys.stderr)
    return 1 if report.failed else 0


def _bar():
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext()
    from kerasrestore.inference.progress import bar

    return bar("evaluating")
