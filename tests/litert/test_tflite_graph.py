import numpy as np
import pytest
import tensorflow as tf
from tflite_files import convert

from kerasrestore.litert.sidecar import read_sidecar
from kerasrestore.litert.tflite_graph import TFLiteGraph
from kerasrestore.models.presets import presets

IMAGE = (1, 20, 24, 6)


def weights(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    ("function", "shapes", "macs"),
    [
        (
            lambda x: tf.nn.conv2d(x, weights(3, 5, 6, 8), 2, "SAME"),
            [IMAGE],
            {"CONV_2D": 10 * 12 * 8 * 3 * 5 * 6},
        ),
        (
            lambda x: tf.nn.conv2d(x, weights(3, 3, 2, 9), 1, "VALID"),
            [IMAGE],
            {"CONV_2D": 18 * 22 * 9 * 3 * 3 * 2},
        ),
        (
            lambda x: tf.nn.depthwise_conv2d(
                x, weights(3, 5, 6, 2), (1, 1, 1, 1), "SAME"
            ),
            [IMAGE],
            {"DEPTHWISE_CONV_2D": 20 * 24 * 12 * 3 * 5},
        ),
        (
            lambda x: tf.nn.conv2d_transpose(
                x, weights(3, 3, 4, 6), (1, 40, 48, 4), 2
            ),
            [IMAGE],
            {"TRANSPOSE_CONV": 20 * 24 * 6 * 4 * 3 * 3},
        ),
        (
            lambda x: tf.matmul(x, weights(7, 11)),
            [(5, 7)],
            {"FULLY_CONNECTED": 5 * 7 * 11},
        ),
        (
            tf.matmul,
            [(2, 5, 7), (2, 7, 3)],
            {"BATCH_MATMUL": 2 * 5 * 7 * 3},
        ),
        (
            lambda a, b: tf.matmul(a, b, transpose_a=True),
            [(2, 7, 5), (2, 7, 3)],
            {"BATCH_MATMUL": 2 * 5 * 7 * 3},
        ),
        (lambda x: tf.nn.relu(x) + 1, [IMAGE], {}),
    ],
)
def test_macs(tmp_path, function, shapes, macs):
    graph = TFLiteGraph(convert(function, tmp_path / "a.tflite", *shapes))
    assert graph.macs() == (macs, [])
    assert set(macs) <= set(graph.op_counts())


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_macs_are_those_of_the_sidecar(preset):
    path = preset.tflite()
    sidecar = read_sidecar(path)
    counted = sum(TFLiteGraph(path).macs()[0].values())
    if sidecar["receptive_field"]:
        assert counted == sidecar["macs"]
    else:
        # Pyramid attention computes rims of four pixels that it throws away.
        side = sidecar["tile"][0]
        assert 1 < counted / sidecar["macs"] < (1 + 4 / side) ** 4


def looped(start, limit, step):
    kernel = weights(3, 3, 6, 6)

    def function(image):
        def more(count, _):
            return count < limit

        def body(count, x):
            return count + step, tf.nn.conv2d(x, kernel, 1, "SAME")

        return tf.while_loop(more, body, (tf.constant(start), image))[1]

    return function


@pytest.mark.parametrize(
    ("loop", "trips"), [((0, 7, 1), 7), ((2, 9, 3), 3), ((5, 5, 1), 0)]
)
def test_a_loop_that_counts_is_multiplied_out(tmp_path, loop, trips):
    graph = TFLiteGraph(convert(looped(*loop), tmp_path / "a.tflite", IMAGE))
    assert sorted(graph.runs()) == sorted([1, trips, trips + 1])
    by_op, unknown = graph.macs()
    assert sum(by_op.values()) == trips * 20 * 24 * 6 * 6 * 9
    assert unknown == []


def test_a_loop_of_unknown_length_is_told(tmp_path):
    kernel = weights(3, 3, 6, 6)

    def function(image):
        def more(x):
            return tf.reduce_max(x) < 100.0

        def body(x):
            return (tf.nn.conv2d(x, kernel, 1, "SAME"),)

        return tf.while_loop(more, body, (image,))[0]

    graph = TFLiteGraph(convert(function, tmp_path / "a.tflite", IMAGE))
    assert graph.macs() == ({}, ["CONV_2D"])
    assert graph.runs()[0] == 1 and graph.runs().count(None) == 2


def test_open_sizes_are_told(tmp_path):
    kernel = weights(3, 3, 6, 6)
    graph = TFLiteGraph(
        convert(
            lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"),
            tmp_path / "a.tflite",
            (1, None, None, 6),
        )
    )
    assert graph.macs() == ({}, ["CONV_2D"])
    assert graph.main.tensors[graph.main.inputs[0]].shape == (1, -1, -1, 6)


def test_what_is_no_model_is_refused(tmp_path):
    path = tmp_path / "a.tflite"
    path.write_bytes(b"no such thing")
    with pytest.raises(ValueError, match=r"is not a \.tflite"):
        TFLiteGraph(path)


def test_operations_are_counted_in_loops_too(tmp_path):
    path = convert(looped(0, 7, 1), tmp_path / "a.tflite", IMAGE)
    counts = TFLiteGraph(path).op_counts()
    assert counts["CONV_2D"] == 1 and counts["WHILE"] == 1
    assert list(counts) == sorted(counts)
