"""A functional graph rebuilt with fake quantization."""

import collections

import keras
from keras import layers

from kerasrestore.keras_internals import all_layers, run_graph
from kerasrestore.layers import ResidualBlock, Upsampler
from kerasrestore.models.cost import trace
from kerasrestore.training.quantization.fake_quantize import FakeQuantize
from kerasrestore.training.quantization.integer_operations import KERAS_MOVES
from kerasrestore.training.quantization.quantized_conv2d import QuantizedConv2D
from kerasrestore.training.quantization.quantized_dense import QuantizedDense

QUANTIZED = {layers.Conv2D: QuantizedConv2D, layers.Dense: QuantizedDense}
# Layers that are replaced by the operations inside them.
COMPOSITES = (ResidualBlock, Upsampler)


def quantized_graph(model):
    """Rebuilds the graph of a model for integer arithmetic.

    The rule, operation by operation:

    - Convolutions and dense layers have rounded weights, inputs and outputs.
      A ReLU that follows is applied before rounding.
    - The first and the last of them on each path stay float: they read the
      image itself and write what is added to it, which 256 steps would
      degrade.
    - Sums of maps are rounded, and so are their inputs, if one of them is.
    - Operations that move values keep them rounded.
    - Everything else, attention and deformable convolution included, stays
      float.

    Args:
        model: functional model in float32. Its float layers become part of
            the new graph; its other weights are copied.

    Returns:
        The symbolic inputs and outputs of the new graph.
    """
    rewriter = _Rewriter(expand_composites(model))
    return rewriter.inputs, rewriter.outputs


def _inputs_like(model):
    return keras.tree.map_structure(
        lambda x: keras.Input(x.shape[1:], dtype=x.dtype, name=x.name),
        model.input,
    )


def expand_composites(model):
    """A model whose composite layers are replaced by their operations."""

    def call(operation, *args, **kwargs):
        if not isinstance(operation, COMPOSITES):
            return operation(*args, **kwargs)
        for layer in all_layers(operation, include_self=False):
            # Blocks call their layers by the same names.
            layer.name = f"{operation.name}_{layer.name}"
        # On symbolic tensors, a call of the method records what it does.
        return operation.call(*args, **kwargs)

    inputs = _inputs_like(model)
    return keras.Model(inputs, run_graph(model, inputs, call))


def _readers(steps):
    """Number of readers of the output of each operation, in order of
    execution."""
    read = collections.Counter(id(x) for _, ins, _ in steps for x in ins)
    return [sum(read[id(x)] for x in outputs) for _, _, outputs in steps]


def _ends(steps):
    """The products without another one before them or without one after them.

    A layer that is called several times counts only if all its calls are
    such ends, as its weights are rounded in all of them or in none.
    """
    before = _have_products_behind(steps)
    turned = [(op, outputs, inputs) for op, inputs, outputs in steps[::-1]]
    after = _have_products_behind(turned)[::-1]
    calls = list(zip(steps, before, after, strict=True))
    inner = {op for (op, _, _), *both in calls if all(both)}
    return {op for op, _, _ in steps if is_product(op)} - inner


def _have_products_behind(steps):
    """Whether there is a product upstream of each operation, in the order of
    the steps."""
    behind = set()
    found = []
    for operation, taken, given in steps:
        found.append(any(id(x) in behind for x in taken))
        if found[-1] or is_product(operation):
            behind.update(map(id, given))
    return found


def is_product(operation):
    """Whether this is a convolution or a matrix product with weights."""
    return type(operation) in QUANTIZED and (
        getattr(operation, "groups", 1) == 1
    )


def is_relu(operation):
    if type(operation) is layers.ReLU:
        limits = (operation.max_value, operation.negative_slope)
        return limits == (None, 0) and operation.threshold == 0
    if type(operation) is layers.Activation:
        return operation.activation is keras.activations.relu
    return type(operation).__name__ == "Relu"


class _Rewriter:
    """Builds the quantized graph of a model, operation by operation.

    A new tensor is either rounded; or open, the output of an integer
    operation that is not rounded yet; or float.
    """

    def __init__(self, model):
        self.rounded = set()
        self.open = set()
        # Open tensors with a single reader.
        self.private = set()
        # Rounded versions of tensors, quantized versions of layers.
        self.versions = {}
        self.clones = {}
        # Tensors are identified by `id`, so they must stay alive.
        self.kept = []
        self.inputs = _inputs_like(model)
        steps = trace(model, 256, 256)
        self.ends = _ends(steps)
        readers = iter(_readers(steps))
        outputs = run_graph(
            model,
            self.inputs,
            lambda operation, *args, **kwargs: self.call(
                operation, args, kwargs, next(readers)
            ),
        )
        self.outputs = keras.tree.map_structure(self.closed, outputs)

    def call(self, operation, args, kwargs, readers):
        tensors = [
            x
            for x in keras.tree.flatten((args, kwargs))
            if isinstance(x, keras.KerasTensor)
        ]
        integer = any(id(x) in self.rounded | self.open for x in tensors)
        kind = type(operation).__name__

        def run(prepare):
            # Other arguments, such as axes, are passed unchanged.
            new_args, new_kwargs = keras.tree.map_structure(
                lambda x: prepare(x) if isinstance(x, keras.KerasTensor) else x,
                (args, kwargs),
            )
            return operation(*new_args, **new_kwargs)

        if is_product(operation) and operation not in self.ends:
            output = self.product(operation, *tensors)
            self.note(output, self.open, readers)
        elif integer and is_relu(operation):
            output = run(
                lambda x: x if id(x) in self.private else self.round(x)
            )
            self.note(output, self.open, readers)
        elif integer and kind == "Add" and len(tensors) > 1:
            output = run(self.round)
            if readers:
                self.note(output, self.open, readers)
        elif integer and kind in KERAS_MOVES:
            output = run(self.round)
            self.note(output, self.rounded, readers)
        else:
            output = run(self.closed)
            self.kept.append(output)
        return output

    def note(self, tensor, state, readers):
        self.kept.append(tensor)
        state.add(id(tensor))
        if readers == 1:
            self.private.add(id(tensor))

    def product(self, layer, x):
        relu = layer.activation is keras.activations.relu
        if layer not in self.clones:
            config = layer.get_config()
            if not relu:
                config["activation"] = "linear"
            clone = QUANTIZED[type(layer)].from_config(config)
            self.clones[layer] = clone
        clone = self.clones[layer]
        output = clone(self.round(x))
        clone.set_weights(layer.get_weights())
        if not relu and layer.activation is not keras.activations.linear:
            output = layers.Activation(layer.activation)(self.round(output))
        return output

    def round(self, x):
        """The rounded version of a tensor."""
        if id(x) in self.rounded:
            return x
        if id(x) not in self.versions:
            # Checkpoints identify variables by name, and Keras numbers the
            # names of some operations per process.
            layer = FakeQuantize(name=f"range{len(self.versions)}")
            version = layer(x)
            self.versions[id(x)] = version
            self.rounded.add(id(version))
            self.kept.append(version)
        return self.versions[id(x)]

    def closed(self, x):
        """The version of a tensor that a float operation reads."""
        return self.round(x) if id(x) in self.open else x
