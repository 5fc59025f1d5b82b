"""Whole images through the published systems: time, peak memory, error.

python recipes/benchmarks/models.py --size 321x481 --out models

Each network (random weights of the size that trained ones have) restores one
image in one piece, without tiles, in a fresh process; the peak of that
process, the forecast and the time are printed. Then a crop, on which the
dense forms still fit, is compared with the same network in float64 with its
attention written out literally: patches and windows cut out, all pairs at
once. Runs under TensorFlow. Exits with 1 where an error is over 1e-4.

python recipes/benchmarks/models.py --train

takes one training step each (96x96 patches, batch 16) in a fresh process.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from attention import literal_pyramid_attention
from keras import ops

import kerasrestore
from kerasrestore.inference.memory import peak_bytes

MODELS = {
    "RNAN 8+2": kerasrestore.RNAN,
    "RNAN 8+2 released": lambda **o: kerasrestore.RNAN(released=True, **o),
    "PANet-S": lambda **o: kerasrestore.PANet(num_blocks=8, **o),
    "NLRN q=45 T=12": kerasrestore.NLRN,
}
TRAINED = {
    "RNAN 1+1": lambda: kerasrestore.RNAN(local_blocks=1, nonlocal_blocks=1),
    "PANet-S": lambda: kerasrestore.PANet(num_blocks=8),
}
MOST_ERROR = 1e-4


def build(name, dtype=None):
    """A model with random weights that keep its features near one.

    Untrained residual networks let features grow from block to block; the
    softmax of their products is then so sharp that float32 itself, dense or
    not, is off by parts in a thousand.
    """
    keras.utils.set_random_seed(0)
    model = MODELS[name](dtype=dtype)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        if len(variable.shape) == 4:
            compared = any(part in variable.path for part in ("theta", "phi"))
            fan_in = np.prod(variable.shape[:-1])
            std = (0.05 if compared else 0.5) * fan_in**-0.5
            drawn = rng.normal(0, std, variable.shape)
            variable.assign(drawn.astype("float32"))
    return model


def photo(height, width, channels):
    """A smooth image with noise, in [0, 1]."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    image = (
        0.5 + 0.3 * np.sin(x / 23 + y / 31) + 0.1 * ((x // 40 + y // 30) % 2)
    )
    image = np.repeat(image[..., None], channels, axis=-1)
    return (image + rng.normal(0, 0.1, image.shape)).astype("float32")


def measure(name, height, width):
    """Time and peak of one whole image."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(2)
    model = build(name)
    image = photo(height, width, model.channels)
    begun = time.perf_counter()
    restored = model.restore(image, tile=None)
    return {
        "model": name,
        "seconds": time.perf_counter() - begun,
        "peak_bytes": peak_bytes(),
        "forecast_bytes": model.memory_forecast(height, width),
        "finite": bool(np.isfinite(restored).all()),
    }


def measure_training(name, patch, batch):
    """Time and peak of one training step, compiled before."""
    model = TRAINED[name]()
    model.compile(keras.optimizers.Adam(1e-4), "mae", jit_compile=False)
    clean = np.stack([photo(patch, patch, 3)] * batch)
    noise = np.random.default_rng(1).normal(0, 0.1, clean.shape)
    begun = time.perf_counter()
    loss = model.train_on_batch((clean + noise).astype("float32"), clean)
    return {
        "model": name,
        "seconds": time.perf_counter() - begun,
        "peak_bytes": peak_bytes(),
        "finite": bool(np.isfinite(loss)),
    }


def dense_attention(query, key, value, scale=1.0, normalize="keys", **_):
    """All pairs at once."""
    logits = scale * ops.matmul(query, ops.transpose(key, (0, 2, 1)))
    weight = ops.softmax(logits, axis=-1 if normalize == "keys" else 1)
    return ops.matmul(weight, value)


def literal_window_attention(query, key, value, window, padding, **_):
    """Every window cut out of a map that goes on periodically."""
    assert padding == "circular"
    query, key, value = (
        np.concatenate([np.asarray(x) for x in maps], axis=-1)
        if isinstance(maps, (list, tuple))
        else np.asarray(maps)
        for maps in (query, key, value)
    )
    rim = window // 2
    around = ((rim, rim), (rim, rim), (0, 0))
    key, value = (np.pad(x[0], around, mode="wrap") for x in (key, value))
    output = np.zeros((*query.shape[:3], value.shape[-1]))
    for i, j in np.ndindex(*query.shape[1:3]):
        seen = (slice(i, i + window), slice(j, j + window))
        logits = key[seen].reshape(window**2, -1) @ query[0, i, j]
        weight = np.exp(logits - logits.max())
        values = value[seen].reshape(window**2, -1)
        output[0, i, j] = weight / weight.sum() @ values
    return ops.convert_to_tensor(output)


def error(name, side):
    """Largest difference to float64, relative to the largest output."""
    model, exact = build(name), build(name, "float64")
    exact.set_weights(model.get_weights())
    low, high = model.value_range
    image = photo(side, side, model.channels)[None] * (high - low) + low
    found = np.asarray(model(image))
    layers = "kerasrestore.layers"
    with (
        mock.patch(
            f"{layers}.pyramid_attention.pyramid_attention",
            literal_pyramid_attention,
        ),
        mock.patch(
            f"{layers}.non_local_block.softmax_attention", dense_attention
        ),
        mock.patch(
            f"{layers}.recurrent_non_local_block.window_attention",
            literal_window_attention,
        ),
    ):
        wanted = np.asarray(exact(image.astype("float64")))
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def in_a_process(name, words):
    done = subprocess.run(
        [sys.executable, __file__, *words, "--one", name],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="321x481", help="HEIGHTxWIDTH")
    parser.add_argument("--crop", type=int, default=64, help="0 for none")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--out", type=Path, default=Path("models"))
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--patch", type=int, default=96, help="of --train")
    parser.add_argument("--batch", type=int, default=16, help="of --train")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    height, width = (int(side) for side in args.size.split("x"))
    if args.one:
        row = (
            measure_training(args.one, args.patch, args.batch)
            if args.train
            else measure(args.one, height, width)
        )
        print(json.dumps(row))
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    names = list(TRAINED) if args.train else args.models.split(",")
    rows = []
    for name in names:
        row = in_a_process(name, sys.argv[1:])
        line = f"{row['seconds']:.0f} s, peak {row['peak_bytes'] / 1e9:.2f} GB"
        if not args.train:
            line += f", forecast {row['forecast_bytes'] / 1e9:.2f}"
            if args.crop:
                row["error"] = error(name, args.crop)
                line += f", error on a crop {row['error']:.1e}"
        rows.append(row)
        print(f"{name}: {line}", flush=True)
        file = "training.json" if args.train else "models.json"
        (args.out / file).write_text(json.dumps(rows, indent=1))
    bad = [row for row in rows if row.get("error", 0) > MOST_ERROR]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
