"""Memory limits, and the memory that the process uses."""

import contextlib
import ctypes
import re
import sys
from functools import cache
from pathlib import Path

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
DEFAULT_LIMIT = 2 * 10**9
# Parameters of glibc's mallopt: free bytes at the heap's end above which they
# are returned to the system, bytes by which it grows in addition to what is
# needed, size from which blocks are mapped on their own.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


def parse_bytes(text):
    """Bytes from a number or a text such as `"2GB"` or `"512 MiB"`.

    Args:
        text: int of bytes, or text with an optional unit (K, M, G, T; with
            or without B; `Ki`, `Mi`, ... for powers of 1024).

    Returns:
        Bytes as an int.

    Raises:
        ValueError: if it is neither, or not positive.

    Example:
    >>> parse_bytes("2GB"), parse_bytes("1.5GiB"), parse_bytes(4096)
    (2000000000, 1610612736, 4096)
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        value = text
    else:
        match = re.fullmatch(
            r"\s*(\d+(?:\.\d*)?)\s*([KMGT]?)(I?)B?\s*", str(text).upper()
        )
        if match is None or (match[3] and not match[2]):
            raise ValueError(
                f"The memory limit must be a size such as 2GB, got {text!r}."
            )
        value = float(match[1]) * (
            1024 ** " KMGT".index(match[2]) if match[3] else UNITS[match[2]]
        )
    if not 0 < value < float("inf"):
        raise ValueError(
            "The memory limit must be a positive size such as 2GB, got "
            f"{text!r}."
        )
    return int(value)


def process_bytes():
    """Resident memory of this process in bytes, or its peak where the system
    only reports that; 0 where it reports neither."""
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
        import resource

        return pages * resource.getpagesize()
    except (OSError, ImportError):
        pass
    return peak_bytes() or 0


def peak_bytes():
    """Highest resident memory of this process in bytes, `None` where the
    system does not report it.

    On Linux `getrusage` would count the peak of the parent process, too.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        pass
    else:
        lines = dict(line.split(":", 1) for line in status.splitlines())
        if "VmHWM" in lines:
            return int(lines["VmHWM"].split()[0]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@cache
def return_freed_memory():
    """Makes glibc return freed blocks of 1 MiB and more to the system.

    Otherwise it keeps them in a heap that fragments: TensorFlow's tensors
    then take up to four times the memory that is in use at any moment. Has
    no effect with other C libraries. Mapping pages costs DANetMobile a
    quarter to a third more time per tile, so it is for users with a limit.

    Returns:
        Whether it has an effect.
    """
    return _set_allocator(M_MMAP_THRESHOLD, 2**20)


def returns_freed_memory():
    """Whether `return_freed_memory` was called, with effect."""
    return return_freed_memory.cache_info().currsize > 0 and (
        return_freed_memory()
    )


@cache
def keep_freed_memory():
    """Makes glibc keep freed blocks for the next allocations.

    Otherwise the heaps of TensorFlow's threads shrink and grow again with
    every operation of a training step, and the system spends a third of the
    step on clearing pages. To be called before the first tensor is computed:
    the heaps that exist by then are not changed. Has no effect with other C
    libraries.
    """
    _set_allocator(M_TRIM_THRESHOLD, 2**31 - 1)
    _set_allocator(M_TOP_PAD, 2**26)


def _set_allocator(parameter, value):
    with contextlib.suppress(AttributeError, OSError, TypeError):
        return ctypes.CDLL(None).mallopt(parameter, value) == 1
    return False


def out_of_memory(error):
    """Whether an exception of Python or a backend says that memory ran out.

    Example:
    >>> out_of_memory(MemoryError()), out_of_memory(ValueError())
    (True, False)
    """
    return (
        isinstance(error, MemoryError)
        # TensorFlow's and XLA's, without importing either.
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in str(error)
    )
