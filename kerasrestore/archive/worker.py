"""What a worker process does: photos in, one message for each out."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from kerasrestore.archive.restore_file import (
    OptionError,
    failed,
    restore_file,
)
from kerasrestore.messages import reason

# Kinds of messages.
READY, ALIVE, DONE, UNUSABLE = "ready", "alive", "done", "unusable"
# Seconds between two signs of life.
PULSE = 1.0
# Seconds without one after which a worker counts as hung.
PATIENCE = 300.0


def work(connection, choice, options, threads):
    """Restores photos until the connection is closed.

    Args:
        connection: `Connection` that gives pairs of source and target, and
            takes pairs of a kind of message and its content.
        choice: `RestorerChoice`, or another with its method `load`.
        options: `FileOptions`.
        threads: threads that TensorFlow may use, if it is loaded.
    """
    # The parent decides what an interruption means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    # The parent closes its end when it is interrupted, at any time.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _work(connection, choice, options)


def _work(connection, choice, options):
    try:
        options.check(choice.load(3))
    except Exception as error:
        connection.send((UNUSABLE, reason(error)))
        return
    connection.send((READY, None))
    while True:
        source, target = connection.recv()
        try:
            connection.send(
                (DONE, _restore(connection, source, target, choice, options))
            )
        except OptionError as error:
            connection.send((UNUSABLE, str(error)))
            return


def _restore(connection, source, target, choice, options):
    begun = last = time.monotonic()

    def tick(done, total):
        nonlocal last
        if time.monotonic() - last > PULSE:
            last = time.monotonic()
            connection.send((ALIVE, None))

    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        return restore_file(
            Path(source), Path(target), choice.load, options, tick
        )
    except OptionError:
        raise
    except Exception as error:
        return failed(source, target, error, time.monotonic() - begun)


def _end_with_parent():
    """Ends this process with its parent, even in the middle of a photo, so
    that a run that was killed leaves nobody at work."""
    import multiprocessing

    multiprocessing.parent_process().join()
    os._exit(1)


def cores():
    """Number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
