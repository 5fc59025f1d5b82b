"""Pruning, clustering and quantization by TensorFlow Model Optimization.

tfmot refuses Keras 3 models. A network of plain convolutions can be rebuilt
with tf_keras, layer by layer, with the same pixels; tfmot works on that twin
in a process of its own, as tf_keras and Keras 3 do not share one.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from kerasrestore.export.tflite import write_tflite
from kerasrestore.files import write_atomically
from kerasrestore.inference.tile_choice import pair
from kerasrestore.keras_internals import source_operation
from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.tasks import serialize_task

METHODS = ("prune", "cluster", "quantize")
EXTRA = ("tensorflow_model_optimization", "tf_keras")
# What the constructors of Keras 3 and tf_keras have in common and a network
# needs to give the same pixels.
CONV2D = (
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "dilation_rate",
    "groups",
    "activation",
    "use_bias",
)


def compress(
    restorer,
    out,
    data,
    task,
    *,
    method,
    steps=2000,
    patch_size=64,
    batch_size=16,
    learning_rate=1e-4,
    sparsity=0.5,
    clusters=32,
    tile=384,
    seed=0,
    save_every=200,
):
    """Prunes, clusters or quantizes a restorer with tfmot and fine-tunes it.

    Cut off and called again with the same arguments, it goes on from its
    last checkpoint in `out`.

    Args:
        restorer: a `Restorer` of convolutions, sums, concatenations, ReLU,
            space-to-depth and depth-to-space, in float32; `DANetMobile` for
            example.
        out: folder for what is made.
        data: folder of training images.
        task: the `Task` that makes the training pairs.
        method: `"prune"` (the smallest weights become zero), `"cluster"` (a
            layer's weights share a few values) or `"quantize"` (tfmot's
            quantization-aware training).
        steps: steps of fine-tuning.
        patch_size: side of a patch.
        batch_size: patches a step.
        learning_rate: first rate, which falls to zero by a half cosine.
        sparsity: share of zeros in every kernel, for `"prune"`.
        clusters: values a kernel has, for `"cluster"`.
        tile: side or `(height, width)` of the `.tflite`, for `"quantize"`.
        seed: seed of the patches.
        save_every: steps between checkpoints.

    Returns:
        A restorer of the same class with the new weights, which are also in
        `out/model.weights.h5`; for `"quantize"`, a `LiteRTRestorer` of
        `out/NAME.tflite`, int8 with float32 input and output.

    Raises:
        ValueError: if an argument is out of its range, the network has other
            parts, the packages are missing, or tfmot fails.

    References:
        - Zhu and Gupta, "To prune, or not to prune", 2017.
        - Han et al., "Deep Compression", 2016, for clustering.
        - Jacob et al., "Quantization and Training of Neural Networks for
          Efficient Integer-Arithmetic-Only Inference", 2018.
    """
    if method not in METHODS:
        raise ValueError(
            f"method is one of {', '.join(METHODS)}, got {method!r}."
        )
    if not 0 < sparsity < 1 or clusters < 2 or steps < 1 or save_every < 1:
        raise ValueError(
            "sparsity lies between 0 and 1, clusters are at least 2, steps "
            f"and save_every at least 1, got {sparsity}, {clusters}, {steps} "
            f"and {save_every}."
        )
    missing = [name for name in EXTRA if not importlib.util.find_spec(name)]
    if missing:
        raise ValueError(
            f"The bridge to tfmot needs {' and '.join(missing)}: pip install "
            '"kerasrestore[tfmot]".'
        )
    plan = {
        **describe(restorer),
        "method": method,
        "options": {"sparsity": sparsity, "clusters": clusters},
        "steps": steps,
        "learning_rate": learning_rate,
        "save_every": save_every,
        "channels": restorer.channels,
        "tile": list(pair(tile)),
        "data": str(Path(data).absolute()),
        "task": serialize_task(task),
        "sampler": {
            "patch_size": patch_size,
            "batch_size": batch_size,
            "seed": seed,
        },
    }
    out = Path(out)
    _write_inputs(restorer, plan, out)
    _work(out)
    if method == "quantize":
        path = out / f"{restorer.name}.tflite"
        write_tflite(
            restorer,
            path,
            (out / "converted").read_bytes(),
            to="int8",
            method="quantization_aware",
            tile=tile,
            sigma_range=task.sigma_range,
        )
        return LiteRTRestorer(path, trial=False)
    with np.load(out / "result.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    result = type(restorer).from_config(restorer.get_config())
    for layer in result.layers:
        if layer.weights:
            layer.set_weights(
                [arrays[f"{layer.name}/{n}"] for n in range(len(layer.weights))]
            )
    result.save_weights(out / "model.weights.h5")
    return result


def describe(restorer):
    """A network as a list of plain layers, for tf_keras to rebuild.

    Args:
        restorer: a `Restorer`.

    Returns:
        Dictionary with `"inputs"` (name -> shape), `"nodes"` and the name of
        the `"output"`.

    Raises:
        ValueError: if a part of the network is none of the plain layers, or
            it does not compute in float32.

    Example:
    >>> from kerasrestore import DANetMobile
    >>> plan = describe(DANetMobile(widths=(8, 16)))
    >>> [node["kind"] for node in plan["nodes"][:3]]
    ['Operation', 'Conv2D', 'Conv2D']
    """
    if restorer.compute_dtype != "float32":
        raise ValueError(
            f"The bridge takes float32 networks, {restorer.name} computes in "
            f"{restorer.compute_dtype}; build it without dtype."
        )
    inputs, nodes, names = {}, [], {}

    def source(tensor):
        return names[source_operation(tensor)]

    for index, operation in enumerate(restorer.operations):
        # Keras counts the names of operations up in a process; layers have
        # names of their own.
        plain = not isinstance(operation, keras.Layer)
        names[operation] = f"operation{index}" if plain else operation.name
        if isinstance(operation, keras.layers.InputLayer):
            inputs[operation.name] = list(operation.batch_shape[1:])
            continue
        kind, config = _plain(operation)
        nodes.append(
            {
                "name": names[operation],
                "kind": kind,
                "config": config,
                "inputs": [
                    source(t) for t in keras.tree.flatten(operation.input)
                ],
            }
        )
    (output,) = keras.tree.flatten(restorer.output)
    return {"inputs": inputs, "nodes": nodes, "output": source(output)}


def _plain(operation):
    kind = type(operation).__name__
    if len(operation._inbound_nodes) == 1:
        if kind == "Conv2D":
            config = operation.get_config()
            config = {key: config[key] for key in CONV2D}
            # As JSON has them: tuples are lists there.
            return kind, json.loads(json.dumps(config))
        if kind in ("Add", "ReLU"):
            return kind, {}
        if kind == "Concatenate" and isinstance(operation, keras.Layer):
            return kind, {"axis": operation.axis}
        if kind in ("SpaceToDepth", "DepthToSpace"):
            name = {"SpaceToDepth": "space_to_depth"}.get(
                kind, "depth_to_space"
            )
            return "Operation", {
                "operation": name,
                "argument": operation.block_size,
            }
        if kind == "Reshape" and not isinstance(operation, keras.Layer):
            return "Operation", {
                "operation": "reshape",
                "argument": list(operation.newshape),
            }
        if kind in ("TrueDivide", "Divide"):
            divisor = operation._inbound_nodes[0].arguments.args[1]
            if isinstance(divisor, (int, float)):
                return "Operation", {
                    "operation": "divide",
                    "argument": float(divisor),
                }
    raise ValueError(
        f"The bridge to tfmot takes plain convolution networks, "
        f"{operation.name} is a {kind}; use "
        "kerasrestore.training.quantization.quantize_aware or another network."
    )


def _write_inputs(restorer, plan, out):
    """What the other process reads; a folder of another plan is refused."""
    path = out / "plan.json"
    text = json.dumps(plan, indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ValueError(
            f"{out} holds what other arguments made; use another folder or "
            "the same arguments as before."
        )
    out.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{layer.name}/{number}": array
        for layer in restorer.layers
        for number, array in enumerate(layer.get_weights())
    }
    rng = np.random.default_rng(0)
    side = 8 * restorer.size_multiple
    image = rng.random((2, side, side, restorer.channels), np.float32)
    check = {"image": image}
    if restorer.sigma_input:
        check["sigma"] = np.array([[10.0], [40.0]], np.float32)
    inputs = check if restorer.sigma_input else image
    check["restored"] = keras.ops.convert_to_numpy(
        restorer(inputs, training=False)
    )
    write_atomically(out / "weights.npz", lambda f: np.savez(f, **arrays))
    write_atomically(out / "check.npz", lambda f: np.savez(f, **check))
    write_atomically(path, lambda f: f.write(text.encode()))


def _work(out):
    root = Path(__file__).parents[3]
    environment = {
        **os.environ,
        "TF_USE_LEGACY_KERAS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join(
            [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
    }
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(
            [sys.executable, "-m", "kerasrestore.export.tfmot.worker", out],
            env=environment,
            stderr=errors,
            check=False,
        )
        errors.seek(0)
        told = errors.read().decode(errors="replace").strip()
    if done.returncode:
        last = told.splitlines()[-1] if told else f"exit {done.returncode}"
        raise ValueError(f"tfmot failed on the network in {out}: {last}")
