"""What is exported computes with the ranges of the training."""

import collections

import numpy as np
import pytest
from testing import enliven
from tflite_files import graph_operations
from training.quantization.small_quantized import (
    TILE,
    batches,
    of_kind,
    small,
)

from kerasrestore import LiteRTRestorer
from kerasrestore.export.tflite import export_tflite
from kerasrestore.models import PANet
from kerasrestore.training.quantization.fake_quantize import FakeQuantize
from kerasrestore.training.quantization.quantize_aware import quantize_aware
from kerasrestore.training.quantization.quantized_conv2d import QuantizedConv2D


def integer_network(model, path, tile=TILE):
    """The exported file, and its operations as (name, types of inputs and
    outputs, scales of the last input)."""
    export_tflite(model, path, to="int8", tile=tile)
    operations = []
    for name, read, made in graph_operations(path):
        types = tuple(np.dtype(t["dtype"]).name for t in (*read, *made))
        scales = (
            read[1]["quantization_parameters"]["scales"] if read[1:] else ()
        )
        operations.append((name, types, scales))
    return LiteRTRestorer(path), operations


@pytest.mark.parametrize("sigma_input", [False, True])
def test_int8_file_has_the_ranges_of_training(sigma_input, tmp_path):
    sigma = np.full((2, 1), 20, "float32")
    images = batches(4)
    inputs = [
        {"image": image, "sigma": sigma} if sigma_input else image
        for image in images
    ]
    restorer = small(sigma_input=sigma_input)
    model = quantize_aware(restorer, inputs)
    # Ranges that only this model has.
    ranges = of_kind(model, FakeQuantize)
    for index, layer in enumerate(ranges):
        layer.stretch.assign(0.002 * index)
    exported, operations = integer_network(model, tmp_path / "model.tflite")

    names = collections.Counter(name for name, _, _ in operations)
    convs = [
        op for op in operations if op[0] == "CONV_2D" and op[1][0] != "float32"
    ]
    assert len(convs) == len(of_kind(model, QuantizedConv2D))
    for _, types, scales in convs:
        assert types == ("int8", "int8", "int32", "int8")
        assert len(scales) >= 8 and len(set(scales)) > 1
    # Once in and once out again.
    assert names["QUANTIZE"] == 1 and names["DEQUANTIZE"] == 1

    low, high = map(float, ranges[-1].range)
    step = (high - low) / 255
    options = 20.0 if sigma_input else None
    given = exported.restore_tile(images[0][:1], options)
    wanted = model.restore_tile(images[0][:1], options)
    # Of one arithmetic, up to sums that lie between two steps, of which the
    # float convolution at the end reads several.
    difference = np.abs(given - wanted) / step
    assert difference.mean() < 0.5 and np.quantile(difference, 0.99) < 2


@pytest.mark.filterwarnings("ignore:.*of unknown size:UserWarning")
def test_int8_file_with_attention(tmp_path):
    restorer = enliven(PANet(channels=1, num_blocks=2, features=8))
    model = quantize_aware(restorer, batches(size=24, channels=1))
    exported, operations = integer_network(model, tmp_path / "model.tflite", 24)
    kinds = collections.Counter(
        types[1] for name, types, _ in operations if name == "CONV_2D"
    )
    assert kinds["int8"] == len(of_kind(model, QuantizedConv2D))
    assert kinds["float32"] > 0
    image = batches(size=24, channels=1)[0][:1]
    wanted = model.restore_tile(image, None)
    error = np.abs(exported.restore_tile(image, None) - wanted)
    assert error.mean() < 0.01 * np.ptp(wanted)
