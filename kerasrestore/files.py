"""Atomic writing of files and folders."""

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path

from kerasrestore.locks import is_at, locked, try_lock

_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")
# On Windows, an open file can be neither renamed nor removed.
_OPEN_FILES_MOVE = os.name != "nt"


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
    with _temporary(path.parent) as (temporary, file):
        write(file)
        file.flush()
        os.fsync(file.fileno())
        if not _OPEN_FILES_MOVE:
            file.close()
        os.replace(temporary, path)


def remove_temporaries(folder):
    """Removes what writers that were killed have left in a folder.

    Files that another process is writing stay.

    Args:
        folder: folder that `write_atomically` writes to.

    Returns:
        Number of files that were removed.

    Example:
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / ".0123456789abcdef.tmp").write_bytes(b"half")
    4
    >>> remove_temporaries(folder), list(folder.iterdir())
    (1, [])
    """
    removed = 0
    with os.scandir(folder) as entries:
        left = [e.path for e in entries if _TEMPORARY.fullmatch(e.name)]
    for path in left:
        # A writer holds a lock on its file.
        with contextlib.suppress(OSError), open(path, "ab") as file:
            if _OPEN_FILES_MOVE:
                if not try_lock(file):
                    continue
            else:
                file.close()
            os.unlink(path)
            removed += 1
    return removed


def check_place(path):
    """Raises OSError if no file can be made at a path.

    Permission bits are unreliable (root, network drives), so it is tried.

    Args:
        path: path of a file that is to be written.

    Example:
    >>> check_place(Path(tempfile.mkdtemp()) / "a.txt")
    """
    with _temporary(Path(path).parent):
        pass


@contextlib.contextmanager
def _temporary(folder):
    """Path of a new file and the file, which is locked, and removed at the
    end if it is still there."""
    while True:
        # Unique, and short: its target may have the longest name allowed.
        path = folder / f".{secrets.token_hex(8)}.tmp"
        with open(path, "xb") as file:
            try:
                # Not if it was removed as a leftover before it was locked.
                if not _OPEN_FILES_MOVE or (
                    try_lock(file) and is_at(file, path)
                ):
                    yield path, file
                    return
            finally:
                if not _OPEN_FILES_MOVE:
                    file.close()
                path.unlink(missing_ok=True)


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
        # Two at once would find the folder gone, or there again.
        with locked(folder.with_name(f".{folder.name[:50]}.lock")):
            _swap(folder, new, old)
        if old.exists():
            shutil.rmtree(old)


def _swap(folder, new, old):
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
