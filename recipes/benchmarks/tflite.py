"""The student in int8 beside itself in float32 and a DnCNN-shaped network.

python recipes/benchmarks/tflite.py --out tflite

All three run through LiteRT on two threads and images of the student's tile,
in turns, beside the yardstick of `kerasrestore report`. The network has
DnCNN's shape (17 layers of 3x3 convolutions, 64 channels, 0.56 M parameters)
with random weights, float32, and is built and converted here. Writes
tflite.json and tflite.md: medians and how many times the int8 student is as
fast as each.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kerasrestore.export.export_preset import export_preset
from kerasrestore.litert.tflite_graph import TFLiteGraph
from kerasrestore.models.presets import default_preset, find_preset
from kerasrestore.phone.benchmark import (
    YARDSTICK_CHANNELS,
    YARDSTICK_SIDE,
    measure_latency,
)
from kerasrestore.phone.machine import machine

LAYERS, CHANNELS = 17, 64


def build_dncnn(height, width, channels):
    """DnCNN's convolutions; batch norm is part of them once trained."""
    import keras
    from keras import layers

    image = keras.Input((height, width, channels), batch_size=1)
    x = image
    for _ in range(LAYERS - 1):
        x = layers.Conv2D(CHANNELS, 3, padding="same", activation="relu")(x)
    noise = layers.Conv2D(channels, 3, padding="same")(x)
    return keras.Model(image, layers.Subtract()([image, noise]))


def convert(model, path):
    import keras

    # Without a signature the batch would be open.
    shape = keras.InputSpec(shape=model.input.shape, dtype="float32")
    model.export(path, format="litert", input_signature=[shape], verbose=False)


def image_shape(path):
    """Height, width and channels of a file's image."""
    graph = TFLiteGraph(path)
    _, *shape = next(
        graph.main.tensors[index].shape
        for index in graph.main.inputs
        if len(graph.main.tensors[index].shape) == 4
    )
    return shape


def table(rows):
    """The rows as Markdown."""
    head = "file|M MACs|median ms|90 % ms|fastest ms|int8 is faster by"
    lines = [f"|{head}|", "|---" * 6 + "|"]
    lines += [
        f"|{row['file']}|{row['macs'] / 1e6:.0f}|{row['median_s'] * 1e3:.2f}"
        f"|{row['p90_s'] * 1e3:.2f}|{row['min_s'] * 1e3:.2f}"
        f"|{row['median_s'] / rows[0]['median_s']:.2f}|"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", help="the default one unless given")
    parser.add_argument("--int8", type=Path, help="file instead of a preset's")
    parser.add_argument("--float32", type=Path, help="likewise")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("tflite"))
    args = parser.parse_args(argv)
    preset = find_preset(args.preset or default_preset())
    integer = args.int8 or preset.tflite("int8")
    shape = image_shape(integer)
    with tempfile.TemporaryDirectory() as folder:
        student = args.float32
        if student is None:
            student = Path(folder) / "float32.tflite"
            export_preset(preset.path, student, tile=tuple(shape[:2]))
        if image_shape(student) != shape:
            raise ValueError(
                f"{student} takes {image_shape(student)}, {integer} {shape}; "
                "export both for one size."
            )
        dncnn = Path(folder) / "dncnn.tflite"
        model = build_dncnn(*shape)
        convert(model, dncnn)
        files = {
            "student, int8": integer,
            "student, float32": student,
            f"DnCNN, {model.count_params() / 1e6:.2f} M, float32": dncnn,
        }
        timings = measure_latency(
            files.values(),
            (args.threads,),
            args.runs,
            progress=lambda done, total: print(
                f"\r{done}/{total}", end="", file=sys.stderr, flush=True
            ),
        )
        macs = [
            sum(TFLiteGraph(file).macs()[0].values()) for file in files.values()
        ]
    print(file=sys.stderr)
    names = (*files, "yardstick")
    macs.append(YARDSTICK_SIDE**2 * 9 * YARDSTICK_CHANNELS**2)
    rows = [
        {"file": name, "macs": count, **timing.summary()}
        for name, count, timing in zip(names, macs, timings, strict=True)
    ]
    report = {
        "size": shape,
        "threads": args.threads,
        "machine": machine(),
        "rows": rows,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "tflite.json").write_text(json.dumps(report, indent=1))
    (args.out / "tflite.md").write_text(table(rows))
    print(table(rows), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
