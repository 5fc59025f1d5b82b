"""Fake quantization in TensorFlow graphs."""

import numpy as np

PREFIX = "rounded_"
# Name of fake quantization in TensorFlow graphs.
FAKE_QUANT = "FakeQuantWithMinMaxVars"


def has_fake_quant(concrete):
    """Whether a function's graph contains fake quantization already."""
    definition = concrete.graph.as_graph_def()
    bodies = [definition.node]
    bodies += [body.node_def for body in definition.library.function]
    return any(
        node.op.startswith(FAKE_QUANT) for nodes in bodies for node in nodes
    )


def widened(low, high, least):
    """A range extended to zero, which padding needs, and to a least size."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    return low, max(high, low + least)


def add_fake_quant(graph, tensor, limits, bits):
    """Adds a fake-quantization node to a graph and returns its name."""
    import tensorflow as tf

    low, high = limits
    if bits == 16:
        # LiteRT's 16-bit ranges are symmetric.
        high = max(-low, high)
        low = -high
    name = f"{PREFIX}{len(graph.node)}"
    inputs = [tensor]
    for role, limit in (("low", low), ("high", high)):
        node = graph.node.add(name=f"{name}_{role}", op="Const")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(
            tf.make_tensor_proto(np.float32(limit))
        )
        inputs.append(node.name)
    node = graph.node.add(name=name, op=FAKE_QUANT, input=inputs)
    node.attr["num_bits"].i = bits
    node.attr["narrow_range"].b = bits == 16
    return name


def unfold(graph, node, cut, joined):
    """Adds reshape, transpose of the middle axes and reshape in place of a
    node, for one image."""
    import tensorflow as tf

    def add(name, op, source, argument, key):
        values = tf.make_tensor_proto(np.array(argument, np.int32))
        constant = graph.node.add(name=f"{name}_{key}", op="Const")
        constant.attr["dtype"].type = tf.int32.as_datatype_enum
        constant.attr["value"].tensor.CopyFrom(values)
        new = graph.node.add(name=name, op=op, input=[source, constant.name])
        new.attr["T"].type = tf.float32.as_datatype_enum
        new.attr[key].type = tf.int32.as_datatype_enum

    add(f"{node.name}_cut", "Reshape", node.input[0], cut, "Tshape")
    add(
        f"{node.name}_turn",
        "Transpose",
        f"{node.name}_cut",
        (0, 2, 1, 3),
        "Tperm",
    )
    add(node.name, "Reshape", f"{node.name}_turn", joined, "Tshape")
