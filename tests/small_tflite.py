"""A small `.tflite` of every kind, with its sidecar, made without the exporter:
with what it never makes too."""

import hashlib
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from kerasrestore import LiteRTRestorer

TILE = (24, 16)
FEATURES = 8
# Options of a model of bytes.
BYTES = {"quantization": "int8", "io": "uint8"}


def write_small(
    path,
    quantization="float32",
    *,
    io="float32",
    channels=3,
    scale=1,
    sigma_input=False,
    dynamic=False,
    names=("image", "restored"),
    byte_range=(0.0, 1.0),
):
    """Writes a model and its sidecar.

    The network folds 2x2 pixels, convolves twice by 3x3, unfolds and adds
    the image, enlarged by repetition: its receptive field is 10 rounded up
    to 12.

    Args:
        path: the `.tflite`.
        quantization: float32, float16, dynamic or int8.
        io: float32 or uint8.
        channels: channels of image and restored.
        scale: enlargement.
        sigma_input: whether there is an input `sigma`.
        dynamic: whether height and width are free.
        names: of the image and the output in the signature.
        byte_range: what bytes stand for, where `io` is uint8.

    Returns:
        The path.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)

    def kernel(into, out):
        return tf.constant(rng.normal(0, 0.1, (3, 3, into, out)), tf.float32)

    first = kernel(4 * channels, FEATURES)
    last = kernel(FEATURES, 4 * channels * scale**2)
    low, high = byte_range

    def ranged(x):
        # Gives the converter the range of the bytes.
        if io == "float32":
            return x
        return tf.quantization.fake_quant_with_min_max_args(x, low, high)

    def network(image, sigma=None):
        image = ranged(image)
        x = tf.nn.space_to_depth(image, 2)
        x = tf.nn.relu(tf.nn.conv2d(x, first, 1, "SAME"))
        if sigma is not None:
            x = x * tf.reshape(sigma / 255, (1, 1, 1, 1))
        x = tf.nn.conv2d(x, last, 1, "SAME")
        x = tf.nn.depth_to_space(x, 2 * scale)
        if scale > 1:
            sides = scale * tf.shape(image)[1:3]
            image = tf.image.resize(image, sides, "nearest")
        x = x + image
        return {names[1]: ranged(x)}

    sides = (None, None) if dynamic else TILE
    specs = {
        names[0]: tf.TensorSpec((1, *sides, channels), tf.float32, names[0])
    }
    if sigma_input:
        specs["sigma"] = tf.TensorSpec((1,), tf.float32, "sigma")
    module = tf.Module()
    module.serve = tf.function(
        lambda **inputs: network(inputs[names[0]], inputs.get("sigma")),
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            module, folder, module.serve.get_concrete_function(**specs)
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        _quantize(converter, quantization, io, specs)
        with warnings.catch_warnings():
            # TensorFlow calibrates with its own, deprecated interpreter.
            warnings.simplefilter("ignore", UserWarning)
            content = converter.convert()
    path = Path(path)
    path.write_bytes(content)
    write_sidecar(
        path,
        channels=channels,
        color_order="RGB" if channels == 3 else "gray",
        task="denoise" if scale == 1 else "super_resolution",
        scale=scale,
        quantization=quantization,
        quantization_method=(
            "none" if quantization == "float32" else "post_training"
        ),
        sigma_input=sigma_input,
        io={
            "image": io,
            "restored": io,
            **({"sigma": "float32"} if sigma_input else {}),
        },
        **({"dynamic": True} if dynamic else {}),
    )
    return path


def _quantize(converter, quantization, io, specs):
    import tensorflow as tf

    if quantization == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization != "int8":
        return

    def samples():
        rng = np.random.default_rng(1)
        for _ in range(8):
            yield {
                key: rng.random([side or 16 for side in spec.shape], np.float32)
                * (55 if key == "sigma" else 1)
                for key, spec in specs.items()
            }

    converter.representative_dataset = samples
    if io == "uint8":
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8


def write_sidecar(tflite, **changes):
    """Writes a valid sidecar for a small model, but for what is changed."""
    sidecar = {
        "format": 1,
        "name": "small",
        "task": "denoise",
        "channels": 3,
        "color_order": "RGB",
        "scale": 1,
        "value_range": [0.0, 1.0],
        "size_multiple": 2,
        "receptive_field": 12,
        "halo": 6,
        "tile": list(TILE),
        "sigma_input": False,
        "sigma_range": [0, 55],
        "quantization": "float32",
        "quantization_method": "none",
        "io": {"image": "float32", "restored": "float32"},
        "macs": 10**5,
        "memory_bytes": 10**6,
        "op_counts": {},
        "sha256": hashlib.sha256(Path(tflite).read_bytes()).hexdigest(),
        "license": "",
        "quality": {},
        "versions": {},
        **changes,
    }
    Path(tflite).with_suffix(".json").write_text(json.dumps(sidecar))


def change(path, **changes):
    """Changes fields of a model's sidecar."""
    side = path.with_suffix(".json")
    value = {**json.loads(side.read_text()), **changes}
    side.write_text(json.dumps(value))


def refusal(path, **options):
    """What `LiteRTRestorer` says of a small model that it refuses."""
    with pytest.raises(ValueError, match=r"small\.(tflite|json)") as error:
        LiteRTRestorer(path, **options)
    assert str(error.value).isprintable()
    return str(error.value)
