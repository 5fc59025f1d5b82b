"""Which operations an int8 network computes in integers.

Two readers rewrite a network in different forms: `quantized_graph` replaces
Keras layers and operations for training, `kerasrestore.export.integer_graph`
marks TensorFlow's graph of a model that was trained in float. The tables have
the operations of TensorFlow's graph.
"""

# Convolutions and matrix products, which are integer if one factor is a
# feature map and the other a constant. The number is the position of the
# feature map among their inputs. Their Keras layers are in `QUANTIZED` of
# `quantized_graph`.
PRODUCTS = {
    "BatchMatMulV2": 0,
    "Conv2D": 0,
    "Conv2DBackpropInput": 2,
    "DepthwiseConv2dNative": 0,
    "MatMul": 0,
}

# Move values without changing them: their result has the range of their input.
# Each has the Keras layers and operations that training treats in the same
# way; without any, the operation stays float in training.
MOVES = {
    "DepthToSpace": ("DepthToSpace",),
    "ExpandDims": ("ExpandDims",),
    # Keras' operation `Pad` also reflects, which is another operation here.
    "Pad": ("ZeroPadding2D",),
    "Reshape": ("Reshape",),
    "Slice": (),
    "SpaceToDepth": ("SpaceToDepth",),
    "Split": (),
    "SplitV": (),
    "Squeeze": ("Squeeze",),
    "StridedSlice": ("Cropping2D", "GetItem"),
    "Transpose": ("Permute", "Transpose"),
}
KERAS_MOVES = {name for names in MOVES.values() for name in names}

# Have integer kernels; a product counts if one factor is a single number.
# Training rounds only sums and ReLU.
SIMPLE = {
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
# LiteRT or the converter supports all others with 8 bits only.
SIMPLE_16_BITS = {"AddV2", "BiasAdd", "Relu"}
# The converter gives their inputs the range of their result.
SAME_RANGE = {"ConcatV2", "Max"}
