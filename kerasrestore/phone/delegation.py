"""Which operations of a `.tflite` the CPU delegate runs."""

from ai_edge_litert.interpreter import Interpreter


def delegated_operations(path, graph):
    """Finds the operations that XNNPACK runs, as LiteRT partitions the graph.

    LiteRT applies the delegate to loop bodies as well as to the main graph,
    but only exposes the nodes of the main graph. So each other subgraph is
    inspected in a copy of the file in which it is the main graph.

    Args:
        path: path of the `.tflite`; dynamic dimensions count as 1.
        graph: its `TFLiteGraph`.

    Returns:
        `(taken, parts)`: for each subgraph, the set of indices of the
        operations that run in the delegate, or `None` for a loop body that
        LiteRT cannot prepare without its loop; and the number of delegate
        partitions of each subgraph.

    Raises:
        RuntimeError: if LiteRT cannot prepare the main graph.
    """
    taken, parts = [], []
    for index, subgraph in enumerate(graph.subgraphs):
        if index == 0:
            interpreter = Interpreter(model_path=str(path))
        else:
            interpreter = Interpreter(
                model_content=_as_main_graph(graph, index)
            )
        try:
            interpreter.allocate_tensors()
        except RuntimeError:
            if index == 0:
                raise
            taken.append(None)
            parts.append(0)
            continue
        # The interpreter has no public list of operations. Those of the file
        # come first, followed by one node for each delegate partition.
        nodes = interpreter._get_ops_details()
        partitions = nodes[len(subgraph.operations) :]
        taken.append(_inside(subgraph, partitions))
        parts.append(len(partitions))
    return taken, parts


def _inside(subgraph, partitions):
    """Indices of the operations between inputs and outputs of partitions."""
    found = set()
    for partition in partitions:
        given = {int(index) for index in partition["inputs"]}
        pending = [int(index) for index in partition["outputs"]]
        while pending:
            index = pending.pop()
            number = subgraph.producers.get(index)
            if index in given or number is None or number in found:
                continue
            found.add(number)
            pending += subgraph.operations[number].inputs
    return found


def _as_main_graph(graph, index):
    """A copy of the file with another subgraph, and those that it runs, in
    place of the main one, which no operation refers to."""
    import flatbuffers
    from ai_edge_litert.schema_py_generated import BufferT, ModelT, SubGraphT

    model = graph.model
    needed, pending = set(), [index]
    while pending:
        number = pending.pop()
        if number not in needed:
            needed.add(number)
            for operation in graph.subgraphs[number].operations:
                pending += operation.subgraphs.values()
    # Indices of subgraphs and buffers must not change.
    subgraphs = [
        model.subgraphs[number] if number in needed else SubGraphT(tensors=[])
        for number in range(len(model.subgraphs))
    ]
    subgraphs[0] = model.subgraphs[index]
    used = {tensor.buffer for part in subgraphs for tensor in part.tensors}
    copy = ModelT(
        version=model.version,
        operatorCodes=model.operatorCodes,
        subgraphs=subgraphs,
        buffers=[
            buffer if number in used else BufferT()
            for number, buffer in enumerate(model.buffers)
        ],
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(copy.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
