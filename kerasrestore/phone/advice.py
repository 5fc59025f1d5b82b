"""Graph patterns in a `.tflite` that cost speed or quality on a phone."""

import math

# Reductions over this many positions lose precision in float16 and in 8 bits.
BIG_MAP = 64 * 64
MAX_RANK = 4
INTEGERS = ("INT8", "UINT8", "INT16")
CONVERSIONS = ("DEQUANTIZE", "QUANTIZE")
PRODUCTS = ("BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
REDUCTIONS = ("AVERAGE_POOL_2D", "MEAN", "REDUCE_MAX", "SUM")

ADVICE = {
    "GATHER": "GPU delegates fall back to the CPU; if the indices are "
    "constant, use slices or a convolution",
    "GATHER_ND": "GPU delegates fall back to the CPU; if the indices are "
    "constant, use slices or a convolution",
    "IF": "branches run on the CPU, and both are stored; export only one",
    "PRELU": "delegates differ in it and it quantizes poorly to 8 bits; train "
    "with ReLU",
    "RESIZE_BICUBIC": "not every runtime supports it; express it as two "
    "products with constant matrices",
    "RESIZE_BILINEAR": "a skip connection that is upsampled this way loses "
    "detail in 8 bits; use a convolution and DEPTH_TO_SPACE",
    "SCATTER_ND": "GPU delegates fall back to the CPU; rewrite it as a gather "
    "or a sum of shifted feature maps",
    "TRANSPOSE_CONV": "slow in integers and on some GPUs; use a convolution "
    "and DEPTH_TO_SPACE",
    "WHILE": "loops run on the CPU and leave the delegate between iterations; "
    "unroll short loops",
}


def warn(graph, taken, parts):
    """Finds what runs slowly or inaccurately on phones.

    Args:
        graph: `TFLiteGraph`.
        taken: for each subgraph, the indices of the operations that the CPU
            delegate runs, or `None`, as returned by `delegated_operations`.
        parts: number of delegate partitions of each subgraph, likewise.

    Returns:
        List of dictionaries: `what` was found, `count`, and `advice`.
    """
    operations = [
        (subgraph, number, operation)
        for subgraph in graph.subgraphs
        for number, operation in enumerate(subgraph.operations)
    ]
    warnings = []

    def add(what, found, advice):
        if found:
            count = found if isinstance(found, int) else len(found)
            warnings.append({"what": what, "count": count, "advice": advice})

    dynamic_inputs = [
        graph.main.tensors[index].name
        for index in graph.main.inputs
        if graph.main.tensors[index].dynamic
    ]
    add(
        f"inputs with a dynamic shape: {', '.join(dynamic_inputs)}",
        dynamic_inputs,
        "LiteRT's CompiledModel and LiteRT.js reject the file; export it with "
        "a fixed tile",
    )
    # Loops contain lists that are always declared dynamic; the shapes of the
    # main graph are reliable.
    dynamic = [
        tensor
        for tensor in graph.main.tensors
        if tensor.dynamic and tensor.name not in dynamic_inputs
    ]
    add(
        "intermediate tensors with a dynamic shape",
        dynamic,
        "they are reallocated in every run, and GPU delegates leave them to "
        "the CPU; export the model with a fixed tile",
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
    add(
        f"tensors of rank {max(ranks, default=0)} "
        f"({', '.join(sorted(high)) or 'unused'})",
        ranks,
        f"GPU delegates support at most {MAX_RANK} dimensions; reshape in "
        "smaller steps",
    )
    custom = [operation for *_, operation in operations if operation.custom]
    add(
        "operations that are not built in: "
        + ", ".join(sorted({operation.name for operation in custom})),
        custom,
        "an app has to register them; replace them by built-in ones",
    )
    for name, advice in ADVICE.items():
        found = [operation for *_, operation in operations]
        add(name, sum(one.name == name for one in found), advice)
    big = [
        (operation.name, positions)
        for subgraph, _, operation in operations
        if operation.name in REDUCTIONS
        and (positions := _positions(subgraph, operation)) >= BIG_MAP
    ]
    add(
        ", ".join(sorted({name for name, _ in big}))
        + f" over up to {max((n for _, n in big), default=0)} positions",
        big,
        "sums over large feature maps overflow in float16 on GPUs and are "
        "coarse in 8 bits; remove them or reduce in several steps",
    )
    islands = [
        names for subgraph in graph.subgraphs for names in _islands(subgraph)
    ]
    add(
        "float islands in an integer graph: "
        + "; ".join(sorted({" ".join(names) for names in islands})),
        islands,
        "each adds a conversion before and after it; keep only those that "
        "quality depends on, such as attention",
    )
    outside = [
        operation.name
        for subgraph, inside in zip(graph.subgraphs, taken, strict=True)
        for number, operation in enumerate(subgraph.operations)
        if inside is not None and number not in inside
    ]
    add(
        "operations that XNNPACK does not run: "
        f"{', '.join(sorted(set(outside)))}",
        outside,
        "they run in LiteRT's own kernels and split the graph; number of "
        f"delegate partitions: {sum(parts)}",
    )
    return warnings


def arithmetic(graph):
    """Counts the data types of convolutions and matrix products.

    Args:
        graph: `TFLiteGraph`.

    Returns:
        Dictionary of counts by types, such as `{"INT8 x INT8": 14}`, with
        the type of the input first. Weights stored in half precision are
        `FLOAT32 x FLOAT16`; float inputs with integer weights come from
        dynamic-range quantization.
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
    """Type of a tensor; of a dequantized constant, the type it is stored in."""
    made = subgraph.producers.get(index)
    if made is not None and subgraph.operations[made].name == "DEQUANTIZE":
        source = subgraph.tensors[subgraph.operations[made].inputs[0]]
        if source.value is not None:
            return source.dtype
    return subgraph.tensors[index].dtype


def _positions(subgraph, operation):
    """Number of values reduced to each output value; 0 for dynamic shapes."""
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
    """Connected float operations in an integer graph, as sorted names.

    Only graphs with integer products have any. Conversions at their borders
    and dequantized constants are not part of them.
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
