"""`kerasrestore restore`: photos in, restored photos out."""

import sys
from functools import cache
from pathlib import Path

from kerasrestore.archive.restore_file import restore_file, restored_name
from kerasrestore.archive.restorer_choice import load_restorer
from kerasrestore.cli.inputs import STREAM, Job, expand
from kerasrestore.cli.restore_options import (
    add_options,
    check_workers,
    file_options,
)
from kerasrestore.cli.restore_output import bar, told


def add_parser(commands):
    parser = commands.add_parser(
        "restore",
        help="restore photos or folders of photos",
        description="Restores photos, or all photos of a folder and its "
        "subfolders: removes noise, or does what --task says. Size, bit "
        "depth, transparency, EXIF, XMP, IPTC and ICC profile are kept; a "
        "note names what a format cannot store. An interrupted folder resumes "
        "where it stopped.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args):
    options = file_options(args)
    check_workers(args)
    loaded = cache(
        lambda channels: load_restorer(
            args.preset,
            args.runtime,
            channels,
            task=args.task,
            scale=args.scale,
            quantization=args.quantization,
            model=args.model,
        )
    )

    def load(channels):
        # A model that was given explicitly is used for every photo.
        named = args.preset is not None or args.model is not None
        return loaded(None if named else channels)

    sources = expand(args.inputs)
    if STREAM in sources and len(sources) > 1:
        raise ValueError("Standard input is one photo; leave the others out.")
    if STREAM in sources and sys.stdin is None:
        raise ValueError("Standard input is closed; give a file.")
    # A pattern may match one photo today and two tomorrow.
    named = sources == [Path(args.inputs[0]).expanduser()]
    if not named or sources[0].is_dir():
        from kerasrestore.cli.restore_many import restore_many

        return restore_many(args, options, load, sources)
    job = Job(sources[0], _target_of_one(args, options, sources[0]))
    for option in ("workers", "report"):
        if getattr(args, option) is not None:
            raise ValueError(
                f"--{option} is for folders and several photos; leave it out "
                "for one."
            )
    source, target = job
    with bar(args) as (tick, say):
        record = restore_file(
            sys.stdin.buffer if source == STREAM else source,
            sys.stdout.buffer if target == STREAM else target,
            load,
            options,
            tick,
        )
        say(*told(record, source, target))
    return 0


def _target_of_one(args, options, source):
    from kerasrestore.photos.formats import FORMATS

    output = Path(args.output).expanduser()
    if output == STREAM:
        if sys.stdout is None or sys.stdout.isatty():
            raise ValueError(
                "Standard output is not a file; redirect it with > out.png."
            )
        return output
    if output.is_dir():
        if source == STREAM:
            raise ValueError(
                f"{output} is a folder; give a file for the photo from "
                "standard input."
            )
        output = output / restored_name(Path(source.name), options)
    elif args.suffix:
        raise ValueError(
            f"--suffix only applies to output folders, and {output} is not "
            "one; leave it out."
        )
    implied = FORMATS.get(output.suffix.lower())
    if options.format is not None and implied not in (options.format, None):
        raise ValueError(
            f"{output} has the extension of {implied}, but --format is "
            f"{options.format}; leave one of them out."
        )
    if output.exists() and not args.overwrite:
        raise ValueError(f"{output} exists; add --overwrite to replace it.")
    return output
