"""Which parts of a network compute in integers, and with which ranges.

Works on the TensorFlow graph of a model, in which all weights are constants.
Fake-quantization nodes are inserted where values are quantized; the TFLite
converter turns what lies between two of them into integer operations, and
gives the weights one range for each output channel.
"""

import numpy as np

from kerasrestore.export.fake_quantization import (
    PREFIX,
    add_fake_quant,
    unfold,
    widened,
)
from kerasrestore.training.quantization.integer_operations import (
    MOVES,
    PRODUCTS,
    SAME_RANGE,
    SIMPLE,
    SIMPLE_16_BITS,
)

# Smallest range of features, relative to the largest.
LEAST_RANGE = 1e-3
# Output range of the integer kernel.
SIGMOID = (0.0, 255 / 256)
# Return their inputs unchanged.
ALIASES = {"Identity", "IdentityN", "PreventGradient", "StopGradient"}
# Do not depend on values.
BLIND = {"Shape"}


class IntegerGraph:
    """Finds the integer part of a graph and adds fake quantization to it.

    The rule does not depend on the model:

    - A convolution, or a product with a constant matrix, is integer, unless
      its result is used as something other than features without being added
      to any: the queries, keys and values of attention and the coordinates of
      a deformable convolution are computed in float32 from quantized
      features.
    - Additions, elementwise products, activations and means are integer if
      all of their inputs are.
    - Everything else is float32: softmax, matrix products of two tensors,
      coordinates, sampling, loops, and with a float32 image the final
      addition of the network's prediction to the image.

    Args:
        concrete: TensorFlow's concrete function, weights as constants.
        bits: bits of a quantized feature, 8 or 16.
        image: name of the image's placeholder if input and output are 8-bit
            images; else `None`.

    Attributes:
        definition: the graph's definition.
        points: names of the tensors that are quantized.
    """

    def __init__(self, concrete, bits=8, image=None):
        self.bits = bits
        self.simple = SIMPLE_16_BITS if bits == 16 else SIMPLE
        graph = concrete.graph
        self.definition = graph.as_graph_def()
        self.shape = lambda name: graph.get_tensor_by_name(name).shape
        if bits == 16:
            self._unfold(graph)
        self.nodes = {node.name: node for node in self.definition.node}
        self.output = self._resolve(concrete.outputs[0].name)
        self._resolve_aliases()
        self.readers = {name: [] for name in self.nodes}
        for node in self.definition.node:
            for source in self._sources(node):
                self.readers[source].append(node)
        self._constants = {}
        self.integer = set()
        self.entries = {}
        self.fixed = {}
        if image is not None:
            self.integer.add(image)
            self.fixed[f"{image}:0"] = (0.0, 1.0)
        for node in self.definition.node:
            self._classify(node)
        if image is not None and _node(self.output) in self.integer:
            self.fixed[self.output] = (0.0, 1.0)
        self.points = self._points()

    def with_fake_quant(self, ranges):
        """The graph with fake quantization.

        Args:
            ranges: smallest and largest value of each of `points`, in their
                order.

        Returns:
            A graph definition, and the name of its output tensor.
        """
        from tensorflow.core.framework import graph_pb2

        marked = graph_pb2.GraphDef()
        marked.CopyFrom(self.definition)
        # LiteRT's kernels limit the rescaling factor: a feature map that is
        # almost zero, such as that of a dead ReLU, gets a wider range.
        least = LEAST_RANGE * max(np.ptp(ranges, axis=1), default=0.0)
        names = {}
        for point, extremes in zip(self.points, ranges, strict=True):
            limits = self.fixed.get(point, widened(*extremes, least))
            names[point] = add_fake_quant(marked, point, limits, self.bits)
        added = set(names.values())
        for node in marked.node:
            if _node(node.name) in added or node.name.startswith(PREFIX):
                continue
            for place, text in enumerate(node.input):
                tensor = _tensor(text)
                if tensor in names and self._reads_rounded(node, tensor):
                    node.input[place] = names[tensor]
        output = names.get(self.output)
        return marked, self.output if output is None else f"{output}:0"

    def _unfold(self, graph):
        """Writes SpaceToDepth and DepthToSpace, which LiteRT does not support
        with 16 bits, as reshapes and transposes, which it does."""
        kept = list(self.definition.node)
        del self.definition.node[:]
        for node in kept:
            if node.op not in ("SpaceToDepth", "DepthToSpace"):
                self.definition.node.add().CopyFrom(node)
                continue
            tensor = graph.get_tensor_by_name(_tensor(node.input[0]))
            block = node.attr["block_size"].i
            _, height, width, channels = tensor.shape
            if node.op == "SpaceToDepth":
                cut = height // block, block, width // block, block * channels
                joined = height // block, width // block, block**2 * channels
            else:
                cut = height, width, block, channels // block
                joined = height * block, width * block, channels // block**2
            unfold(self.definition, node, cut, (1, *joined))

    def _reads_rounded(self, node, tensor):
        return (
            _node(tensor) in self.integer or node.name in self.entries[tensor]
        )

    def _resolve(self, text):
        """The tensor that a name refers to, with aliases resolved."""
        tensor = _tensor(text)
        while self.nodes[_node(tensor)].op in ALIASES:
            place = int(tensor.partition(":")[2])
            tensor = _tensor(self.nodes[_node(tensor)].input[place])
        return tensor

    def _resolve_aliases(self):
        for node in self.definition.node:
            for place, text in enumerate(node.input):
                if not text.startswith("^"):
                    node.input[place] = self._resolve(text)

    def _sources(self, node):
        return [_node(text) for text in node.input if not text.startswith("^")]

    def _constant(self, name):
        if name not in self._constants:
            node = self.nodes[name]
            sources = self._sources(node)
            self._constants[name] = node.op == "Const" or (
                bool(sources) and all(map(self._constant, sources))
            )
        return self._constants[name]

    def _features(self, node):
        """The inputs of a node that are not constant, without duplicates."""
        tensors = [_tensor(t) for t in node.input if not t.startswith("^")]
        return list(
            dict.fromkeys(t for t in tensors if not self._constant(_node(t)))
        )

    def _is_product(self, node):
        place = PRODUCTS.get(node.op)
        return place is not None and self._features(node) == [
            _tensor(node.input[place])
        ]

    def _leads_away(self, node):
        """Whether a result is used as something other than features."""
        for reader in self.readers[node.name]:
            if self._is_product(reader) or reader.op in BLIND:
                continue
            if reader.op not in MOVES.keys() | self.simple:
                return True
            if len(self._features(reader)) == 1 and self._leads_away(reader):
                return True
        return False

    def _classify(self, node):
        if self._constant(node.name) or not self._features(node):
            return
        features = self._features(node)
        if self._is_product(node):
            if not self._leads_away(node) and self._can_enter(features[0]):
                self.integer.add(node.name)
                self._enter(node, features[0])
        elif all(_node(tensor) in self.integer for tensor in features) and (
            node.op in MOVES or self._is_simple(node)
        ):
            self.integer.add(node.name)

    def _is_simple(self, node):
        if self.bits == 16 and (
            any(reader.op in SAME_RANGE for reader in self.readers[node.name])
            or len({tuple(self.shape(t)) for t in self._features(node)}) > 1
        ):
            return False
        return node.op in self.simple and self._exact(node)

    def _can_enter(self, tensor):
        """Whether features can be quantized for a product."""
        node = self.nodes[_node(tensor)]
        if node.op in MOVES and len(self._features(node)) == 1:
            return self._can_enter(self._features(node)[0])
        return self.bits == 8 or node.op not in SAME_RANGE

    def _exact(self, node):
        """Whether 8 bits suffice for the constants of a node: biases are
        stored in more, and a scalar is exact with its own range."""
        if node.op in ("BiasAdd", "ConcatV2", "Max", "Mean"):
            return True
        others = [
            tensor
            for tensor in map(_tensor, node.input)
            if self._constant(_node(tensor))
        ]
        return self._is_bias(node) or all(
            self.shape(tensor).num_elements() == 1 for tensor in others
        )

    def _is_bias(self, node):
        if node.op == "BiasAdd":
            return True
        features = self._features(node)
        if node.op != "AddV2" or len(features) != 1:
            return False
        source = self.nodes[_node(features[0])]
        return self._is_product(source) and (
            len(self.readers[source.name]) == 1
        )

    def _enter(self, node, tensor):
        """Records where float features are quantized for a product: before
        operations that only move them."""
        reader = node
        while _node(tensor) not in self.integer:
            source = self.nodes[_node(tensor)]
            if source.op not in MOVES or len(self._features(source)) != 1:
                self.entries.setdefault(tensor, set()).add(reader.name)
                return
            reader, tensor = source, self._features(source)[0]

    def _points(self):
        hidden = self._fused()
        points = []
        for node in self.definition.node:
            tensor = f"{node.name}:0"
            if node.name in self.integer:
                if node.op in MOVES and tensor != self.output:
                    continue
                if node.name not in hidden:
                    points.append(tensor)
                    if node.op == "Sigmoid":
                        self.fixed.setdefault(tensor, SIGMOID)
            points += [
                entry for entry in self.entries if _node(entry) == node.name
            ]
        return list(dict.fromkeys(points))

    def _fused(self):
        """Nodes whose results are never quantized, as LiteRT fuses them with
        the next operation."""
        hidden = set()
        for node in self.definition.node:
            if node.name not in self.integer:
                continue
            sources = [_node(tensor) for tensor in self._features(node)]
            alone = len(sources) == 1 and len(self.readers[sources[0]]) == 1
            if alone and (
                (
                    self._is_bias(node)
                    and self._is_product(self.nodes[sources[0]])
                )
                or (node.op == "Relu" and self._fuses_relu(sources[0]))
            ):
                hidden.add(sources[0])
            hidden |= self._prelu(node)
        return hidden

    def _fuses_relu(self, name):
        node = self.nodes[name]
        return name in self.integer and (
            self._is_product(node) or node.op in ("AddV2", "BiasAdd")
        )

    def _prelu(self, node):
        """Inner nodes of relu(x) - slope * relu(-x), which is one operation."""
        if node.op != "AddV2" or len(self._features(node)) != 2:
            return set()
        first, second = (self.nodes[_node(t)] for t in self._features(node))
        for relu, product in ((first, second), (second, first)):
            if relu.op != "Relu" or product.op != "Mul":
                continue
            negative = [self.nodes[_node(t)] for t in self._features(product)]
            if len(negative) != 1 or negative[0].op != "Relu":
                continue
            negated = self.nodes[_node(negative[0].input[0])]
            if negated.op == "Neg" and negated.input[0] == relu.input[0]:
                return {n.name for n in (relu, product, negative[0], negated)}
        return set()


def _tensor(text):
    return text if ":" in text else f"{text}:0"


def _node(tensor):
    return tensor.partition(":")[0]
