"""Loading the published checkpoints of the released research code."""

import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

from kerasrestore.messages import reason
from kerasrestore.models.checkpoints.safetensors_file import read_safetensors
from kerasrestore.models.checkpoints.torch_legacy import HEAD, read_torch_legacy
from kerasrestore.models.checkpoints.torch_zip import read_torch_zip

# Maximum size of a checkpoint in bytes, compressed or not: far more than any
# restoration network needs.
LARGEST = 2**32
# Keys under which training scripts save the state_dict.
WRAPPERS = ("state_dict", "model", "params")
DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    OSError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    IndexError,
    OverflowError,
    SyntaxError,
    TypeError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def import_checkpoint(path, model):
    """Loads a checkpoint of the released research code into a model.

    PyTorch is not needed, and no code in the file is executed: a PyTorch
    checkpoint may contain only tensors in plain containers.

    Args:
        path: PyTorch checkpoint (`.pt`, `.pth`; a state_dict, or one under
            `state_dict`, `model` or `params`), `.safetensors` file, or `.npz`
            file with the names of the state_dict. The `module.` prefix that
            multi-GPU training adds to every name is removed.
        model: model with the released architecture, such as
            `RNAN(..., released=True)`.

    Returns:
        The model.

    Raises:
        ValueError: if the file has another format, is damaged or contains
            anything but tensors, or if names or shapes do not fit the model;
            the model is then left unchanged.

    Example:
    >>> import os, tempfile, numpy as np, kerasrestore
    >>> model = kerasrestore.RNAN(local_blocks=0, nonlocal_blocks=0,
    ...     channels=1, features=4, released=True)
    >>> state = {"head.0.weight": np.ones((4, 1, 3, 3), "float32")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state.npz")
    ...     np.savez(path, **state)
    ...     kerasrestore.import_checkpoint(path, model)
    Traceback (most recent call last):
    ValueError: ...
    """
    model.load_released_state(read_checkpoint(path))
    return model


def read_checkpoint(path):
    """Reads the state_dict in a checkpoint.

    Args:
        path: as in `import_checkpoint`.

    Returns:
        Dictionary from state names to NumPy arrays.

    Raises:
        ValueError: if the file has another format, is damaged, or contains
            anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is not a file; give a checkpoint file.")
    if path.stat().st_size > LARGEST:
        raise ValueError(
            f"{path} has {path.stat().st_size / 1e9:.1f} GB, more than the "
            f"limit of {LARGEST / 1e9:.1f} GB; give the checkpoint of a "
            "restoration network."
        )
    try:
        return _state(_reader(path)(path))
    except DAMAGE as error:
        told = reason(error)
        if not isinstance(error, ValueError):
            told = f"it is damaged ({told})"
        raise ValueError(f"{path} cannot be imported: {told}.") from error


def _reader(path):
    """Selects the reader by the content of a file, not by its name."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(HEAD):
        return read_torch_legacy
    if head[8:9] == b"{":
        return read_safetensors
    names = []
    if head.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    if any(name.endswith("/data.pkl") for name in names):
        return read_torch_zip
    if names and all(name.endswith(".npy") for name in names):
        return _read_npz
    raise ValueError(
        "it is not a PyTorch checkpoint, safetensors or npz file; load Keras "
        "weights with model.load_weights"
    )


def _read_npz(path):
    state = {}
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > LARGEST:
            raise ValueError(
                "its decompressed size exceeds the limit for checkpoints"
            )
        for entry in entries:
            # The size in the array header must match the entry.
            with archive.open(entry) as file:
                shape, _, dtype = _npy_header(file)
                size = math.prod(shape) * dtype.itemsize
                if (
                    dtype.kind not in "fiub"
                    or dtype.itemsize > 8
                    or file.tell() + size != entry.file_size
                ):
                    raise ValueError(
                        f"{entry.filename} in it is not a numeric array"
                    )
            with archive.open(entry) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
            # Some backends accept only native byte order.
            native = array.dtype.newbyteorder("=")
            state[entry.filename.removesuffix(".npy")] = array.astype(
                native, copy=False
            )
    return state


def _npy_header(file):
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _state(value):
    for _ in WRAPPERS:
        inner = [
            value[name]
            for name in WRAPPERS
            if isinstance(value, dict) and isinstance(value.get(name), dict)
        ]
        if inner:
            value = inner[0]
    if not isinstance(value, dict) or not value:
        raise ValueError("it contains no state_dict; save only the state_dict")
    others = [
        str(name)
        for name, array in value.items()
        if not isinstance(array, np.ndarray)
    ]
    if others:
        raise ValueError(
            "it contains objects that are not tensors, such as "
            f"{', '.join(others[:5])}; save only the state_dict"
        )
    prefix = "module."
    if all(name.startswith(prefix) for name in value):
        value = {
            name.removeprefix(prefix): array for name, array in value.items()
        }
    return value
