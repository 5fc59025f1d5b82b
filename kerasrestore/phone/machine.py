"""The machine that a report is measured on."""

import datetime
import os
import platform
from pathlib import Path

# Names of instruction sets by their flag in /proc/cpuinfo, best first: what
# the speed of 8-bit products depends on, on x86 and on ARM.
INTEGER_INSTRUCTIONS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "avx512bw": "AVX-512 without VNNI",
    "avx2": "AVX2 without VNNI",
    "sse4_1": "SSE4.1",
    "i8mm": "NEON I8MM",
    "asimddp": "NEON dot product",
    "asimd": "NEON without dot product",
}
FLOAT_INSTRUCTIONS = ("avx512f", "fma", "f16c", "asimdhp", "sve")


def machine():
    """This machine, its load and its versions, as a dictionary for JSON."""
    from importlib.metadata import version

    info = _cpuinfo()
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(
            timespec="seconds"
        ),
        "system": platform.platform(),
        "processor": info.get("model name")
        or platform.processor()
        or platform.machine(),
        **instructions(info.get("flags") or info.get("Features") or ""),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0]
        if hasattr(os, "getloadavg")
        else None,
        "python": platform.python_version(),
        "ai_edge_litert": version("ai-edge-litert"),
    }


def instructions(flags):
    """Instruction sets that matter to LiteRT.

    Args:
        flags: the flags of a CPU as `/proc/cpuinfo` lists them.

    Returns:
        Dictionary: `instructions`, those of the flags that LiteRT's kernels
        differ by, and `int8_instructions`, the name of the best one for
        8-bit products. Both are `None` where the system does not list any.

    Example:
    >>> instructions("fpu sse4_1 fma avx2")["int8_instructions"]
    'AVX2 without VNNI'
    """
    present = set(flags.split())
    known = [
        flag
        for flag in (*INTEGER_INSTRUCTIONS, *FLOAT_INSTRUCTIONS)
        if flag in present
    ]
    best = [
        name for flag, name in INTEGER_INSTRUCTIONS.items() if flag in known
    ]
    return {
        "instructions": known or None,
        "int8_instructions": best[0] if best else None,
    }


def _cpuinfo():
    """Fields of the first CPU, none where the system has no such file."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    fields = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    return fields
