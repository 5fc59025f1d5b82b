"""Restoring many photo files, in this process or in several."""

import collections
import contextlib
import multiprocessing
import signal
import time
from multiprocessing import connection as connections

from kerasrestore.archive import worker
from kerasrestore.archive.restore_file import (
    OptionError,
    failed,
    restore_file,
)

# Seconds between two looks at the clock.
GLANCE = 1.0


def restore_here(jobs, load, options, progress=None):
    """Restores photos one by one in this process.

    Args:
        jobs: list of pairs of source and target path.
        load: as in `restore_file`.
        options: `FileOptions`.
        progress: function `(done, total)` of photos; tiles are fractions.

    Yields:
        A `FileRecord` for each.

    Raises:
        OptionError: as `restore_file`; bad files are no exceptions.

    Example:
    >>> list(restore_here([], None, None))
    []
    """
    progress = progress or (lambda done, total: None)
    for index, (source, target) in enumerate(jobs):
        progress(index, len(jobs))
        begun = time.monotonic()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            record = restore_file(
                source,
                target,
                load,
                options,
                lambda tiles, of, index=index: progress(
                    index + tiles / of, len(jobs)
                ),
            )
        except OptionError:
            raise
        except (ValueError, OSError, MemoryError) as error:
            seconds = time.monotonic() - begun
            record = failed(source, target, error, seconds)
        yield record


def restore_in_workers(
    jobs, choice, options, workers, threads=None, patience=worker.PATIENCE
):
    """Restores photos in worker processes.

    A photo that ends its worker (a crash of a decoder, the system's killer of
    processes when memory runs out) is tried once more when all others are
    done, with the machine to itself; a photo at which a worker hangs is given
    up. Closing the generator ends the workers.

    Args:
        jobs: list of pairs of source and target path.
        choice: `RestorerChoice`; each worker loads it.
        options: `FileOptions`.
        workers: number of processes.
        threads: threads of each; the cores shared out by default.
        patience: seconds without a sign of life, which every tile is, after
            which a worker is ended.

    Yields:
        A `FileRecord` for each photo, as they are done.

    Raises:
        ValueError: if the model cannot be loaded or does not take an option,
            or workers end before they have begun.

    Example:
    >>> list(restore_in_workers([], None, None, workers=2))
    []
    """
    threads = threads or max(1, worker.cores() // workers)
    context = multiprocessing.get_context("spawn")
    waiting = collections.deque((job, False) for job in jobs)
    again = collections.deque()
    team = []
    try:
        while waiting or again or any(one.job for one in team):
            busy = any(one.job for one in team)
            team = [one for one in team if not one.ended]
            wanted = min(workers, len(waiting)) if waiting else 0
            idle = [one for one in team if one.job is None]
            for _ in range(min(wanted - len(idle), workers - len(team))):
                idle.append(_Worker(context, choice, options, threads))
                team.append(idle[-1])
            if not waiting and again and not busy:
                if not team:
                    team.append(_Worker(context, choice, options, threads))
                alone = team[0]
                if alone.ready:
                    alone.give(*again.popleft())
            for one in team:
                if one.ready and one.job is None and waiting:
                    one.give(*waiting.popleft())
            _wait(team)
            for one in team:
                record = one.look(patience)
                if record is _LOST:
                    again.append((one.take(), True))
                elif record is not None:
                    one.take()
                    yield record
    finally:
        for one in team:
            one.end()


# A photo whose worker has ended for the first time.
_LOST = object()


class _Worker:
    """A worker process and the photo it is at."""

    def __init__(self, context, choice, options, threads):
        self.connection, other = context.Pipe()
        self.process = context.Process(
            target=worker.work,
            args=(other, choice, options, threads),
            daemon=True,
        )
        with _uninterrupted():
            self.process.start()
        # Only the process has it now: its end is noticed.
        other.close()
        self.ready = self.ended = False
        self.job, self._second = None, False
        self._begun = self._seen = time.monotonic()

    def give(self, job, second):
        """Gives it a photo, for the second time or not."""
        self.job, self._second = job, second
        self._begun = self._seen = time.monotonic()
        # If it has just ended, `look` will find out.
        with contextlib.suppress(OSError):
            self.connection.send(tuple(map(str, job)))

    def take(self):
        """Takes the photo from it and returns it."""
        job, self.job = self.job, None
        return job

    def look(self, patience):
        """What has become of the photo: its record, `_LOST`, or `None` if
        there is no news."""
        alive = self.process.is_alive()
        try:
            while self.connection.poll():
                kind, content = self.connection.recv()
                self._seen = time.monotonic()
                if kind == worker.UNUSABLE:
                    raise OptionError(content)
                if kind == worker.DONE:
                    return content
                if kind == worker.READY:
                    self.ready = True
        except (EOFError, OSError):
            # It may die some moments after its end of the pipe.
            self.process.join(GLANCE)
            alive = False
        if not alive:
            return self._dead()
        if time.monotonic() - self._seen > patience and (
            self.job or not self.ready
        ):
            self.end()
            return self._failure(
                f"made no progress for {patience:.0f} s; its worker was ended."
            )
        return None

    def _dead(self):
        self.end()
        code = self.process.exitcode
        how = f"exit code {code}"
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                how = signal.Signals(-code).name
        if self.job is None and self.ready:
            return None
        if self.job is not None and not self._second:
            return _LOST
        return self._failure(
            f"ended its worker process twice ({how}); it is damaged in a way "
            "that a decoder does not survive, or needs more memory than "
            "there is."
        )

    def _failure(self, text):
        if self.job is None:
            raise ValueError(
                "A worker process ended or hung before its first photo; use "
                "fewer --workers if memory is short."
            )
        return failed(
            *self.job, f"{self.job[0]} {text}", time.monotonic() - self._begun
        )

    def end(self):
        """Ends the process at once: files are written whole or not at all."""
        self.ended = True
        self.connection.close()
        self.process.kill()
        self.process.join()


def _wait(team):
    """Waits for a message or an end, or for a moment."""
    open_ones = [one for one in team if not one.ended]
    connections.wait(
        [
            *(one.connection for one in open_ones),
            *(one.process.sentinel for one in open_ones),
        ],
        GLANCE,
    )


@contextlib.contextmanager
def _uninterrupted():
    """A process that is started here is not interrupted by Ctrl-C, which a
    terminal sends to all: it would print a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
