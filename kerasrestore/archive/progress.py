"""How far an archive is, in a line."""

import sys
import time

# Seconds between two lines where there is no terminal.
PERIOD = 30.0


def progress_line(done, failed, total, seconds):
    """Files done and failed, rate and time left.

    Args:
        done: photos that are done, failed ones included.
        failed: those that failed.
        total: photos of the run.
        seconds: time since its start.

    Example:
    >>> progress_line(120, 3, 2000, 60)
    '120 of 2000 photos, 3 failed, 2.0 a second, 16 min left'
    """
    line = f"{done} of {total} photos, {failed} failed"
    if not done or not seconds:
        return line
    rate = done / seconds
    shown = f"{rate:.1f} a second" if rate >= 1 else f"{1 / rate:.1f} s each"
    return f"{line}, {shown}, {_time((total - done) / rate)} left"


class PeriodicLines:
    """Prints a progress line to stderr now and then.

    Args:
        total: photos of the run.

    Example:
    >>> lines = PeriodicLines(2)
    >>> lines.update(1, 0)
    """

    def __init__(self, total):
        self._total = total
        self._begun = self._last = time.monotonic()

    def text(self, done, failed):
        """The line for now."""
        seconds = time.monotonic() - self._begun
        return progress_line(done, failed, self._total, seconds)

    def update(self, done, failed):
        """Prints a line if the last one is some time ago."""
        now = time.monotonic()
        if now - self._last >= PERIOD and sys.stderr is not None:
            self._last = now
            print(
                f"kerasrestore: {self.text(done, failed)}",
                file=sys.stderr,
                flush=True,
            )


def _time(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
