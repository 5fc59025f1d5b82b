"""Atomic writing of files and folders."""

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path


def write_atomically(path, write):
    """Calls `write(file)` on a temporary file, then renames it to `path`.

    Args:
        path: file to write; an existing file is replaced only once the new
            one is complete, and is left untouched if anything fails.
        write: function that writes to the binary file passed to it.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_atomically(path, lambda file: file.write(b"whole"))
    >>> path.read_bytes()
    b'whole'
    """
    path = Path(path)
    # Unique, and short: `path` may already have the longest name allowed.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replace_folder(folder):
    """Context manager: fills a temporary folder that then becomes `folder`.

    Args:
        folder: folder to write; an existing folder is replaced as a whole at
            the end, and is left untouched if anything fails.

    Yields:
        Path of the temporary folder, empty.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "preset"
    >>> with replace_folder(target) as folder:
    ...     _ = (folder / "a.txt").write_text("whole")
    >>> [path.name for path in target.parent.iterdir()]
    ['preset']
    """
    folder = Path(folder).absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=f".{folder.name}-"
    ) as temporary:
        new, old = Path(temporary) / "new", Path(temporary) / "old"
        new.mkdir()
        yield new
        if not folder.exists():
            new.rename(folder)
            return
        folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        shutil.rmtree(old)
