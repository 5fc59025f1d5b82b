"""Which operations of a `.tflite` the CPU delegate takes."""

from ai_edge_litert.interpreter import Interpreter


def delegated_operations(path, graph):
    """Which operations XNNPACK takes, as LiteRT divides the graph here.

    LiteRT applies the delegate to loop bodies as to the main graph, but shows
    the nodes of the main graph alone. So each other subgraph is asked about
    in a copy of the file in which it is the main one.

    Args:
        path: path of the `.tflite`; sizes that are not fixed are taken as 1.
        graph: its `TFLiteGraph`.

    Returns:
        `(taken, parts)`: for each subgraph a set of the numbers of the
        operations that run in the delegate, `None` for a loop body that
        LiteRT cannot prepare without its loop; and in how many pieces the
        delegate got each subgraph.

    Raises:
        RuntimeError: if LiteRT cannot prepare the main graph.
    """
    taken, parts = [], []
    for index, subgraph in enumerate(graph.subgraphs):
        if index == 0:
            interpreter = Interpreter(model_path=str(path))
        else:
            interpreter = Interpreter(model_content=_alone(graph, index))
        try:
            interpreter.allocate_tensors()
        except RuntimeError:
            if index == 0:
                raise
            taken.append(None)
            parts.append(0)
            continue
        # The interpreter has no public list of operations. Its own come
        # first, behind them those that stand for the delegate's pieces.
        nodes = interpreter._get_ops_details()
        pieces = nodes[len(subgraph.operations) :]
        taken.append(_inside(subgraph, pieces))
        parts.append(len(pieces))
    return taken, parts


def _inside(subgraph, pieces):
    """Numbers of the operations between what the pieces take and give."""
    found = set()
    for piece in pieces:
        given = {int(index) for index in piece["inputs"]}
        wanted = [int(index) for index in piece["outputs"]]
        while wanted:
            index = wanted.pop()
            number = subgraph.producers.get(index)
            if index in given or number is None or number in found:
                continue
            found.add(number)
            wanted += subgraph.operations[number].inputs
    return found


def _alone(graph, index):
    """A file with another subgraph in the place of the main one, which no
    operation refers to, and with what that one runs."""
    import flatbuffers
    from ai_edge_litert.schema_py_generated import BufferT, ModelT, SubGraphT

    model = graph.model
    needed, wanted = set(), [index]
    while wanted:
        number = wanted.pop()
        if number not in needed:
            needed.add(number)
            for operation in graph.subgraphs[number].operations:
                wanted += operation.subgraphs.values()
    # Numbers of subgraphs and buffers stay as they are.
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
