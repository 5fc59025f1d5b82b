"""Time, peak memory and error of exact attention against the literal forms.

python recipes/benchmarks/attention.py --out attention

Pyramid attention is compared with the form of the released code (patches cut
out, two products of matrices with all pairs), non-local attention with all
pairs at once, in the backend that Keras is set to (KERAS_BACKEND). Times are
medians of interleaved calls in this process; memory is the peak of a fresh
process for each case, above what the backend itself takes. One image, 64
channels, of which 32 are compared; two threads. A literal form that would
need more than --limit is left out. Writes attention.csv, attention.md and
attention.png.
"""

import argparse
import csv
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import ops

from kerasrestore.inference.memory import parse_bytes, peak_bytes
from kerasrestore.ops.attention import softmax_attention
from kerasrestore.ops.pyramid_attention import pyramid_attention

CHANNELS, FILTERS = 32, 64
SCALES = (1.0, 0.9, 0.8, 0.7, 0.6)
KINDS = ("pyramid", "non-local")
FORMS = ("literal", "ours")
FIELDS = (
    "attention", "size", "backend", "literal_s", "ours_s", "time_ratio",
    "literal_bytes", "ours_bytes", "memory_ratio", "error", "yardstick_s",
)  # fmt: skip


def unroll(x, side=3):
    """Patches around every pixel along the channels, zeros outside."""
    _, height, width, _ = x.shape
    rim = side // 2
    x = ops.pad(x, ((0, 0), (rim, rim), (rim, rim), (0, 0)))
    return ops.concatenate(
        [
            x[:, i : i + height, j : j + width]
            for i in range(side)
            for j in range(side)
        ],
        axis=-1,
    )


def literal_pyramid_attention(query, keys, values, side=3, scale=10.0):
    """As the released code of PANet does it."""
    _, height, width, _ = query.shape

    def rows(maps):
        flat = [ops.reshape(x, (-1, x.shape[-1])) for x in maps]
        return ops.concatenate(flat, axis=0)

    compared = rows([unroll(x, side) for x in keys])
    norm = ops.sqrt(ops.sum(compared**2, axis=-1, keepdims=True))
    compared = compared / ops.maximum(norm, 1e-4)
    logits = ops.matmul(rows([unroll(query, side)]), ops.transpose(compared))
    weight = ops.softmax(scale * logits)
    pasted = ops.matmul(weight, rows([unroll(x, side) for x in values]))
    pasted = ops.reshape(pasted, (1, height, width, side**2, -1))
    rim = side // 2
    pasted = ops.pad(pasted, ((0, 0), (rim, rim), (rim, rim), (0, 0), (0, 0)))
    return sum(
        pasted[
            :,
            2 * rim - i : 2 * rim - i + height,
            2 * rim - j : 2 * rim - j + width,
            i * side + j,
        ]
        for i in range(side)
        for j in range(side)
    )


def case(kind, size):
    """Both forms as functions, and their inputs."""
    rng = np.random.default_rng(0)

    def feature(height, width, channels):
        x = rng.normal(size=(1, height, width, channels)).astype("float32")
        return ops.convert_to_tensor(x)

    query = 0.1 * feature(size, size, CHANNELS)
    if kind == "pyramid":
        sides = [math.floor(size * scale) for scale in SCALES]
        keys = [feature(side, side, CHANNELS) for side in sides]
        values = [feature(side, side, FILTERS) for side in sides]
        forms = (literal_pyramid_attention, pyramid_attention)
        pairs = size**2 * sum(side**2 for side in sides)
        inputs = (query, keys, values)
    else:
        key = feature(size, size, CHANNELS)
        value = feature(size, size, CHANNELS)
        inputs = [
            ops.reshape(x, (1, size**2, CHANNELS)) for x in (query, key, value)
        ]
        pairs = size**4
        forms = (
            lambda *x: softmax_attention(*x, block_size=size**2),
            softmax_attention,
        )
    return dict(zip(FORMS, map(compiled, forms), strict=True)), inputs, pairs


def compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False)


def seconds(function, *inputs):
    begun = time.perf_counter()
    output = np.asarray(function(*inputs))
    return time.perf_counter() - begun, output


def yardstick():
    """A 3x3 convolution from 64 to 64 channels on 256x256 pixels."""
    x = ops.ones((1, 256, 256, 64))
    kernel = ops.ones((3, 3, 64, 64))
    conv = compiled(lambda x: ops.conv(x, kernel, padding="same"))
    return conv, (x,)


def measure_time(kind, size, repeat, with_literal):
    forms, inputs, _ = case(kind, size)
    conv, conv_inputs = yardstick()
    if not with_literal:
        del forms["literal"]
    runs = {form: (function, inputs) for form, function in forms.items()}
    runs["yardstick"] = (conv, conv_inputs)
    outputs = {name: seconds(f, *x)[1] for name, (f, x) in runs.items()}
    times = {name: [] for name in runs}
    for _ in range(repeat):
        for name, (function, x) in runs.items():
            times[name].append(seconds(function, *x)[0])
    row = {
        f"{name}_s": statistics.median(values) for name, values in times.items()
    }
    if with_literal:
        difference = np.abs(outputs["ours"] - outputs["literal"]).max()
        row["error"] = difference / np.abs(outputs["literal"]).max()
        row["time_ratio"] = row["ours_s"] / row["literal_s"]
    return row


def measured_peak(kind, form, size):
    """Peak of a fresh process above what the backend takes."""
    done = subprocess.run(
        [sys.executable, __file__, "--peak", kind, form, str(size)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"{kind} {form} at {size} ended with {done.returncode}: "
            f"{done.stderr.strip()[-300:]}"
        )
    return int(done.stdout.split()[-1])


def report_peak(kind, form, size):
    limit_threads()
    # The backend and its compiler are loaded by a small case of the same.
    for side in (8, size):
        before = peak_bytes()
        forms, inputs, _ = case(kind, side)
        seconds(forms[form], *inputs)
    print(peak_bytes() - before)


def limit_threads(threads=2):
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="48,64,96,128,160,192")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--limit", default="18GB", help="of literal forms")
    parser.add_argument("--out", type=Path, default=Path("attention"))
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        kind, form, size = args.peak
        report_peak(kind, form, int(size))
        return
    limit_threads()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for kind in KINDS:
        for size in map(int, args.sizes.split(",")):
            # Logits and weights of all pairs are alive together.
            need = 8 * case(kind, size)[2]
            literal = need <= parse_bytes(args.limit)
            row = {
                "attention": kind,
                "size": size,
                "backend": keras.backend.backend(),
                **measure_time(kind, size, args.repeat, literal),
            }
            for form in FORMS if literal else FORMS[1:]:
                row[f"{form}_bytes"] = measured_peak(kind, form, size)
            # Little work fits into what loading the backend has taken.
            if row.get("literal_bytes"):
                row["memory_ratio"] = row["ours_bytes"] / row["literal_bytes"]
            rows.append(row)
            print(describe(row), flush=True)
            write(rows, args.out)


def describe(row):
    """A row of the Markdown table."""

    def figure(name, form):
        return format(row[name], form) if name in row else "-"

    cells = [
        row["attention"],
        f"{row['size']}x{row['size']}",
        figure("literal_s", ".2f"),
        figure("ours_s", ".2f"),
        figure("time_ratio", ".2f"),
        *[
            format(row[f"{form}_bytes"] / 1e9, ".2f")
            if f"{form}_bytes" in row
            else "-"
            for form in FORMS
        ],
        figure("memory_ratio", ".2f"),
        figure("error", ".0e"),
        figure("yardstick_s", ".4f"),
    ]
    return f"| {' | '.join(cells)} |"


def write(rows, out):
    with open(out / "attention.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    head = (
        "| attention | size | literal s | ours s | ratio | literal GB | ours "
        "GB | ratio | error | yardstick s |\n|---|---|---|---|---|---|---|---|"
        "---|---|\n"
    )
    (out / "attention.md").write_text(
        head + "".join(describe(row) + "\n" for row in rows)
    )
    plot(rows, out / "attention.png")


def plot(rows, png):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    for column, kind in enumerate(KINDS):
        for line, (field, unit, label) in enumerate(
            (("s", 1, "seconds"), ("bytes", 1e9, "GB"))
        ):
            axis = axes[line, column]
            for form, style in zip(FORMS, ("o--", "o-"), strict=True):
                name = f"{form}_{field}"
                # Little work fits into what loading the backend has taken.
                found = [
                    (row["size"], row[name] / unit)
                    for row in rows
                    if row["attention"] == kind and row.get(name)
                ]
                if found:
                    axis.plot(*zip(*found, strict=True), style, label=form)
                    axis.set_yscale("log")
                    axis.legend()
            axis.set(title=f"{kind} attention", ylabel=label)
            axis.set_xlabel("side of the map")
            axis.grid(alpha=0.3)
    figure.savefig(png, dpi=100)


if __name__ == "__main__":
    main()
