"""Contents of a `.tflite` file: operations, shapes, loops, MACs."""

import collections
import functools
import math
from dataclasses import dataclass
from pathlib import Path

# Operations with matrix products that are not counted here.
UNCOUNTED = (
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "LSTM",
    "RNN",
    "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
)


@dataclass(frozen=True)
class Tensor:
    """A tensor of a subgraph.

    Attributes:
        name: its name in the file.
        shape: tuple of ints, -1 for dynamic dimensions.
        dtype: such as `"FLOAT32"` or `"INT8"`.
        value: bytes of a constant, `None` for computed tensors.
    """

    name: str
    shape: tuple
    dtype: str
    value: bytes | None

    @property
    def dynamic(self):
        return -1 in self.shape


@dataclass(frozen=True)
class Operation:
    """An operation: its name, indices of its tensors, its options."""

    name: str
    inputs: tuple
    outputs: tuple
    options: object
    custom: bool = False

    @property
    def subgraphs(self):
        """Indices of the subgraphs that it runs, by their role."""
        roles = {
            "cond": "condSubgraphIndex",
            "body": "bodySubgraphIndex",
            "then": "thenSubgraphIndex",
            "else": "elseSubgraphIndex",
            "call": "subgraph",
            "once": "initSubgraphIndex",
            "composite": "decompositionSubgraphIndex",
        }
        return {
            role: getattr(self.options, field)
            for role, field in roles.items()
            if hasattr(self.options, field)
        }


@dataclass(frozen=True)
class Subgraph:
    """Tensors, operations in order of execution, and indices of inputs and
    outputs."""

    name: str
    tensors: tuple
    operations: tuple
    inputs: tuple
    outputs: tuple

    @functools.cached_property
    def producers(self):
        """Index of the operation that computes a tensor, by the tensor's."""
        return {
            tensor: number
            for number, operation in enumerate(self.operations)
            for tensor in operation.outputs
        }


class TFLiteGraph:
    """The graphs of a `.tflite` that LiteRT can load.

    Args:
        path: path of the file.

    Attributes:
        subgraphs: tuple of `Subgraph`; the first one is the main graph, whose
            loops and branches run the others.

    Raises:
        ValueError: if the file is not a `.tflite`.

    Example:
    >>> from kerasrestore.models.presets import default_preset, get_preset
    >>> preset = get_preset(default_preset())
    >>> graph = TFLiteGraph(preset.tflite())
    >>> graph.op_counts()["CONV_2D"] > 10
    True
    """

    def __init__(self, path):
        self.model = read_schema(path)
        self.subgraphs = tuple(
            self._subgraph(subgraph) for subgraph in self.model.subgraphs
        )

    @property
    def main(self):
        return self.subgraphs[0]

    def op_counts(self):
        """Number of occurrences of each operation in the file, by name."""
        counts = collections.Counter(
            operation.name
            for subgraph in self.subgraphs
            for operation in subgraph.operations
        )
        return dict(sorted(counts.items()))

    def runs(self):
        """How often each subgraph is run for one image.

        Returns:
            List of ints in the order of `subgraphs`; `None` where the number
            of a loop's iterations is only known at run time.
        """
        counts = [0] * len(self.subgraphs)

        def add(index, times, above):
            if index in above or not 0 <= index < len(counts):
                raise ValueError(
                    f"Subgraph {above[-1]} of the file runs subgraph {index}, "
                    "which does not exist or runs itself; convert it again."
                )
            known = None not in (times, counts[index])
            counts[index] = counts[index] + times if known else None
            for operation in self.subgraphs[index].operations:
                called = operation.subgraphs
                inner = (*above, index)
                if "body" in called:
                    trips = self._trips(self.subgraphs[index], operation)
                    known = None not in (times, trips)
                    add(called["body"], times * trips if known else None, inner)
                    around = times * (trips + 1) if known else None
                    add(called["cond"], around, inner)
                else:
                    # Either of two branches may be run.
                    certain = "then" not in called
                    for number in called.values():
                        add(number, times if certain else None, inner)

        add(0, 1, ())
        return counts

    def macs(self):
        """Multiply-accumulates of convolutions and matrix products.

        Returns:
            `(by_op, unknown)`: a dictionary of multiply-accumulates for one
            image by the operation's name, loops multiplied out, and a sorted
            list of operations whose work could not be counted: with dynamic
            shapes, in loops of unknown length, custom or recurrent.
        """
        by_op = collections.Counter()
        unknown = set()
        for subgraph, times in zip(self.subgraphs, self.runs(), strict=True):
            for operation in subgraph.operations:
                macs = _operation_macs(subgraph, operation)
                if macs == 0:
                    continue
                if macs is None or times is None:
                    unknown.add(operation.name)
                else:
                    by_op[operation.name] += macs * times
        return dict(sorted(by_op.items())), sorted(unknown)

    def _trips(self, subgraph, loop):
        """Iterations of a counting loop: `LESS(counter, constant)`, a
        constant start, and a body that adds a constant."""
        condition = self.subgraphs[loop.subgraphs["cond"]]
        body = self.subgraphs[loop.subgraphs["body"]]
        found = []
        for operation in condition.operations:
            if operation.name not in ("LESS", "LOGICAL_AND"):
                return None
            if operation.name == "LOGICAL_AND":
                continue
            counter, limit = operation.inputs
            limit = _scalar(condition, limit)
            if limit is None or counter not in condition.inputs:
                continue
            place = condition.inputs.index(counter)
            start = _scalar(subgraph, loop.inputs[place])
            step = _step(body, place)
            if start is not None and step is not None and step > 0:
                found.append(max(0, math.ceil((limit - start) / step)))
        return min(found, default=None)

    def _subgraph(self, subgraph):
        return Subgraph(
            name=_text(subgraph.name),
            tensors=tuple(
                self._tensor(tensor) for tensor in subgraph.tensors or ()
            ),
            operations=tuple(
                self._operation(operation)
                for operation in subgraph.operators or ()
            ),
            inputs=_numbers(subgraph.inputs),
            outputs=_numbers(subgraph.outputs),
        )

    def _tensor(self, tensor):
        # Dynamic dimensions are -1 in the signature, but 1 in the shape.
        shape = tensor.shapeSignature
        shape = tensor.shape if shape is None or len(shape) == 0 else shape
        data = self.model.buffers[tensor.buffer].data
        return Tensor(
            name=_text(tensor.name),
            shape=_numbers(shape),
            dtype=_type_names()[tensor.type],
            value=None if data is None else bytes(data),
        )

    def _operation(self, operation):
        from ai_edge_litert.schema_py_generated import BuiltinOperator

        code = self.model.operatorCodes[operation.opcodeIndex]
        # Old files store the number in a separate byte.
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        custom = number == BuiltinOperator.CUSTOM
        return Operation(
            name=_text(code.customCode) if custom else _op_names()[number],
            inputs=_numbers(operation.inputs),
            outputs=_numbers(operation.outputs),
            options=operation.builtinOptions or operation.builtinOptions2,
            custom=custom,
        )


def read_schema(path):
    """Reads a file as the `ModelT` of LiteRT's schema."""
    from ai_edge_litert.schema_py_generated import ModelT

    content = Path(path).read_bytes()
    if content[4:8] != b"TFL3":
        raise ValueError(f"{path} is not a .tflite file; give another one.")
    return ModelT.InitFromPackedBuf(content)


def _operation_macs(subgraph, operation):
    """Multiply-accumulates of one run, `None` for dynamic shapes."""
    if operation.name in UNCOUNTED or operation.custom:
        return None
    if operation.name not in _COUNTERS:
        return 0
    tensors = [
        subgraph.tensors[index] if index >= 0 else None
        for index in (*operation.inputs, operation.outputs[0])
    ]
    if any(tensor is not None and tensor.dynamic for tensor in tensors):
        return None
    *inputs, output = [tensor.shape if tensor else () for tensor in tensors]
    return _COUNTERS[operation.name](inputs, output, operation.options)


def _matrix_product(inputs, output, options):
    left = inputs[0]
    return math.prod(output) * left[-2 if options.adjX else -1]


# Kernels are (out, height, width, in), of depthwise ones (1, height, width,
# out), of three-dimensional ones (depth, height, width, in, out).
_COUNTERS = {
    "CONV_2D": lambda x, y, _: math.prod(y) * math.prod(x[1][1:]),
    "CONV_3D": lambda x, y, _: math.prod(y) * math.prod(x[1][:4]),
    "DEPTHWISE_CONV_2D": lambda x, y, _: math.prod(y) * math.prod(x[1][1:3]),
    "TRANSPOSE_CONV": lambda x, y, _: math.prod(x[2]) * math.prod(x[1][:3]),
    "FULLY_CONNECTED": lambda x, y, _: math.prod(y) * x[1][-1],
    "BATCH_MATMUL": _matrix_product,
}


def _scalar(subgraph, index):
    """Value of a constant integer, `None` for anything else."""
    tensor = subgraph.tensors[index]
    if tensor.value is None or tensor.dtype not in ("INT32", "INT64"):
        return None
    if math.prod(tensor.shape) != 1:
        return None
    return int.from_bytes(tensor.value, "little", signed=True)


def _step(body, place):
    """The constant that a loop's body adds to the value at `place`, `None` if
    it does something else."""
    made = body.producers.get(body.outputs[place])
    if made is None or body.operations[made].name != "ADD":
        return None
    first, second = body.operations[made].inputs
    before = body.inputs[place]
    if before not in (first, second):
        return None
    return _scalar(body, second if first == before else first)


def _numbers(array):
    return () if array is None else tuple(int(number) for number in array)


def _text(name):
    return (name or b"").decode("utf-8", "replace")


@functools.cache
def _op_names():
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    return {number: name for name, number in _constants(BuiltinOperator)}


@functools.cache
def _type_names():
    from ai_edge_litert.schema_py_generated import TensorType

    return {number: name for name, number in _constants(TensorType)}


def _constants(enum):
    return [item for item in vars(enum).items() if isinstance(item[1], int)]
