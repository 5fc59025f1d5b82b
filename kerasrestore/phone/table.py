"""The Markdown of a phone report."""

import math

from kerasrestore.phone.headline import headline, integer, phone_name, place

FILES = (
    "file", "type", "products", "input", "MB", "k MACs per pixel",
    "operations", "XNNPACK", "peak MB", "load ms", "first run ms",
)  # fmt: skip
TIMES = (
    "file", "on", "int8 by", "threads", "median ms", "p90 ms",
    "s per megapixel", "p90", "without halo", "in yardsticks",
    "speedup over the first",
)  # fmt: skip
QUALITY = (
    "file", "setting", "PSNR", "SSIM", "loss dB", "worst loss dB",
    "worst image",
)  # fmt: skip


def markdown(report):
    """Tables of a `PhoneReport` as Markdown text."""
    parts = [
        "# Preflight report",
        f"**{headline(report)}**",
        "Measured on a desktop: operations, quality and warnings are those "
        "on a phone, times and memory are not.",
        _machine(report.machine),
        "## Files",
        _table(FILES, map(_file, report.files)),
        "MACs are counted in the file's graph, per pixel of its output. "
        "XNNPACK: how many operations the CPU delegate runs, in how many "
        "partitions. Peak: peak memory of a fresh process, minus that of "
        "LiteRT itself.",
        *_caveats(report.files),
        "## Time",
        _table(TIMES, _times(report)),
        f"Median and 90th percentile (p90) of {report.yardstick[0]['runs']} "
        "runs, interleaved. Megapixels are those of the output; without halo, "
        "those that remain when the context of the tiles is cut off, which is "
        "what counts for a large photo. The yardstick is a float32 3x3 "
        "convolution of 64 channels on 128x128 pixels; if its p90 is far from "
        "its median, the machine was busy. The speed of int8 depends on the "
        "instructions of the CPU (int8 by): it says little about a CPU with "
        "others.",
    ]
    if any(entry["quality"] for entry in report.files):
        parts += [
            "## Quality",
            _table(QUALITY, _quality(report)),
            f"{report.dataset}, {_protocol(report)}. "
            + (
                f"Loss against {report.reference}."
                if report.reference
                else "No float32 file, preset or reference to compare with."
            ),
            *_bytes(report.files),
            *_failures(report.files),
        ]
    parts += ["## Warnings", _warnings(report.files)]
    parts += ["## Operations", _operations(report.files)]
    return "\n\n".join(parts) + "\n"


def _machine(machine):
    load = machine["load_average"]
    busy = "" if load is None else f", load average {load:.1f}"
    return (
        f"{machine['processor']}, {machine['cores']} cores, 8-bit products "
        f"by {machine['int8_instructions'] or 'unknown instructions'}{busy}; "
        "LiteRT "
        f"{machine['ai_edge_litert']}; {machine['system']}; {machine['date']}"
    )


def _file(entry):
    graph, process = entry["graph"], entry["process"]
    pixels, peak = entry["restored_pixels"], process["peak_bytes"]
    products = [f"{n} {types}" for types, n in graph["arithmetic"].items()]
    return (
        entry["label"],
        entry["quantization"] or "no sidecar",
        ", ".join(products),
        " ".join("x".join(map(str, x["shape"])) for x in graph["inputs"]),
        _number(entry["size_bytes"], 1e-6),
        _number(graph["macs"] or None, 1e-3 / (pixels or math.inf)),
        sum(graph["op_counts"].values()),
        f"{sum(graph['taken'].values())} in {graph['pieces']}",
        "-" if peak is None else _number(peak - process["litert_bytes"], 1e-6),
        _number(process["load_s"], 1e3),
        _number(process["first_s"], 1e3),
    )


def _caveats(entries):
    """Sentences on what the figures leave out or contradict."""
    for entry in entries:
        graph, label = entry["graph"], entry["label"]
        if graph["macs_uncounted"]:
            yield (
                f"{label}: the MACs of {', '.join(graph['macs_uncounted'])} "
                "are not included, as the file does not determine them."
            )
        if graph["unasked"]:
            yield (
                f"{label}: what XNNPACK runs in {', '.join(graph['unasked'])} "
                "is unknown, as LiteRT cannot prepare it without its loop."
            )
        declared = graph["sidecar_macs"]
        if declared is not None and declared != graph["macs"]:
            yield (
                f"{label}: its sidecar declares {declared / 1e6:.1f} M MACs "
                f"for a tile, its graph has {graph['macs'] / 1e6:.1f} M."
            )
    unknown = [x["label"] for x in entries if x["quantization"] is None]
    if unknown:
        yield (
            f"No sidecar: {', '.join(unknown)}: task, halo and quality are "
            "unknown."
        )


def _times(report):
    first = {place(row): row["median_s"] for row in _runs(report.files[0])}
    instructions = report.machine["int8_instructions"] or "unknown"
    for entry in report.files:
        for row in _runs(entry):
            before = first.get(place(row))
            yield (
                entry["label"],
                phone_name(row) if "device" in row else "this machine",
                row.get("abi", instructions) if integer(entry) else "",
                row["threads"],
                _number(row["median_s"], 1e3),
                _number(row["p90_s"], 1e3),
                _number(row["s_per_megapixel"]),
                _number(row["p90_s_per_megapixel"]),
                _number(row["core_s_per_megapixel"]),
                _number(row.get("yardsticks")),
                _number(before and before / row["median_s"]),
            )
    for row in report.yardstick:
        times = (_number(row[key], 1e3) for key in ("median_s", "p90_s"))
        yield (
            "yardstick", "this machine", "", row["threads"], *times,
            "", "", "", "1", "",
        )  # fmt: skip


def _runs(entry):
    return [*entry["latency"], *entry["phones"]]


def _quality(report):
    named = [(entry["label"], entry["quality"]) for entry in report.files]
    if all(label != report.reference for label, _ in named):
        named.append((report.reference, report.reference_quality))
    for label, rows in named:
        for row in rows or ():
            setting = row["setting"]
            yield (
                label,
                "" if setting is None else f"{setting:g}",
                f"{row['psnr']:.3f}",
                f"{row['ssim']:.4f}",
                f"{row['loss_db']:.3f}" if "loss_db" in row else "-",
                f"{row['worst_loss_db']:.3f}" if "loss_db" in row else "-",
                row["worst"],
            )


def _rows(entries):
    return [row for entry in entries for row in entry["quality"] or ()]


def _protocol(report):
    row = _rows(report.files)[0]
    clipped = ", input clipped and rounded" if row["quantize_input"] else ""
    protocol = row["protocol"].replace("_", ", ")
    return f"{len(row['images'])} images, {protocol}{clipped}"


def _bytes(entries):
    """Which files get clipped noise while others get it unclipped."""
    labels = [
        entry["label"]
        for entry in entries
        if entry["task"] == "denoise"
        and entry["io"]["image"] == "uint8"
        and not any(row["quantize_input"] for row in entry["quality"])
    ]
    if labels:
        yield (
            f"{', '.join(labels)}: byte input, so noise is clipped and "
            "rounded before the network sees it, which may cost some dB; "
            "measure all files on clipped noise (--quantize-input) to compare "
            "them."
        )


def _failures(entries):
    failed = {
        (item["name"], item["error"])
        for row in _rows(entries)
        for item in row["failed"]
    }
    for name, error in sorted(failed):
        yield f"Not measured: {name}: {error}"


def _warnings(entries):
    lines = [
        f"- {entry['label']}: {found['what']} ({found['count']}): "
        f"{found['advice']}."
        for entry in entries
        for found in entry["graph"]["warnings"]
    ]
    return "\n".join(lines) or "None."


def _operations(entries):
    names = sorted(
        {x for entry in entries for x in entry["graph"]["op_counts"]}
    )

    def cell(graph, name):
        count, left = graph["op_counts"].get(name), graph["left"].get(name)
        if count is None:
            return ""
        return f"{count} ({left} left)" if left else count

    rows = [
        (name, *(cell(entry["graph"], name) for entry in entries))
        for name in names
    ]
    head = ("operation", *(entry["label"] for entry in entries))
    return (
        _table(head, rows)
        + "\n\nLeft: not run by XNNPACK. Operations in loops are counted once."
    )


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(str(x).replace('|', '/') for x in line)} |"
        for line in lines
    )


def _number(value, factor=1.0):
    """A number with three significant digits."""
    if value is None:
        return "-"
    value *= factor
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
