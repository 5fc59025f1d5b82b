"""Writing files so that a reader never sees half of one."""

import os
import secrets
from pathlib import Path


def write_atomically(path, write):
    """Calls `write(file)` on a temporary file, then renames it to `path`.

    Args:
        path: file to write; an older one is replaced when the new one is
            complete, and stays as it was if anything fails.
        write: function that takes a binary file.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_atomically(path, lambda file: file.write(b"whole"))
    >>> path.read_bytes()
    b'whole'
    """
    path = Path(path)
    # Its own for every call, and short: a longest name leaves no room.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
