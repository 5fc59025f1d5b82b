"""What in the graph of a `.tflite` will cost speed or quality on a phone."""

import math

# Positions that one number is made from before half precision or 8 bits
# lose it.
BIG_MAP = 64 * 64
MAX_RANK = 4
INTEGERS = ("INT8", "UINT8", "INT16")
CONVERSIONS = ("DEQUANTIZE", "QUANTIZE")
PRODUCTS = ("BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
REDUCTIONS = ("AVERAGE_POOL_2D", "MEAN", "REDUCE_MAX", "SUM")

ADVICE = {
    "GATHER": "GPU delegates leave it to the CPU; where places are fixed, "
    "slices or a convolution do the same",
    "GATHER_ND": "GPU delegates leave it to the CPU; where places are fixed, "
    "slices or a convolution do the same",
    "IF": "only the CPU branches, and both ways are kept; export one way",
    "PRELU": "delegates differ in it and 8 bits spoil it; train with ReLU",
    "RESIZE_BICUBIC": "not every runtime has it; write it as two products "
    "with fixed matrices",
    "RESIZE_BILINEAR": "a skip that is enlarged like this loses its detail "
    "in 8 bits; use a convolution and DEPTH_TO_SPACE",
    "SCATTER_ND": "GPU delegates leave it to the CPU; turn it into a gather "
    "or a sum of shifted maps",
    "TRANSPOSE_CONV": "slow in integers and on some GPUs; use a convolution "
    "and DEPTH_TO_SPACE",
    "WHILE": "only the CPU loops, and between rounds it leaves the delegate; "
    "unroll short loops",
}


def warn(graph, taken, parts):
    """Goes through a graph for what phones are bad at.

    Args:
        graph: `TFLiteGraph`.
        taken: numbers of the operations that the CPU delegate takes, of each
            subgraph, or `None`, as `delegated_operations` gives them.
        parts: into how many pieces it got each subgraph, likewise.

    Returns:
        List of dictionaries: `what` was found, `count`, and `advice`.
    """
    operations = [
        (subgraph, number, operation)
        for subgraph in graph.subgraphs
        for number, operation in enumerate(subgraph.operations)
    ]
    warnings = []

    def say(what, found, advice):
        if found:
            count = found if isinstance(found, int) else len(found)
            warnings.append({"what": what, "count": count, "advice": advice})

    open_inputs = [
        graph.main.tensors[index].name
        for index in graph.main.inputs
        if graph.main.tensors[index].dynamic
    ]
    say(
        f"inputs of open size: {', '.join(open_inputs)}",
        open_inputs,
        "LiteRT's CompiledModel and LiteRT.js refuse the file; export one "
        "fixed tile",
    )
    # Loops hold lists whose shapes are declared open; the main graph is exact.
    dynamic = [
        tensor
        for tensor in graph.main.tensors
        if tensor.dynamic and tensor.name not in open_inputs
    ]
    say(
        "tensors of open size inside",
        dynamic,
        "their memory is found anew in every run, and GPU delegates leave "
        "them to the CPU; export one fixed tile",
    )
    high = {
        operation.name
        for subgraph, _, operation in operations
        if any(
            len(subgraph.tensors[index].shape) > MAX_RANK
            for index in (*operation.inputs, *operation.outputs)
            if index >= 0
        )
    }
    ranks = [
        len(tensor.shape)
        for subgraph in graph.subgraphs
        for tensor in subgraph.tensors
        if len(tensor.shape) > MAX_RANK
    ]
    say(
        f"tensors of rank {max(ranks, default=0)} "
        f"({', '.join(sorted(high)) or 'unused'})",
        ranks,
        f"GPU delegates take at most {MAX_RANK} dimensions; reshape in "
        "smaller steps",
    )
    custom = [operation for *_, operation in operations if operation.custom]
    say(
        "operations that are not built in: "
        + ", ".join(sorted({operation.name for operation in custom})),
        custom,
        "an app has to bring them along; write them with built-in ones",
    )
    for name, advice in ADVICE.items():
        found = [operation for *_, operation in operations]
        say(name, sum(one.name == name for one in found), advice)
    big = [
        (operation.name, positions)
        for subgraph, _, operation in operations
        if operation.name in REDUCTIONS
        and (positions := _positions(subgraph, operation)) >= BIG_MAP
    ]
    say(
        ", ".join(sorted({name for name, _ in big}))
        + f" over up to {max((n for _, n in big), default=0)} positions",
        big,
        "sums over big maps overflow in half precision on GPUs and are "
        "coarse in 8 bits; leave them out or reduce in steps",
    )
    islands = [
        names for subgraph in graph.subgraphs for names in _islands(subgraph)
    ]
    say(
        "float islands in an integer graph: "
        + "; ".join(sorted({" ".join(names) for names in islands})),
        islands,
        "each is entered and left by a conversion; keep those that quality "
        "needs, such as attention",
    )
    outside = [
        operation.name
        for subgraph, inside in zip(graph.subgraphs, taken, strict=True)
        for number, operation in enumerate(subgraph.operations)
        if inside is not None and number not in inside
    ]
    say(
        f"operations that XNNPACK leaves: {', '.join(sorted(set(outside)))}",
        outside,
        "they run in LiteRT's own kernels; what the delegate runs comes "
        f"in pieces: {sum(parts)}",
    )
    return warnings


def arithmetic(graph):
    """In which types the products are computed.

    Args:
        graph: `TFLiteGraph`.

    Returns:
        Dictionary of counts by types, such as `{"INT8 x INT8": 14}`, with
        that of the input first. Weights that are stored in half precision
        are `FLOAT32 x FLOAT16`; float inputs with integer weights are those
        of dynamic-range quantization.
    """
    counts = {}
    for subgraph in graph.subgraphs:
        for operation in subgraph.operations:
            if operation.name in (*PRODUCTS, "TRANSPOSE_CONV"):
                places = (
                    (2, 1) if operation.name == "TRANSPOSE_CONV" else (0, 1)
                )
                types = [
                    _stored_type(subgraph, operation.inputs[place])
                    for place in places
                ]
                key = " x ".join(types)
                counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items()))


def _stored_type(subgraph, index):
    """Type of a tensor, of a constant before it was widened."""
    made = subgraph.producers.get(index)
    if made is not None and subgraph.operations[made].name == "DEQUANTIZE":
        source = subgraph.tensors[subgraph.operations[made].inputs[0]]
        if source.value is not None:
            return source.dtype
    return subgraph.tensors[index].dtype


def _positions(subgraph, operation):
    """How many numbers each result is made from; 0 for open sizes."""
    if operation.name == "AVERAGE_POOL_2D":
        return operation.options.filterHeight * operation.options.filterWidth
    before, after = (
        subgraph.tensors[index]
        for index in (operation.inputs[0], operation.outputs[0])
    )
    if before.dynamic or after.dynamic:
        return 0
    return math.prod(before.shape) // max(1, math.prod(after.shape))


def _islands(subgraph):
    """Connected float operations between integer ones, as sorted names.

    Only graphs with integer products have any; what converts at the border
    is no island, nor are constants that are widened.
    """
    tensors = subgraph.tensors
    if not any(
        operation.name in PRODUCTS
        and tensors[operation.inputs[0]].dtype in INTEGERS
        for operation in subgraph.operations
    ):
        return []
    group = {}
    for number, operation in enumerate(subgraph.operations):
        if operation.name in CONVERSIONS or not any(
            tensors[index].dtype == "FLOAT32" for index in operation.outputs
        ):
            continue
        neighbours = {
            id(group[made]): group[made]
            for made in map(subgraph.producers.get, operation.inputs)
            if made in group
        }
        merged = {number}.union(*neighbours.values())
        for member in merged:
            group[member] = merged
    unique = {id(members): members for members in group.values()}
    return [
        sorted({subgraph.operations[number].name for number in members})
        for members in unique.values()
    ]
