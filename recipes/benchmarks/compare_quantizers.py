"""Compares ways to 8 and 16 bits: this package's, the TFLite converter's own
and ai-edge-quantizer's.

python recipes/benchmarks/compare_quantizers.py --data BSD400 --benchmark CBSD68

prints a Markdown table: what each way loses against float32, in decibels as
the mean and for the worst image, its size and its operations. Needs
ai-edge-quantizer: pip install "ai-edge-quantizer>=0.10".
"""

import argparse
import collections
import tempfile
import time
from pathlib import Path

import numpy as np

SIGMAS = (15, 25, 50)


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--preset", default="danet_mobile_denoise_color_blind_bsd400")
    add("--data", type=Path, required=True, help="folder of training images")
    add("--benchmark", type=Path, required=True, help="folder of images")
    add("--images", type=int, default=10, help="how many of them")
    add("--tile", type=int, default=320, help="centre that is measured")
    add("--calibration", type=int, default=32, help="tiles of calibration")
    add("--runs", type=int, default=0, help="timed runs, 0 for none")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse(argv)
    from kerasrestore.export.calibration import CalibrationSet
    from kerasrestore.export.inference_graph import inference_graph
    from kerasrestore.models import Restorer

    model = Restorer.from_preset(args.preset)
    tile = (args.tile, args.tile)
    tiles = CalibrationSet(args.data, count=args.calibration)
    inputs = [image for image, _ in tiles.tiles(model, tile)]
    concrete = inference_graph(model, tile)
    files = {
        **ours(model, tile, tiles),
        **converter(concrete, inputs),
        **quantizer(model, tile, inputs),
    }
    pairs = benchmark(args, model.channels)
    whole = scores(files["float32"], pairs)
    times = timings(files, inputs[0], args.runs)
    print("| way | kB | 15 | 25 | 50 | float / integer operations | ms |")
    print("|---|---|---|---|---|---|---|")
    for name, content in files.items():
        found = scores(content, pairs)
        lost = [
            f"{np.mean(a - b):.3f} ({np.max(a - b):.3f})"
            for a, b in zip(whole, found, strict=True)
        ]
        floats, integers = operations(content)
        print(
            f"| {name} | {len(content) // 1000} | {' | '.join(lost)} | "
            f"{floats} / {integers} | {times.get(name, '')} |",
            flush=True,
        )


def ours(model, tile, tiles):
    from kerasrestore.export.tflite import KINDS, export_tflite

    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / f"{kind}.tflite"
            options = {"calibration": tiles} if "int" in kind else {}
            export_tflite(model, path, to=kind, tile=tile, **options)
            name = kind if kind == "float32" else f"kerasrestore {kind}"
            files[name] = path.read_bytes()
    return files


def converter(concrete, inputs):
    """The converter's own calibration: the widest range of every feature."""
    import tensorflow as tf

    module = tf.Module()
    module.serve = tf.function(
        lambda image: {"restored": concrete(image)},
        input_signature=[
            tf.TensorSpec(concrete.inputs[0].shape, tf.float32, "image")
        ],
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            module, folder, signatures={"serving_default": module.serve}
        )
        made = tf.lite.TFLiteConverter.from_saved_model(folder)
        made.optimizations = [tf.lite.Optimize.DEFAULT]
        made.representative_dataset = lambda: (
            {"image": image} for image in inputs
        )
        return {"converter int8": made.convert()}


def quantizer(model, tile, inputs):
    from ai_edge_quantizer import calibrator, qtyping
    from ai_edge_quantizer import quantizer as quantizers
    from ai_edge_quantizer.recipe_manager import RecipeManager
    from ai_edge_quantizer.utils import qsv_utils

    from kerasrestore.export.tflite import export_tflite

    every = qtyping.TFLOperationName.ALL_SUPPORTED
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float32.tflite"
        export_tflite(model, path, tile=tile)
        recipes = {"int8": RecipeManager(), "dynamic": RecipeManager()}
        recipes["int8"].add_static_config(
            ".*", every, activation_num_bits=8, weight_num_bits=8
        )
        # Floats in, floats out: as the files that it is compared with.
        for border in ("INPUT", "OUTPUT"):
            recipes["int8"].add_quantization_config(
                ".*",
                qtyping.TFLOperationName(border),
                algorithm_key="no_quantize",
            )
        recipes["dynamic"].add_dynamic_config(".*", every, num_bits=8)
        for kind, recipe in recipes.items():
            made = quantizers.Quantizer(
                str(path), recipe.get_quantization_recipe()
            )
            ranges = None
            if kind == "int8":
                measured = calibrator.Calibrator(
                    str(path), qsv_update_func=qsv_utils.min_max_update
                )
                data = {"serving_default": [{"image": x} for x in inputs]}
                measured.calibrate(data, recipe)
                ranges = measured.get_model_qsvs()
            files[f"ai-edge-quantizer {kind}"] = bytes(
                made.quantize(ranges).quantized_model
            )
    return files


def benchmark(args, channels):
    """Clean centres and their noisy versions, by noise level."""
    from kerasrestore.data.images import list_images
    from kerasrestore.tasks import Denoise

    pairs = []
    for sigma in SIGMAS:
        task = Denoise(sigma)
        rows = []
        for index, path in enumerate(list_images(args.benchmark)):
            if index == args.images:
                break
            clean = task.load_clean(path, channels)[: args.tile, : args.tile]
            if clean.shape[:2] == (args.tile, args.tile):
                rows.append((clean, task.degrade_benchmark(clean, index)))
        pairs.append((task, rows))
    return pairs


def scores(content, pairs):
    run = runner(content)
    return [
        np.array(
            [
                task.score(run(noisy[None])[0], clean)["psnr"]
                for clean, noisy in rows
            ]
        )
        for task, rows in pairs
    ]


def runner(content, threads=2):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=threads)
    interpreter.allocate_tensors()
    signature = interpreter.get_signature_runner()
    # The runner keeps a weak hold of the interpreter only.
    return lambda image, held=interpreter: next(
        iter(signature(image=image).values())
    )


def operations(content):
    """How many operations give floats and how many give integers."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    types = {t["index"]: t["dtype"] for t in interpreter.get_tensor_details()}
    counts = collections.Counter(
        types[op["outputs"][0]] is np.float32
        for op in interpreter._get_ops_details()
    )
    return counts[True], counts[False]


def timings(files, image, runs):
    """Medians in milliseconds, taken in turn."""
    if not runs:
        return {}
    run = {name: runner(content) for name, content in files.items()}
    taken = {name: [] for name in files}
    for _ in range(runs + 1):
        for name, one in run.items():
            start = time.perf_counter()
            one(image)
            taken[name].append(time.perf_counter() - start)
    return {k: f"{1e3 * np.median(v[1:]):.1f}" for k, v in taken.items()}


if __name__ == "__main__":
    main()
