"""The options of `kerasrestore restore`."""

import dataclasses

from kerasrestore.archive.file_options import FileOptions
from kerasrestore.archive.restorer_choice import RestorerChoice
from kerasrestore.archive.worker import PATIENCE, cores
from kerasrestore.cli.restorers import add_runtime_options, add_tile_options
from kerasrestore.imaging.mosaic import PATTERNS

MOST_WORKERS = 256


def add_options(parser):
    """Adds the arguments of the command to its parser."""
    parser.add_argument(
        "inputs",
        metavar="IN",
        nargs="+",
        help="photo, folder, pattern or - for standard input",
    )
    parser.add_argument(
        "output",
        metavar="OUT",
        help="file or - for standard output; for several photos a folder",
    )
    parser.add_argument(
        "--format",
        metavar="NAME",
        help="jpg, png, tif, webp, avif or bmp (default: by OUT's extension, "
        "or the format of the photo)",
    )
    parser.add_argument(
        "--quality",
        type=int,
        metavar="1..100",
        help="quality of JPEG, WebP and AVIF (default: that of the original "
        "JPEG, else 95)",
    )
    parser.add_argument(
        "--bits",
        type=int,
        choices=(8, 16),
        help="bits of the restored photo (default: as in the original)",
    )
    parser.add_argument(
        "--suffix",
        default="",
        metavar="TEXT",
        help="appended to the names of photos written to a folder, before "
        "the extension: _clean gives a_clean.jpg",
    )
    parser.add_argument(
        "--max-megapixels",
        type=float,
        metavar="N",
        help="reject larger photos (default: 179); more takes more memory",
    )
    parser.add_argument(
        "--task",
        metavar="NAME,...",
        help="what to do: denoise (default), jpeg (remove compression "
        "artifacts), super_resolution (enlarge), demosaic, or several in "
        "order, such as jpeg,super_resolution; picks the models",
    )
    parser.add_argument(
        "--scale",
        type=int,
        metavar="N",
        help="how many times larger super_resolution makes photos: 2, 3 or 4 "
        "(default: 2)",
    )
    parser.add_argument(
        "--pattern",
        choices=PATTERNS,
        help="Bayer pattern of the mosaics for demosaic, at the top left "
        "corner (default: GRBG)",
    )
    add_runtime_options(parser)
    parser.add_argument(
        "--sigma",
        type=float,
        metavar="S",
        help="noise level, 0 to 255, for models that take it",
    )
    parser.add_argument(
        "--white-level",
        type=float,
        metavar="N",
        help="value of white, 4095 for 12 bits stored in 16 (default: the "
        "highest value of the type, 1 for floats)",
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=1.0,
        metavar="0..2",
        help="0 changes nothing, 1 is the model's output, 2 is the maximum",
    )
    add_tile_options(parser)
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="mean over 8 flips and rotations: 8 times slower, slightly better",
    )
    parser.add_argument(
        "--memory-limit",
        metavar="SIZE",
        help="memory limit of each process, such as 2GB",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="restore several photos at a time, in N processes that share the "
        "cores; a photo that crashes one does not stop the others",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=PATIENCE,
        metavar="S",
        help="seconds without progress after which --workers gives up a photo "
        f"(default: {PATIENCE:.0f})",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="appends a line of JSON for each photo of a folder",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace existing files"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="print nothing but errors"
    )


def file_options(args):
    """The `FileOptions` of the command's arguments.

    Raises:
        ValueError: as `FileOptions`.
    """
    names = (field.name for field in dataclasses.fields(FileOptions))
    return FileOptions(**{name: getattr(args, name) for name in names})


def restorer_choice(args):
    """The `RestorerChoice` of the command's arguments, for workers that share
    out the cores."""
    return RestorerChoice(
        preset=args.preset,
        runtime=args.runtime,
        task=args.task,
        scale=args.scale,
        quantization=args.quantization,
        model=None if args.model is None else str(args.model),
        threads=max(1, cores() // args.workers),
    )


def check_workers(args):
    """Raises ValueError if --workers or --timeout is outside its range."""
    if args.workers is not None and not 1 <= args.workers <= MOST_WORKERS:
        raise ValueError(
            f"--workers must be a number from 1 to {MOST_WORKERS}, got "
            f"{args.workers}."
        )
    if not args.timeout > 0:
        raise ValueError(f"--timeout must be positive, got {args.timeout}.")
