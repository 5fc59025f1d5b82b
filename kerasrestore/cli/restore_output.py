"""What `kerasrestore restore` prints."""

import sys
from contextlib import contextmanager

from kerasrestore.cli.inputs import STREAM


def told(record, source, target):
    """A line on a restored photo, and notes on what could not be kept.

    Args:
        record: its `FileRecord`.
        source: its name for the line.
        target: name of its copy.
    """
    line = (
        f"{source} -> {target} ({record.width}x{record.height}, "
        f"{record.seconds:.1f} s, {record.model})"
    )
    return line, [f"{source}: {note}" for note in record.notes]


@contextmanager
def bar(args, files=None):
    """Shows a progress bar if stderr is a terminal.

    Yields:
        A function `(done, total, text=None)` that updates the bar and what
        stands beside it, and one that prints a line and, to stderr, notes.
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
        yield (lambda done, total, text=None: None), say
        return
    from kerasrestore.inference import progress

    with progress.bar(
        "restoring" if files is None else f"{files} photos"
    ) as tick:
        yield tick, say
