"""`kerasrestore restore`: photos in, restored photos out."""

import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from kerasrestore.archive.restore_file import (
    OptionError,
    describe_failure,
    restore_file,
    restored_name,
)
from kerasrestore.archive.restorer_choice import load_restorer
from kerasrestore.cli.inputs import STREAM, Job, expand, find_jobs
from kerasrestore.cli.restore_options import add_options, file_options


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
        return _restore_many(args, options, load, sources)
    job = Job(sources[0], _target_of_one(args, options, sources[0]))
    with _bar(args) as (tick, say):
        say(*_restore_one(options, load, job, tick))
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


def _restore_one(options, load, job, tick):
    """Restores one photo.

    Returns:
        A line that reports it, and notes on what could not be kept.
    """
    source, target = job
    record = restore_file(
        sys.stdin.buffer if source == STREAM else source,
        sys.stdout.buffer if target == STREAM else target,
        load,
        options,
        tick,
    )
    width, height = record.width, record.height
    line = (
        f"{source} -> {target} ({width}x{height}, {record.seconds:.1f} s, "
        f"{record.model})"
    )
    return line, [f"{source}: {note}" for note in record.notes]


def _restore_many(args, options, load, sources):
    from kerasrestore.photos.formats import FORMATS

    target = Path(args.output).expanduser()
    file = target.exists() or target.suffix.lower() in FORMATS
    if target == STREAM or (file and not target.is_dir()):
        raise ValueError(
            f"{target} is not a folder; give a folder for the restored photos."
        )
    for source in sources:
        if source.is_dir() and target.resolve() == source.resolve():
            raise ValueError(
                f"{target} is the folder of the originals; give another one."
            )
    photos, unsupported, failed = find_jobs(
        sources, target, lambda name: restored_name(name, options)
    )
    if not photos:
        raise ValueError(
            failed[0] if failed else _no_photos(sources, unsupported)
        )
    # A wrong preset or option is one error, not one for every file.
    options.check(load(3))
    _make_folder(target)
    skipped = done = 0
    with _bar(args, len(photos)) as (tick, say):
        for index, job in enumerate(photos):
            tick(index, len(photos))
            if job.target.is_file() and not args.overwrite:
                skipped += 1
                continue
            try:
                job.target.parent.mkdir(parents=True, exist_ok=True)
                report = _restore_one(
                    options,
                    load,
                    job,
                    # Progress in files, with the tiles of one as fractions.
                    lambda tiles, of, index=index: tick(
                        index + tiles / of, len(photos)
                    ),
                )
            except OptionError:
                raise
            except (ValueError, OSError, MemoryError) as error:
                failed.append(describe_failure(job.source, error))
            else:
                # Outside the try: a closed pipe behind us is not a failure
                # of the photo.
                done += 1
                say(*report)
        summary = f"{done} restored, {skipped} already there, "
        summary += f"{len(failed)} failed"
        if unsupported:
            summary += f", {len(unsupported)} in unsupported formats"
        say(
            summary,
            [f"{path} is in an unsupported format" for path in unsupported],
        )
    for line in failed:
        print(f"kerasrestore: {line}", file=sys.stderr)
    return 1 if failed else 0


def _no_photos(sources, skipped):
    from kerasrestore.photos.formats import READ

    names = ", ".join(map(str, sources))
    others = f" {len(skipped)} images are in other formats." if skipped else ""
    return f"{names} contains no photos; supported are {READ}.{others}"


def _make_folder(folder):
    """Creates a folder and checks that files can be created in it: permission
    bits are not reliable (root, network drives)."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be written to ({error.strerror}); choose "
            "another folder."
        ) from error


@contextmanager
def _bar(args, files=None):
    """Shows a progress bar if stderr is a terminal.

    Yields:
        A function `(done, total)` that updates the bar, and one that prints a
        line and, to stderr, notes.
    """
    # A bar takes over `sys.stdout` to stay below the printed lines; redirected
    # output must still reach its file.
    terminal = sys.stdout is not None and sys.stdout.isatty()
    out = None if terminal else sys.stdout
    if args.output == str(STREAM):
        out = sys.stderr

    def say(line, notes=()):
        if not args.quiet:
            for note in notes:
                print(f"kerasrestore: {note}", file=sys.stderr)
            print(line, file=out)

    if args.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield (lambda done, total: None), say
        return
    from kerasrestore.inference.progress import bar

    with bar("restoring" if files is None else f"{files} photos") as tick:
        yield tick, say
