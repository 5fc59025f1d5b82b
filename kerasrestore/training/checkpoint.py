"""One file that holds all of a training: weights, optimizer, step."""

import zlib
from zipfile import BadZipFile

import keras
import numpy as np

from kerasrestore.files import write_atomically

# What NumPy and zipfile raise on a damaged archive, wherever the damage is.
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    BadZipFile,
    zlib.error,
)


def _variables(model):
    # A frozen teacher beside the model that learns is not worth the space.
    held = getattr(model, "checkpoint_variables", model.variables)
    named = {}
    for variable in held:
        name = f"model/{variable.path}"
        # Two networks side by side call their layers alike.
        while name in named:
            name += "+"
        named[name] = variable
    for index, variable in enumerate(model.optimizer.variables):
        # Its path begins with names that Keras counts up in a process.
        name = variable.path.rpartition("/")[2]
        named[f"optimizer/{index:04}/{name}"] = variable
    return named


def find_not_finite(model):
    """Looks for a variable that would make a checkpoint worthless.

    Args:
        model: compiled model whose optimizer is built.

    Returns:
        The beginning of a sentence on the first one with a value that is not
        finite, or `None`.
    """
    for name, variable in _variables(model).items():
        if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
            return f"The variable {name} was no longer finite"
    return None


def save_checkpoint(path, model, step):
    """Writes a checkpoint; a kill or a full disk leaves the old one whole.

    Args:
        path: file to write, replaced at once when the new one is complete.
        model: compiled model whose optimizer is built.
        step: number of training steps done.

    Raises:
        OSError: if the file cannot be written; an older one stays as it was.
    """
    arrays = {
        name: keras.ops.convert_to_numpy(variable)
        for name, variable in _variables(model).items()
    }
    # NumPy has no bfloat16; float32 holds its values exactly.
    arrays = {
        name: array.astype(np.float32)
        if array.dtype.name == "bfloat16"
        else array
        for name, array in arrays.items()
    }
    write_atomically(
        path, lambda file: np.savez(file, step=np.int64(step), **arrays)
    )


def load_checkpoint(path, model):
    """Puts a checkpoint back into a compiled model of the same build.

    Args:
        path: file that `save_checkpoint` wrote.
        model: compiled model.

    Returns:
        The number of training steps done.

    Raises:
        ValueError: if the file is unreadable or belongs to another model,
            optimizer or backend layout.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    variables = _variables(model)
    try:
        with (
            open(path, "rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            arrays = dict(archive)
        step = int(arrays.pop("step"))
    except DAMAGE as error:
        raise ValueError(
            f"{path} is not a readable checkpoint ({error}); delete it to "
            "start anew."
        ) from error
    wrong = sorted(variables.keys() ^ arrays.keys()) or [
        name
        for name, variable in variables.items()
        if tuple(variable.shape) != arrays[name].shape
    ]
    if wrong:
        raise ValueError(
            f"{path} belongs to another model or optimizer: {len(wrong)} "
            f"variables differ, {wrong[0]} first; use another output folder "
            "or the same arguments as before."
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return step
