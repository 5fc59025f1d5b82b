"""Fake quantization in TensorFlow's graphs."""

import numpy as np

MARK = "rounded_"
# How fake quantization is called in TensorFlow's graphs.
MARK_OP = "FakeQuantWithMinMaxVars"


def is_marked(concrete):
    """Whether a function's graph holds fake quantization already."""
    definition = concrete.graph.as_graph_def()
    bodies = [definition.node]
    bodies += [body.node_def for body in definition.library.function]
    return any(
        node.op.startswith(MARK_OP) for nodes in bodies for node in nodes
    )


def widened(low, high, least):
    """A range with zero in it, as padding wants it, and not too small."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    return low, max(high, low + least)


def mark(graph, tensor, limits, bits):
    """Adds a mark to a graph and gives its name."""
    import tensorflow as tf

    low, high = limits
    if bits == 16:
        # LiteRT's ranges of 16 bits are symmetric.
        high = max(-low, high)
        low = -high
    name = f"{MARK}{len(graph.node)}"
    inputs = [tensor]
    for role, limit in (("low", low), ("high", high)):
        node = graph.node.add(name=f"{name}_{role}", op="Const")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(
            tf.make_tensor_proto(np.float32(limit))
        )
        inputs.append(node.name)
    node = graph.node.add(name=name, op=MARK_OP, input=inputs)
    node.attr["num_bits"].i = bits
    node.attr["narrow_range"].b = bits == 16
    return name


def unfold(graph, node, cut, joined):
    """Adds reshape, exchange of the middle axes and reshape in a node's
    place, for one image."""
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
