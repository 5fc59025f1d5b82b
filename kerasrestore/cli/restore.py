"""`kerasrestore restore`: photos in, restored photos out."""

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from kerasrestore.cli.restorers import (
    add_runtime_options,
    add_tile_options,
    load_restorer,
)


class OptionError(ValueError):
    """An option that the restorer refuses, whatever the photo."""


def add_parser(commands):
    parser = commands.add_parser(
        "restore",
        help="restore a photo or a folder of photos",
        description="Restores a photo, or all photos of a folder and its "
        "subfolders. Size, bit depth, transparency, EXIF and ICC profile are "
        "kept. A folder that was cut off goes on where it was.",
    )
    parser.add_argument("input", metavar="IN", type=Path)
    parser.add_argument("output", metavar="OUT", type=Path)
    add_runtime_options(parser)
    parser.add_argument(
        "--sigma",
        type=float,
        metavar="S",
        help="noise level, 0 to 255, for models that take it",
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=1.0,
        metavar="0..2",
        help="0 changes nothing, 1 is the model's answer, 2 is most",
    )
    add_tile_options(parser)
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="mean over 8 flips and rotations: 8 times slower, a bit better",
    )
    parser.add_argument(
        "--memory-limit",
        metavar="SIZE",
        help="what the process is to stay under, 2GB for example",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace existing files"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="print nothing but errors"
    )
    parser.set_defaults(run=run)


def run(args):
    from kerasrestore.inference.memory import parse_bytes

    if args.memory_limit is not None:
        parse_bytes(args.memory_limit)
    if not args.input.exists():
        raise ValueError(f"{args.input} does not exist; check the name.")
    loaded = cache(
        lambda channels: load_restorer(
            args.preset,
            args.runtime,
            channels,
            quantization=args.quantization,
            model=args.model,
        )
    )

    def load(channels):
        # A model that was named is the one for every photo.
        named = args.preset is not None or args.model is not None
        return loaded(None if named else channels)

    if args.input.is_dir():
        return _restore_folder(args, load)
    output = args.output
    if output.is_dir():
        output = output / args.input.name
    if output.exists() and not args.overwrite:
        raise ValueError(f"{output} exists; add --overwrite to replace it.")
    with _bar(args) as (tick, say):
        say(_restore_file(args, load, args.input, output, tick))
    return 0


def _restore_file(args, load, source, target, tick):
    """Restores one photo and gives the line that tells of it."""
    from kerasrestore.inference.photo import (
        check_writable,
        read_photo,
        write_photo,
    )

    begun = time.monotonic()
    photo = read_photo(source)
    check_writable(target, photo)
    restorer = load(1 if photo.pixels.ndim == 2 else 3)
    try:
        pixels = restorer.restore(
            photo.pixels,
            sigma=args.sigma,
            strength=args.strength,
            tile=args.tile,
            overlap=args.overlap,
            ensemble=args.ensemble,
            memory_limit=args.memory_limit,
            progress=tick,
        )
    except ValueError as error:
        # What `read_photo` gives is always fit to be restored.
        raise OptionError(error) from error
    write_photo(target, replace(photo, pixels=pixels))
    height, width = pixels.shape[:2]
    return (
        f"{source} -> {target} ({width}x{height}, "
        f"{time.monotonic() - begun:.1f} s, {restorer.name})"
    )


def _restore_folder(args, load):
    source, target = args.input, args.output
    if target.exists() and not target.is_dir():
        raise ValueError(
            f"{target} is a file and {source} a folder; name a folder for "
            "the restored photos."
        )
    if target.resolve() == source.resolve():
        raise ValueError(
            f"{target} is the folder of the originals; name another one."
        )
    files, failed = _photos(source, target)
    if not files:
        nothing = "holds no photos; wanted PNG, JPEG, WebP, TIFF or BMP."
        raise ValueError(failed[0] if failed else f"{source} {nothing}")
    # A wrong preset or option is one error, not one for every file.
    load(3).check_options(sigma=args.sigma, strength=args.strength)
    _make_folder(target)
    skipped = done = 0
    with _bar(args, len(files)) as (tick, say):
        for index, path in enumerate(files):
            tick(index, len(files))
            wanted = target / path.relative_to(source)
            if wanted.is_file() and not args.overwrite:
                skipped += 1
                continue
            try:
                wanted.parent.mkdir(parents=True, exist_ok=True)
                line = _restore_file(
                    args,
                    load,
                    path,
                    wanted,
                    # Files and, between them, the tiles of the one at work.
                    lambda tiles, of, index=index: tick(
                        index + tiles / of, len(files)
                    ),
                )
            except OptionError:
                raise
            except (ValueError, OSError, MemoryError) as error:
                failed.append(_failure(path, error))
            else:
                # Outside the try: a reader of ours that went away is no
                # failure of the photo.
                done += 1
                say(line)
    if not args.quiet:
        print(f"{done} restored, {skipped} there already, {len(failed)} failed")
    for line in failed:
        print(f"kerasrestore: {line}", file=sys.stderr)
    return 1 if failed else 0


def _make_folder(folder):
    """Makes a folder and tries whether files can be made in it: permission
    bits do not tell (root, network drives)."""
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


def _failure(path, error):
    """One line, with the path once."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if str(path) in text else f"{path}: {text}"


def _photos(source, target):
    """Photos below a folder, those of the output folder left out, and a line
    for every subfolder that cannot be read."""
    from kerasrestore.inference.photo import SUFFIXES

    own = target.resolve()
    found, failed = [], []

    def unreadable(error):
        failed.append(
            f"{error.filename} cannot be read ({error.strerror}); check its "
            "permissions."
        )

    for folder, folders, names in os.walk(source, onerror=unreadable):
        folders[:] = sorted(
            name
            for name in folders
            if (Path(folder) / name).resolve() != own
            and not name.startswith(".")
        )
        found += [
            Path(folder) / name
            for name in sorted(names)
            if Path(name).suffix.lower() in SUFFIXES
            and not name.startswith(".")
        ]
    return found, failed


@contextmanager
def _bar(args, files=None):
    """Shows how far it is where somebody may be looking.

    Yields:
        The function `(done, total)` that moves the bar, and the one that
        prints a line.
    """
    # A bar takes over `sys.stdout`, to keep below the lines; output that goes
    # into a file is to get there all the same.
    terminal = sys.stdout is not None and sys.stdout.isatty()
    out = None if terminal else sys.stdout

    def say(line):
        if not args.quiet:
            print(line, file=out)

    if args.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield (lambda done, total: None), say
        return
    from kerasrestore.inference.progress import bar

    with bar("restoring" if files is None else f"{files} photos") as tick:
        yield tick, say
