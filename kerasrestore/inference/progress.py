"""Progress bars on stderr."""

import contextlib
import sys


@contextlib.contextmanager
def bar(description):
    """Shows a progress bar and yields its update function `(done, total)`.

    Example:
    >>> with bar("working") as tick:
    ...     tick(1, 2)
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    ) as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, total: progress.update(
            task, completed=done, total=total
        )
