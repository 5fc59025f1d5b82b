"""Keeps native libraries from writing to the terminal."""

import contextlib
import os
import sys
import threading


class _Silence:
    """Sends file descriptor 2 nowhere while at least one thread asks for it.

    The descriptor belongs to the process: without counting, the thread that
    ends first would leave another one's libraries loud, or the process mute.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._users = 0
        self._kept = None

    def begin(self):
        with self._lock:
            if self._users == 0:
                kept = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)
                self._kept = kept
            self._users += 1

    def end(self):
        with self._lock:
            self._users -= 1
            if self._users == 0:
                os.dup2(self._kept, 2)
                os.close(self._kept)


_silence = _Silence()


@contextlib.contextmanager
def quiet_stderr():
    """Discards what LiteRT, TensorFlow and decoders write to the process's
    standard error directly, bypassing Python. Threads may overlap in it.

    Example:
    >>> with quiet_stderr():
    ...     _ = os.write(2, b"nobody reads this")
    """
    if sys.stderr is None:  # closed
        yield
        return
    sys.stderr.flush()
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()
