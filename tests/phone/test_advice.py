import pytest

from kerasrestore.litert.tflite_graph import Operation, Subgraph, Tensor
from kerasrestore.phone.advice import arithmetic, warn


class Graph:
    """What a `TFLiteGraph` is to those who give advice: operations as tuples
    of a name, inputs and outputs; tensors as their types and shapes."""

    def __init__(self, tensors, operations, constants=(), inputs=(0,)):
        self.main = Subgraph(
            name="main",
            tensors=tuple(
                Tensor(str(n), shape, dtype, b"" if n in constants else None)
                for n, (dtype, shape) in enumerate(tensors)
            ),
            operations=tuple(
                Operation(name, inside, out, None, name.startswith("My"))
                for name, inside, out in operations
            ),
            inputs=inputs,
            outputs=(),
        )
        self.subgraphs = (self.main,)

    def warnings(self, left=()):
        taken = set(range(len(self.main.operations))) - set(left)
        return {
            found["what"]: found["count"]
            for found in warn(self, [taken], [2 if left else 1])
        }


MAP = ("FLOAT32", (1, 64, 64, 8))


@pytest.mark.parametrize(
    ("name", "shape", "what"),
    [
        ("RELU", (1, 64, 64, 8), None),
        ("PRELU", (1, 64, 64, 8), "PRELU"),
        ("GATHER_ND", (1, 64, 64, 8), "GATHER_ND"),
        ("TRANSPOSE_CONV", (1, 64, 64, 8), "TRANSPOSE_CONV"),
        ("WHILE", (1, 64, 64, 8), "WHILE"),
        ("MEAN", (1, 1, 1, 8), "MEAN over up to 4096 positions"),
        ("MEAN", (1, 2, 1, 8), None),
        ("RESHAPE", (1, 8, 8, 8, 64), "tensors of rank 5 (RESHAPE)"),
        ("MyOp", (1, 64), "operations that are not built in: MyOp"),
    ],
)
def test_what_one_operation_brings(name, shape, what):
    graph = Graph([MAP, ("FLOAT32", shape)], [(name, (0, 0, 0), (1,))])
    assert graph.warnings() == ({} if what is None else {what: 1})


def test_open_sizes():
    open_map = ("FLOAT32", (1, -1, -1, 8))
    graph = Graph([open_map, open_map, MAP], [("RELU", (0,), (1,))])
    assert graph.warnings() == {
        "inputs with a dynamic shape: 0": 1,
        "intermediate tensors with a dynamic shape": 1,
    }


def test_what_the_delegate_leaves():
    graph = Graph([MAP, MAP, MAP], [("A", (0,), (1,)), ("B", (1,), (2,))])
    assert graph.warnings(left=[1]) == {
        "operations that XNNPACK does not run: B": 1
    }


def test_float_islands():
    small = ("INT8", (1, 4, 4, 8))
    wide = ("FLOAT32", (1, 4, 4, 8))
    graph = Graph(
        [small, small, small, wide, wide, wide, small, wide, wide, small],
        [
            ("CONV_2D", (0, 1), (2,)),
            ("DEQUANTIZE", (2,), (3,)),
            ("SOFTMAX", (3,), (4,)),
            ("MUL", (4, 3), (5,)),
            ("QUANTIZE", (5,), (6,)),
            ("DEQUANTIZE", (6,), (7,)),
            ("LOGISTIC", (7,), (8,)),
            ("QUANTIZE", (8,), (9,)),
        ],
        constants=(1,),
    )
    what = "float islands in an integer graph: LOGISTIC; MUL SOFTMAX"
    assert graph.warnings() == {what: 2}
    assert arithmetic(graph) == {"INT8 x INT8": 1}


def test_conversions_at_the_border_are_no_island():
    small = ("INT8", (1, 4, 4, 8))
    wide = ("FLOAT32", (1, 4, 4, 8))
    graph = Graph(
        [wide, small, small, small, wide],
        [
            ("QUANTIZE", (0,), (1,)),
            ("CONV_2D", (1, 2), (3,)),
            ("DEQUANTIZE", (3,), (4,)),
        ],
        constants=(2,),
    )
    assert graph.warnings() == {}


def test_types_of_dynamic_range_quantization():
    graph = Graph(
        [MAP, ("INT8", (8, 3, 3, 8)), MAP],
        [("CONV_2D", (0, 1), (2,)), ("TRANSPOSE_CONV", (1, 1, 0), (2,))],
        constants=(1,),
    )
    assert arithmetic(graph) == {"FLOAT32 x INT8": 2}
