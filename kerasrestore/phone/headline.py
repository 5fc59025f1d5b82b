"""The result of a phone report in one line, and short names for it."""

import math


def headline(report):
    """The main result of a `PhoneReport` as one line of text.

    The fastest file is compared with the first one: on a phone if all files
    were measured on the same one, otherwise on this machine.
    """
    files = report.files
    names = short_names(files)
    first, best, row, before = _fastest(files)
    time = f"{row['median_s'] * 1e3:.3g} ms"
    if best["tile"]:
        time += f" for {best['tile'][1]}x{best['tile'][0]} pixels"
    parts = [f"{names[files.index(best)]}: {time}"]
    if best is not first:
        ratio = before["median_s"] / row["median_s"]
        parts.append(f"{ratio:.3g} times as fast as {names[0]}")
    losses = [r["loss_db"] for r in best["quality"] or () if "loss_db" in r]
    if losses and math.isfinite(max(losses)):
        parts.append(f"loses up to {max(losses):.2f} dB")
    return f"{', '.join(parts)} ({_where(report, best, row)})"


def integer(entry):
    """Whether a file of a report has products of integers."""
    return any("INT" in types for types in entry["graph"]["arithmetic"])


def phone_name(row):
    """Name of the phone that a run time was measured on."""
    return f"{row['device']}, Android {row['android']}, {row['accelerator']}"


def short_names(files, longest=28):
    """Labels without the words that all of them begin with.

    Args:
        files: files of a report.
        longest: characters of a name.

    Example:
    >>> files = [{"label": "net_color", "quantization": "float32"},
    ...          {"label": "net_color_int8", "quantization": "int8"}]
    >>> short_names(files)
    ['float32', 'int8']
    """
    words = [entry["label"].split("_") for entry in files]
    shared = 0
    if len(files) > 1:
        while len({tuple(word[: shared + 1]) for word in words}) == 1:
            shared += 1
    names = []
    for entry, word in zip(files, words, strict=True):
        rest = "_".join(word[shared:])
        name = rest or entry["quantization"] or entry["label"]
        if len(name) > longest:
            name = f"{name[: longest // 2 - 1]}…{name[-longest // 2 :]}"
        names.append(name)
    if len(set(names)) < len(names):
        return [entry["label"] for entry in files]
    return names


def place(row):
    """What two run times must have in common to be compared."""
    return tuple(
        row.get(key) for key in ("device", "android", "accelerator", "threads")
    )


def _fastest(files):
    """The first file, the fastest one, its run time and that of the first in
    the same place."""
    first = files[0]
    for kind in ("phones", "latency"):
        for before in sorted(first[kind], key=lambda row: row["median_s"]):
            found = [
                (entry, row)
                for entry in files
                for row in entry[kind]
                if place(row) == place(before)
            ]
            if kind == "latency" or len(found) == len(files):
                best, row = min(found, key=lambda pair: pair[1]["median_s"])
                return first, best, row, before
    raise AssertionError("Every file is timed.")


def _where(report, entry, row):
    threads = f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"
    if "device" in row:
        return f"{phone_name(row)}, {threads}"
    machine = report.machine
    words = [machine["processor"], threads]
    if integer(entry):
        words.append(machine["int8_instructions"] or "unknown instructions")
    return ", ".join(words)
