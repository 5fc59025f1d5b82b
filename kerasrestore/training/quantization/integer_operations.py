"""Which operations an int8 network computes in integers.

The same rule has two readers, which see a network in different forms:
`quantized_graph` rewrites Keras layers and operations for training,
`kerasrestore.export.integer_graph` marks TensorFlow's graph of a model that
was trained in float. A Keras layer can become several graph operations.
Training covers fewer of them: what is not listed for Keras stays float there.
"""

# Convolutions and matrix products. They are integer where one factor is a
# feature map and the other a constant.
# The place is that of the feature map among their inputs. For Keras see
# `QUANTIZED` of `quantized_graph`, which holds the layers that replace them.
GRAPH_PRODUCTS = {
    "BatchMatMulV2": 0,
    "Conv2D": 0,
    "Conv2DBackpropInput": 2,
    "DepthwiseConv2dNative": 0,
    "MatMul": 0,
}

# Move values and change none: their result has the range of what they read.
KERAS_MOVES = {
    "DepthToSpace",
    "Permute",
    "Reshape",
    "SpaceToDepth",
    "Transpose",
    "ZeroPadding2D",
}
GRAPH_MOVES = {
    "DepthToSpace",
    "ExpandDims",
    "Pad",
    "Reshape",
    "Slice",
    "SpaceToDepth",
    "Split",
    "SplitV",
    "Squeeze",
    "StridedSlice",
    "Transpose",
}

# Have integer kernels, products if one factor is a single number. Training
# rounds sums and ReLU.
GRAPH_SIMPLE = {
    "AddV2",
    "BiasAdd",
    "ConcatV2",
    "LeakyRelu",
    "Max",
    "Mean",
    "Mul",
    "Neg",
    "Relu",
    "Sigmoid",
    "Sub",
}
# LiteRT or the converter supports these with 8 bits only.
GRAPH_WITHOUT_16_BITS = GRAPH_SIMPLE - {"AddV2", "BiasAdd", "Relu"}
# The converter gives their inputs the range of their result.
GRAPH_SAME_RANGE = {"ConcatV2", "Max"}
