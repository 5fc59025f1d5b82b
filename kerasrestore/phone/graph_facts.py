"""Analysis of the graph of a `.tflite`, ready for JSON."""

from collections import Counter

from kerasrestore.litert.tflite_graph import TFLiteGraph
from kerasrestore.phone.advice import arithmetic, warn
from kerasrestore.phone.delegation import delegated_operations


def graph_facts(path):
    """Operations of a file, and how the CPU delegate partitions them.

    Args:
        path: path of the `.tflite`.

    Returns:
        Dictionary for JSON: `op_counts`, `taken` and `left` (operations
        inside and outside the delegate, counted by name), `pieces` (delegate
        partitions), `unasked` (loop bodies that LiteRT cannot prepare without
        their loop), `arithmetic`, `macs`, `macs_by_op`, `macs_uncounted`,
        `inputs`, `outputs`, `warnings`.
    """
    graph = TFLiteGraph(path)
    taken, parts = delegated_operations(path, graph)
    inside, left, unasked = Counter(), Counter(), []
    for subgraph, numbers in zip(graph.subgraphs, taken, strict=True):
        if numbers is None:
            unasked.append(subgraph.name)
            continue
        for number, operation in enumerate(subgraph.operations):
            (inside if number in numbers else left)[operation.name] += 1
    macs, uncounted = graph.macs()
    return {
        "op_counts": graph.op_counts(),
        "taken": dict(sorted(inside.items())),
        "left": dict(sorted(left.items())),
        "pieces": sum(parts),
        "unasked": unasked,
        "arithmetic": arithmetic(graph),
        "macs": sum(macs.values()),
        "macs_by_op": macs,
        "macs_uncounted": uncounted,
        "inputs": _tensors(graph, graph.main.inputs),
        "outputs": _tensors(graph, graph.main.outputs),
        "warnings": warn(graph, taken, parts),
    }


def _tensors(graph, indices):
    found = [graph.main.tensors[index] for index in indices]
    return [
        {"name": one.name, "shape": list(one.shape), "dtype": one.dtype}
        for one in found
    ]
