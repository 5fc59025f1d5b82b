"""Parameter count, multiply-accumulates and activation memory of a model."""

import math

import keras

from kerasrestore.keras_internals import run_graph

# Layers whose weights take part in no matrix product.
WITHOUT_PRODUCTS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.PReLU,
)
# Layers that use every kernel weight once per output position.
KERNELS = (
    keras.layers.Conv2D,
    keras.layers.Dense,
    keras.layers.DepthwiseConv2D,
)


def trace(model, height, width):
    """Tensor shapes throughout a functional model at a given image size.

    Args:
        model: a functional `Restorer`.
        height: image height in pixels.
        width: image width in pixels.

    Returns:
        List of `(operation, inputs, outputs)` in execution order; inputs and
        outputs are lists of symbolic tensors with batch size 1.
    """
    steps = []

    def record(operation, *args, **kwargs):
        output = operation.compute_output_spec(*args, **kwargs)
        tensors = keras.tree.flatten((args, kwargs))
        steps.append(
            (
                operation,
                [x for x in tensors if isinstance(x, keras.KerasTensor)],
                keras.tree.flatten(output),
            )
        )
        return output

    inputs = keras.tree.map_structure(
        lambda x: keras.KerasTensor(
            (1, height, width, x.shape[-1])
            if len(x.shape) == 4
            else (1, *x.shape[1:]),
            dtype=x.dtype,
        ),
        model.input,
    )
    run_graph(model, inputs, record)
    return steps


def count_macs(model, height=256, width=256):
    """Multiply-accumulates of all convolutions and matrix products.

    Layers that are more than a single convolution report their own cost:
    `count_macs(input_shape)`, given the shape of their first input.

    Args:
        model: a functional `Restorer`.
        height: image height in pixels.
        width: image width in pixels.

    Returns:
        Multiply-accumulates for one image as an int.

    Raises:
        ValueError: if the cost of a layer with weights is unknown.

    Example:
    >>> from kerasrestore.models.danet.danet_mobile import DANetMobile
    >>> round(count_macs(DANetMobile(), 64, 64) / 64**2 / 1e3, 1)
    73.6
    """
    total = 0
    for operation, inputs, outputs in trace(model, height, width):
        if hasattr(operation, "count_macs"):
            total += operation.count_macs(inputs[0].shape)
        elif isinstance(operation, KERNELS):
            positions = math.prod(outputs[0].shape[1:-1])
            total += positions * math.prod(operation.kernel.shape)
        elif getattr(operation, "weights", None) and not isinstance(
            operation, WITHOUT_PRODUCTS
        ):
            raise ValueError(
                f"The cost of {type(operation).__name__} is unknown; give the "
                "layer a count_macs method."
            )
    return total


def count_parameters(model):
    """Number of trainable parameters of a model."""
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def live_bytes(model, height, width, overhead=1.0):
    """Peak memory of the live activations at batch size 1.

    A tensor is live from the operation that produces it to the last one that
    reads it. Layers that need workspace beyond their output report it:
    `workspace_bytes(input_shape)`.

    Args:
        model: a functional `Restorer`.
        height: image height in pixels.
        width: image width in pixels.
        overhead: factor that accounts for the workspace of the backend's
            convolutions. It scales the activations, not the bytes that layers
            report.

    Returns:
        Bytes as a float.
    """
    steps = trace(model, height, width)
    last = {}
    for index, (_, inputs, _) in enumerate(steps):
        for tensor in inputs:
            last[id(tensor)] = index
    alive = {id(x): _bytes(x) for x in steps[0][1]}
    most = 0
    for index, (operation, inputs, outputs) in enumerate(steps):
        alive.update({id(x): _bytes(x) for x in outputs})
        work = 0
        if hasattr(operation, "workspace_bytes"):
            work = operation.workspace_bytes(inputs[0].shape)
        most = max(most, overhead * sum(alive.values()) + work)
        for tensor in inputs:
            if last[id(tensor)] == index:
                alive.pop(id(tensor), None)
    return most


def _bytes(tensor):
    size = {"float16": 2, "bfloat16": 2}.get(tensor.dtype, 4)
    return math.prod(tensor.shape) * size
