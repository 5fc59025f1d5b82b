"""Parameters, multiply-accumulates and live memory of a model."""

import math

import keras


def trace(model, height, width):
    """Shapes that flow through a functional model at a given image size.

    Args:
        model: a functional `Restorer`.
        height: image height in pixels.
        width: image width in pixels.

    Returns:
        List of `(operation, input_shapes, output_shape)` in the order of
        execution, batch 1.
    """
    steps = []

    def record(operation):
        def run(*args, **kwargs):
            output = operation.compute_output_spec(*args, **kwargs)
            tensors = keras.tree.flatten((args, kwargs))
            steps.append(
                (
                    operation,
                    [x for x in tensors if isinstance(x, keras.KerasTensor)],
                    output,
                )
            )
            return output

        return run

    inputs = keras.tree.map_structure(
        lambda x: keras.KerasTensor(
            (1, height, width, x.shape[-1])
            if len(x.shape) == 4
            else (1, *x.shape[1:]),
            dtype=x.dtype,
        ),
        model.input,
    )
    # Keras has no public walk over a functional graph with other shapes.
    model._run_through_graph(inputs, operation_fn=record)
    return steps


def count_macs(model, height=256, width=256):
    """Multiply-accumulates of all convolutions and dense layers.

    Args:
        model: a functional `Restorer`.
        height: image height in pixels.
        width: image width in pixels.

    Returns:
        Multiply-accumulates for one image as an int.

    Raises:
        ValueError: if a layer with a kernel is of a kind that the counter
            does not know.

    Example:
    >>> from kerasrestore.models.danet.danet_mobile import DANetMobile
    >>> round(count_macs(DANetMobile(), 64, 64) / 64**2 / 1e3, 1)
    73.6
    """
    total = 0
    for operation, _, output in trace(model, height, width):
        if isinstance(operation, (keras.layers.Conv2D, keras.layers.Dense)):
            positions = math.prod(output.shape[1:-1])
            total += positions * math.prod(operation.kernel.shape)
        elif getattr(operation, "kernel", None) is not None:
            raise ValueError(
                f"The counter does not know {type(operation).__name__}; "
                "teach it in kerasrestore/models/cost.py."
            )
    return total


def count_parameters(model):
    """Trainable scalars of a model."""
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def live_bytes(model, height, width):
    """Most bytes of activations that are alive at one time.

    A tensor lives from the operation that makes it to the last one that
    reads it; batch 1. What a backend's convolution needs to work in comes on
    top of that.
    """
    steps = trace(model, height, width)
    last = {}
    for index, (_, inputs, _) in enumerate(steps):
        for tensor in inputs:
            last[id(tensor)] = index
    alive = {id(x): _bytes(x) for x in steps[0][1]}
    most = 0
    for index, (_, inputs, output) in enumerate(steps):
        alive[id(output)] = _bytes(output)
        most = max(most, sum(alive.values()))
        for tensor in inputs:
            if last[id(tensor)] == index:
                alive.pop(id(tensor), None)
    return most


def _bytes(tensor):
    size = {"float16": 2, "bfloat16": 2}.get(tensor.dtype, 4)
    return math.prod(tensor.shape) * size
