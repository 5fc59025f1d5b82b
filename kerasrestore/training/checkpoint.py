"""Training checkpoints: weights, optimizer state and step in one file."""

import zlib
from zipfile import BadZipFile

import keras
import numpy as np

from kerasrestore.files import write_atomically

# All that NumPy and zipfile may raise on a damaged archive.
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
    # A frozen teacher need not be saved with its student.
    held = getattr(model, "checkpoint_variables", model.variables)
    named = {}
    for variable in held:
        name = f"model/{variable.path}"
        # Layer names may repeat if the model contains two networks.
        while name in named:
            name += "+"
        named[name] = variable
    for index, variable in enumerate(model.optimizer.variables):
        # The path starts with a name that Keras numbers per process.
        name = variable.path.rpartition("/")[2]
        named[f"optimizer/{index:04}/{name}"] = variable
    return named


def find_not_finite(model):
    """Finds a variable with NaN or infinite values.

    Args:
        model: compiled model whose optimizer is built.

    Returns:
        The start of an error message about the first such variable, or
        `None`.
    """
    for name, variable in _variables(model).items():
        if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
            return f"The variable {name} was no longer finite"
    return None


def save_checkpoint(path, model, step):
    """Writes a checkpoint atomically; interruptions keep the previous one.

    Args:
        path: file to write, replaced only when the new one is complete.
        model: compiled model whose optimizer is built.
        step: number of completed training steps.

    Raises:
        OSError: if the file cannot be written; an existing file is kept.
    """
    arrays = {
        name: keras.ops.convert_to_numpy(variable)
        for name, variable in _variables(model).items()
    }
    # NumPy has no bfloat16; float32 represents its values exactly.
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
    """Restores a checkpoint into a compiled model with the same structure.

    Args:
        path: file written by `save_checkpoint`.
        model: compiled model.

    Returns:
        The number of completed training steps.

    Raises:
        ValueError: if the file is unreadable or was saved from a different
            model, optimizer or backend.
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
            "start from scratch."
        ) from error
    wrong = sorted(variables.keys() ^ arrays.keys()) or [
        name
        for name, variable in variables.items()
        if tuple(variable.shape) != arrays[name].shape
    ]
    if wrong:
        raise ValueError(
            f"{path} belongs to another model or optimizer: {len(wrong)} "
            f"variables differ, the first is {wrong[0]}; use another output "
            "folder or the same arguments as before."
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return step
