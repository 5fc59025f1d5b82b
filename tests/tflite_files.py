"""Small `.tflite` files for tests of what reads them."""

import hashlib
import json

import numpy as np

from kerasrestore.litert.sidecar import sidecar_path
from kerasrestore.models.presets import default_preset, get_preset

TILE, HALO = 32, 4


def convert(function, path, *shapes, **options):
    """Converts a function of float32 tensors.

    Args:
        function: gives one tensor.
        path: file to write.
        shapes: shapes of its arguments, which are called `image`, `b`, `c`.
        options: attributes of the converter.

    Returns:
        The path.
    """
    import tensorflow as tf

    names = ("image", "b", "c")[: len(shapes)]
    module = tf.Module()
    module.serve = tf.function(
        lambda *inputs: {"restored": function(*inputs)},
        input_signature=[
            tf.TensorSpec(shape, tf.float32, name)
            for shape, name in zip(shapes, names, strict=True)
        ],
    )
    folder = path.with_suffix(".saved")
    tf.saved_model.save(module, str(folder), {"serving_default": module.serve})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    for name, value in options.items():
        setattr(converter, name, value)
    path.write_bytes(converter.convert())
    return path


def graph_operations(path):
    """Operations of a file, as LiteRT runs them without a delegate.

    Args:
        path: `.tflite` file.

    Returns:
        List of `(name, inputs, outputs)`, the tensors as LiteRT's details.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )
    # Operations may have optional and temporary tensors, without details.
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    return [
        (
            op["op_name"],
            [tensors[i] for i in op["inputs"] if i in tensors],
            [tensors[i] for i in op["outputs"] if i in tensors],
        )
        for op in interpreter._get_ops_details()
    ]


def write_sidecar(path, **changes):
    """Gives a file a sidecar: that of a preset, with changes."""
    preset = get_preset(default_preset())
    sidecar = json.loads(sidecar_path(preset.tflite()).read_text())
    sidecar.pop("self_test")  # another network answers otherwise
    sidecar |= {
        "name": path.stem,
        "quantization": "float32",
        "tile": [TILE, TILE],
        "halo": HALO,
        "receptive_field": 2 * HALO + 1,
        "size_multiple": 1,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **changes,
    }
    sidecar_path(path).write_text(json.dumps(sidecar))
    return path


def blur(path, error=0.0, **changes):
    """A denoiser that takes the mean of 3x3 pixels, and adds an error to
    the first channel; with its sidecar."""
    kernel = np.zeros((3, 3, 3, 3), "float32")
    kernel[..., range(3), range(3)] = 1 / 9
    shift = np.array([error, 0, 0], "float32")

    def function(image):
        import tensorflow as tf

        return tf.nn.conv2d(image, kernel, 1, "SAME") + shift

    convert(function, path, (1, TILE, TILE, 3))
    return write_sidecar(path, macs=TILE**2 * 81, **changes)
