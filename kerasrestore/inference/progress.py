"""Progress bars on stderr."""

import contextlib
import sys


@contextlib.contextmanager
def bar(description):
    """Shows a progress bar and yields its update function `(done, total,
    description=None)`.

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

        def update(done, total, description=None):
            text = {} if description is None else {"description": description}
            progress.update(task, completed=done, total=total, **text)

        yield update


def ticker(progress):
    """Progress function for the `progress` of `ImageRestorer.restore`.

    Args:
        progress: `True` for a bar, a function `(done, total)`, or anything
            else for none.

    Returns:
        Context manager that yields a function `(done, total)`.

    Example:
    >>> with ticker(print) as tick:
    ...     tick(1, 2)
    1 2
    """
    if progress is True:
        return bar("restoring")
    return contextlib.nullcontext(
        progress if callable(progress) else lambda done, total: None
    )
