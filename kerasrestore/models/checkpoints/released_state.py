"""Assigning the weights of the released research code to our models."""

import keras
import numpy as np


def conv_state(prefix, conv):
    """State names of a convolution.

    Args:
        prefix: prefix of the names, such as `"head.0."`.
        conv: a Keras convolution, or any layer with `kernel` and `bias`.

    Returns:
        Dictionary from state names to variables.
    """
    return {f"{prefix}weight": conv.kernel, f"{prefix}bias": conv.bias}


def assign_released(variables, state, layout):
    """Assigns a released state, completely or not at all.

    Args:
        variables: state name -> variable of the model, or a constant array of
            the released code that the state, if it contains the name, must
            equal. Several names may map to one variable.
        state: mapping from state names to arrays.
        layout: `"pytorch"`, whose kernels are transposed (output, input,
            height, width to height, width, input, output, and likewise for
            transposed convolutions), or `"tensorflow"`, whose kernels have
            our layout.

    Raises:
        ValueError: if names are missing or unexpected, shapes differ, values
            are not finite, constants differ, or names that share a variable
            disagree; the message lists them all and nothing is assigned.
    """
    state = {name: np.asarray(array) for name, array in state.items()}
    faults = {
        "missing": [
            name
            for name, target in variables.items()
            if name not in state and not isinstance(target, np.ndarray)
        ],
        "unexpected": [name for name in state if name not in variables],
        "wrong shape": [],
        "not finite numbers": [],
        "not the constant of the released code": [],
        "not equal to the name that shares the variable": [],
    }
    values = {}
    for name, target in variables.items():
        if name not in state:
            continue
        array = state[name]
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            faults["not finite numbers"].append(name)
            continue
        if array.ndim == 4 and layout == "pytorch":
            array = array.transpose(2, 3, 1, 0)
        shape = tuple(target.shape)
        if array.shape != shape:
            # A scalar may have any number of axes.
            if not array.size == np.prod(shape) == 1:
                faults["wrong shape"].append(
                    f"{name} {state[name].shape}, expected "
                    f"{_released_shape(shape, layout)}"
                )
                continue
            array = array.reshape(shape)
        if isinstance(target, np.ndarray):
            if not np.allclose(array, target, rtol=1e-5, atol=1e-7):
                faults["not the constant of the released code"].append(name)
            continue
        _, before = values.setdefault(id(target), (target, array))
        if not np.array_equal(before, array):
            faults["not equal to the name that shares the variable"].append(
                name
            )
    problems = [
        f"{what}: {', '.join(names)}" for what, names in faults.items() if names
    ]
    if problems:
        raise ValueError(
            "The checkpoint does not fit the model and was not loaded ("
            + "; ".join(problems)
            + "); build the model with the arguments of the checkpoint."
        )
    for variable, array in values.values():
        variable.assign(keras.ops.convert_to_tensor(array, variable.dtype))


def _released_shape(shape, layout):
    if len(shape) == 4 and layout == "pytorch":
        return tuple(shape[axis] for axis in (3, 2, 0, 1))
    return shape
