"""`kerasrestore evaluate`: PSNR and SSIM compared with published results."""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from kerasrestore.archive.restorer_choice import load_restorer
from kerasrestore.cli.restorers import add_runtime_options, add_tile_options
from kerasrestore.quiet import quiet_stderr


def add_parser(commands):
    from kerasrestore.tasks import TASKS

    parser = commands.add_parser(
        "evaluate",
        help="measure a model on a folder of clean images",
        description="Degrades the images of a folder, restores them, and "
        "prints PSNR and SSIM by the published protocol.",
    )
    models = add_runtime_options(parser)
    models.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        dest="run_folder",
        help="output folder of a training recipe, whose best weights run with "
        "Keras; --task, --setting, --gray and --quantize-input are as in its "
        "training unless given",
    )
    models.add_argument(
        "--baseline",
        choices=("degraded", "bicubic"),
        help="measure the degraded images themselves, or bicubic upsampling",
    )
    parser.add_argument(
        "--task",
        choices=list(TASKS),
        help="restoration task (default: denoise)",
    )
    parser.add_argument(
        "--setting",
        metavar="S",
        help="strength of the degradation: "
        + "; ".join(
            f"{name}: {task.setting_help}" for name, task in TASKS.items()
        ),
    )
    parser.add_argument(
        "--degradation",
        "--noise",  # its name in older versions, which only denoised
        metavar="NAME",
        help="how images are degraded (default: as in the published tables); "
        "camera: photos from a simulated camera, for denoise (--setting is "
        "the shot noise variance of a white pixel, by default 1e-4,2.2e-2, "
        "sampled for each image) and super_resolution; recompressed: JPEG "
        "files compressed once or twice and resized",
    )
    parser.add_argument(
        "--jpeg-quality",
        metavar="Q",
        help="JPEG quality of all photos of --degradation camera, or LOW,HIGH; "
        "none for no JPEG compression (default: 50,99 for four photos in five)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="seed of the noise; the same seed gives the same images "
        "(default: 0)",
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
        help="folder of degraded images with the same names, instead of "
        "synthetic degradation; without --setting, photos with real noise",
    )
    colors = parser.add_mutually_exclusive_group()
    colors.add_argument(
        "--gray",
        action="store_true",
        default=None,
        help="measure on gray images, converting colour ones to luminance (Y "
        "for jpeg and super_resolution); default: as the images are",
    )
    colors.add_argument(
        "--color",
        action="store_false",
        default=None,
        dest="gray",
        help="measure on colour images, skipping gray ones",
    )
    add_tile_options(parser)
    parser.add_argument(
        "--ensemble", action="store_true", help="x8 self-ensemble"
    )
    parser.add_argument(
        "--quantize-input",
        action=argparse.BooleanOptionalAction,
        help="clip and round the noisy images to 8 bits",
    )
    parser.add_argument(
        "--paper",
        metavar="P:N",
        help="only compare with this table of a paper, such as panet:1",
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
        help="folder for a plot of all PSNRs and comparison sheets of some "
        "images",
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.evaluation import evaluate, parse_reference
    from kerasrestore.evaluation.evaluate import benchmark_pairs, is_gray_set
    from kerasrestore.tasks import RealPairs

    # Before anything slow, so that mistakes are reported at once.
    trained, trained_for = _trained(args)
    args.task = args.task or (trained_for.name if trained_for else "denoise")
    task = _task(args, trained_for)
    if args.gray is None and trained is not None:
        args.gray = trained.channels == 1
    elif args.gray is None:
        args.gray = is_gray_set(benchmark_pairs(args.data, args.degraded)[0])
    if args.paper is not None:
        parse_reference(args.paper)
    if args.csv is not None:
        if args.csv.is_dir():
            raise ValueError(
                f"{args.csv} is a folder; give the name of a file."
            )
        if not args.csv.resolve().parent.is_dir():
            raise ValueError(
                f"{args.csv.parent} is not a folder; create it first or write "
                "the CSV elsewhere."
            )
    if args.plot is not None and args.plot.exists() and not args.plot.is_dir():
        raise ValueError(f"{args.plot} is a file; give a folder for plots.")
    restorer = trained or _restorer(args, task)
    if args.degraded and restorer.scale == 1 < task.scale:
        # Pairs of equal size, as in RealSR.
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
            seed=args.seed,
            progress=tick,
        )
    # Before writing files, which may fail: slow results must not be lost.
    print(report.to_json() if args.json else report.table(args.paper))
    for item in report.failed:
        print(f"kerasrestore: {item['name']}: {item['error']}", file=sys.stderr)
    if args.csv is not None:
        report.append_csv(args.csv)
    if args.plot is not None and report.images:
        from kerasrestore.evaluation.sheets import draw_report

        draw_report(report, restorer, task, args.data, args.plot, args.degraded)
    return 1 if report.failed else 0


def _trained(args):
    """The model of `--run` and the task it was trained for, if given."""
    if args.run_folder is None:
        return None, None
    if args.quantization:
        raise ValueError(
            "--quantization selects one of the files of a preset; leave it out."
        )
    with quiet_stderr():
        from kerasrestore.training.recipe.load_run import Run

        run = Run(args.run_folder)
        if run.record.model == "PrivilegedTeacher":
            raise ValueError(
                f"{args.run_folder} holds a privileged teacher, whose input "
                "is the clean image; give a run that restores."
            )
        return run.build(), run.task


def _task(args, trained_for=None):
    from kerasrestore.tasks import (
        DEGRADATIONS,
        CameraNoise,
        RealPairs,
        get_task,
    )

    usual = get_task(args.task).degradation
    degradation = None if args.degradation == usual else args.degradation
    if degradation == RealPairs.degradation:
        raise ValueError(
            "Pairs of photographs are two folders; give the low-quality ones "
            "as --degraded, and leave --degradation out."
        )
    task_class = get_task(args.task, degradation)
    photographs = (
        args.degraded and (args.task, RealPairs.degradation) in DEGRADATIONS
    )
    options = {}
    if (
        degradation is None
        and not photographs
        and type(trained_for) is task_class
    ):
        # Images are degraded as in training.
        options = trained_for.get_config()
        if args.setting is not None:
            options.pop(task_class.setting_argument, None)
    if args.quantize_input is not None:
        options["quantize"] = args.quantize_input
    if degradation is not None and args.degraded:
        raise ValueError(
            f"--degradation {degradation} makes the low-quality images; leave "
            "--degraded out."
        )
    if task_class is CameraNoise:
        # Only this kind of the mixture that models are trained on.
        options |= {"shares": {"camera": 1.0}, **_jpeg_files(args.jpeg_quality)}
    elif args.jpeg_quality is not None:
        raise ValueError(
            "--jpeg-quality only applies to --degradation camera; add that, "
            "or leave it out."
        )
    if photographs and args.setting is None:
        return RealPairs.from_options(name=args.task, **options)
    if task_class.setting_argument in options:
        task = task_class.from_options(**options)
    else:
        task = task_class.from_setting(args.setting, **options)
    if photographs and args.baseline == "degraded" and task.scale > 1:
        return RealPairs(args.task, task.setting)
    return task


def _jpeg_files(quality):
    """Options of `CameraNoise` for `--jpeg-quality`."""
    if quality is None:
        return {}
    if quality == "none":
        return {"jpeg": 0.0}
    try:
        values = [int(part) for part in quality.split(",")]
        return {"jpeg": 1.0, "quality": values * (2 if len(values) == 1 else 1)}
    except ValueError:
        raise ValueError(
            "--jpeg-quality must be an integer from 1 to 100, LOW,HIGH or "
            f"none, got {quality!r}."
        ) from None


def _restorer(args, task):
    channels = 1 if args.gray else 3
    if args.baseline is not None and args.quantization:
        raise ValueError(
            "--quantization selects one of the files of a preset; leave it out."
        )
    if args.baseline is not None:
        from kerasrestore.evaluation.baselines import Baseline

        return Baseline(args.baseline, task, channels)
    return load_restorer(
        args.preset,
        args.runtime,
        channels=channels,
        task=args.task,
        scale=task.scale if task.scale > 1 else None,
        quantization=args.quantization,
        model=args.model,
    )


def _bar():
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext()
    from kerasrestore.inference.progress import bar

    return bar("evaluating")
