"""`kerasrestore report`: a preflight check of `.tflite` files for phones."""

import argparse
import contextlib
import sys
from pathlib import Path


def add_parser(commands):
    parser = commands.add_parser(
        "report",
        help="check .tflite files on this machine before they go to a phone",
        description="A preflight check on a desktop. Runs .tflite files in "
        "turns on this machine's processor and reports their loss of quality, "
        "which operations the CPU delegate runs, warnings for phones, size "
        "and speed. Quality, operations and warnings are those on a phone; "
        "speed and memory are not: measure them in the Android app and add "
        "the results with --phone.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE.tflite",
        help="files to report on; quality needs their sidecars",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of clean images; without it, quality is not measured",
    )
    parser.add_argument(
        "--setting",
        metavar="S,S",
        help="degradation strengths, as in `kerasrestore evaluate` (default: "
        "25 for denoise, 10 for jpeg, GRBG for demosaic)",
    )
    parser.add_argument(
        "--quantize-input",
        action="store_true",
        help="clip and round the noisy images to 8 bits, as photos are",
    )
    parser.add_argument(
        "--images",
        type=int,
        metavar="N",
        help="measure quality on the first N images (default: all)",
    )
    parser.add_argument(
        "--reference",
        metavar="NAME",
        help="preset (run in float with Keras) or .tflite to compare the "
        "files with (default: the first float32 file, otherwise the preset "
        "that the sidecars name)",
    )
    parser.add_argument(
        "--phone",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.json",
        help="benchmark of one of the files, shared by the Android app; may "
        "be repeated",
    )
    parser.add_argument(
        "--threads",
        type=_numbers,
        default=(1, 2, 4),
        metavar="N,N",
        help="numbers of threads (default: 1,2,4)",
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=20,
        metavar="N",
        help="timed runs of each file with each number of threads "
        "(default: 20)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write report.json, report.md, report.png and plots of the worst "
        "images to a folder",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of tables"
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.phone.report import phone_report
    from kerasrestore.plotting import matplotlib_figure

    # Before anything slow, so that mistakes are reported at once.
    if args.out is not None:
        matplotlib_figure()
        if args.out.exists() and not args.out.is_dir():
            raise ValueError(f"{args.out} is a file; give a folder.")
    if args.data is None:
        for option in ("setting", "quantize_input", "images", "reference"):
            if getattr(args, option) not in (None, False):
                raise ValueError(
                    f"--{option.replace('_', '-')} only applies to quality; "
                    "give a folder of images with --data."
                )
    _discard_startup_message()
    with _bars() as tick:
        report = phone_report(
            args.files,
            data=args.data,
            settings=args.setting and args.setting.split(","),
            quantize_input=args.quantize_input,
            images=args.images,
            reference=_reference(args.reference, args.files, args.data),
            threads=args.threads,
            runs=args.runs,
            phones=args.phone,
            progress=tick,
        )
    print(report.to_json() if args.json else report.to_markdown(), end="")
    if args.out is not None:
        report.write(args.out)
    failed = [row for entry in report.files for row in entry["quality"] or ()]
    return 1 if any(row["failed"] for row in failed) else 0


def _discard_startup_message():
    """Triggers LiteRT's startup message, which it prints once, unseen."""
    from kerasrestore.phone.benchmark import convolution
    from kerasrestore.phone.probe import load
    from kerasrestore.quiet import quiet_stderr

    with quiet_stderr():
        load(convolution(8, 8), threads=1)


def _numbers(text):
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected numbers of threads such as 1,2,4, got {text!r}"
        ) from None


def _reference(name, files, data):
    from kerasrestore.archive.restorer_choice import load_restorer, load_tflite
    from kerasrestore.phone.reference import named_preset

    if name is None and data is not None:
        name = named_preset(files)
        try:
            return None if name is None else load_restorer(name, "keras")
        except ValueError as error:
            if not isinstance(error.__cause__, ImportError):
                raise
            # Keras is missing: the report says that there is no reference.
            return None
    if name is None:
        return None
    if Path(name).suffix == ".tflite":
        return load_tflite(Path(name))
    return load_restorer(name, "keras")


@contextlib.contextmanager
def _bars():
    """A progress bar for each stage, if stderr is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from kerasrestore.inference.progress import bar

    with contextlib.ExitStack() as stack:
        shown = {}

        def tick(stage, done, total):
            if stage not in shown:
                stack.close()
                shown[stage] = stack.enter_context(bar(stage))
            shown[stage](done, total)

        yield tick
