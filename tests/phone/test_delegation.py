import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tflite_files import convert

from kerasrestore.litert.tflite_graph import TFLiteGraph
from kerasrestore.phone import delegation
from kerasrestore.phone.advice import arithmetic
from kerasrestore.phone.delegation import delegated_operations
from kerasrestore.phone.graph_facts import graph_facts

IMAGE = (1, 16, 16, 4)
KERNEL = np.random.default_rng(0).normal(size=(3, 3, 4, 4)).astype("float32")


def conv(x):
    return tf.nn.conv2d(x, KERNEL, 1, "SAME")


def left(function, path, **options):
    """Names of what is left to LiteRT in each subgraph, and the pieces."""
    graph = TFLiteGraph(convert(function, path, IMAGE, **options))
    taken, parts = delegated_operations(path, graph)
    names = [
        [
            operation.name
            for number, operation in enumerate(subgraph.operations)
            if number not in inside
        ]
        for subgraph, inside in zip(graph.subgraphs, taken, strict=True)
    ]
    return names, parts, graph


def test_all_is_taken(tmp_path):
    names, parts, graph = left(
        lambda x: tf.nn.relu(conv(x)) + x, tmp_path / "a.tflite"
    )
    assert (names, parts) == ([[]], [1])
    assert graph.op_counts()["CONV_2D"] == 1


def test_what_cuts_the_graph_in_two(tmp_path):
    names, parts, _ = left(
        lambda x: conv(tf.cumsum(conv(x), axis=1)), tmp_path / "a.tflite"
    )
    assert (names, parts) == ([["CUMSUM"]], [2])


def test_what_is_taken_around_another_way(tmp_path):
    # The delegate's second piece reads what went past the sum.
    names, parts, _ = left(
        lambda x: (y := conv(x)) + conv(tf.cumsum(y, axis=1)),
        tmp_path / "a.tflite",
    )
    assert (names, parts) == ([["CUMSUM"]], [2])


def test_weights_in_half_precision_are_widened_inside(tmp_path):
    names, parts, graph = left(
        lambda x: conv(conv(x)),
        tmp_path / "a.tflite",
        optimizations=[tf.lite.Optimize.DEFAULT],
        target_spec=tf.lite.TargetSpec(supported_types=[tf.float16]),
    )
    assert graph.op_counts()["DEQUANTIZE"] >= 1
    assert arithmetic(graph) == {"FLOAT32 x FLOAT16": 2}
    assert (names, parts) == ([[]], [1])


def looped(image):
    def body(count, x):
        return count + 1, conv(tf.cumsum(conv(x), axis=1))

    return tf.while_loop(
        lambda count, _: count < 5, body, (tf.constant(0), image)
    )[1]


def test_inside_a_loop(tmp_path):
    names, parts, graph = left(looped, tmp_path / "a.tflite")
    called = graph.main.operations[-1].subgraphs
    assert "WHILE" in names[0]
    assert sorted(names[called["body"]]) == ["ADD", "CUMSUM"]
    assert parts[called["body"]] == 2


def test_a_body_that_cannot_be_asked_alone(tmp_path, monkeypatch):
    class Unable:
        """LiteRT, but for what is given as content."""

        def __new__(cls, **options):
            return (
                Interpreter(**options)
                if "model_path" in options
                else super().__new__(cls)
            )

        def allocate_tensors(self):
            raise RuntimeError("It wants its loop.")

    path = convert(looped, tmp_path / "a.tflite", IMAGE)
    monkeypatch.setattr(delegation, "Interpreter", Unable)
    facts = graph_facts(path)
    assert sorted(facts["unasked"]) == sorted(
        subgraph.name for subgraph in TFLiteGraph(path).subgraphs[1:]
    )
    assert facts["left"] == {"WHILE": 1} and facts["pieces"] == 0
    assert facts["op_counts"]["CONV_2D"] == 2
