"""Locks between processes, which end with the process that holds them."""

import contextlib
import os
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

# Seconds between two tries for a lock that another process holds.
PAUSE = 0.1


@contextlib.contextmanager
def locked(path, refusal=None):
    """Context manager: holds a lock that one process at a time can have.

    The system frees it when its process ends, however that ends; the file of
    a process that was killed is in nobody's way. Some network drives have no
    locks: there, nothing is held, and nothing refused.

    Args:
        path: the lock's file, made for it and removed at the end. Its folder
            has to exist.
        refusal: sentence of the error if another process holds the lock; by
            default, that is waited for.

    Raises:
        ValueError: with the refusal.
        OSError: if the file cannot be made.

    Example:
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / ".lock"
    >>> with locked(path):
    ...     with locked(path, "It is taken; wait for it."):
    ...         pass
    Traceback (most recent call last):
    ...
    ValueError: It is taken; wait for it.
    >>> path.exists()
    False
    """
    path = Path(path)
    while True:
        with open(path, "ab") as file:
            taken = try_lock(file)
            # The holder may have removed the file after it was opened here.
            if taken and is_at(file, path):
                try:
                    yield
                finally:
                    if fcntl is None:  # an open file cannot be removed
                        file.close()
                    with contextlib.suppress(OSError):
                        path.unlink()
                return
        if not taken:
            if refusal is not None:
                raise ValueError(refusal)
            time.sleep(PAUSE)


def try_lock(file):
    """Locks an open file, unless another process or another opening of it has
    the lock.

    Args:
        file: file open for writing; closing it frees the lock.

    Returns:
        Whether that succeeded; `True` as well where there are no locks.

    Example:
    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     try_lock(file)
    True
    """
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def is_at(file, path):
    """Whether an open file is the one that a path leads to.

    Example:
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     is_at(file, file.name)
    True
    """
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False
