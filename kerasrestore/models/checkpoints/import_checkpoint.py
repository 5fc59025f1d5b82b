"""Weights of the released research code, from the files they come in."""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from kerasrestore.models.checkpoints.safetensors_file import read_safetensors
from kerasrestore.models.checkpoints.torch_legacy import HEAD, read_torch_legacy
from kerasrestore.models.checkpoints.torch_zip import read_torch_zip

# Bytes that a file may hold, packed or unpacked: far more than any
# restoration network has.
LARGEST = 2**32
# Where training scripts keep the state inside of what they save.
WRAPPERS = ("state_dict", "model", "params")
DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    OSError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def import_checkpoint(path, model):
    """Loads a checkpoint of the released research code into a model.

    PyTorch is not needed, and nothing that a file says is run: a PyTorch
    checkpoint may hold tensors in plain containers and nothing else.

    Args:
        path: PyTorch checkpoint (`.pt`, `.pth`; a state dictionary, or one
            under `state_dict`, `model` or `params`), `.safetensors` file,
            or `.npz` file with the state's names. The `module.` that
            training on several GPUs puts in front of every name is taken
            off.
        model: model built as released: `RNAN(..., released=True)`.

    Returns:
        The model.

    Raises:
        ValueError: if the file is of another kind, damaged or holds more
            than tensors, or if names or shapes do not fit the model; the
            model is then as it was.

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
    """Reads the state in a checkpoint.

    Args:
        path: as in `import_checkpoint`.

    Returns:
        Dictionary of the state's names and NumPy arrays.

    Raises:
        ValueError: if the file is of another kind, damaged, or holds more
            than tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path}; give the checkpoint's.")
    if path.stat().st_size > LARGEST:
        raise ValueError(
            f"{path} has {path.stat().st_size / 1e9:.1f} GB, more than any "
            f"checkpoint of a restoration network; the limit is "
            f"{LARGEST / 1e9:.1f} GB."
        )
    try:
        return _state(_reader(path)(path))
    except DAMAGE as error:
        reason = str(error)
        if not isinstance(error, ValueError):
            reason = f"it is damaged ({reason or type(error).__name__})"
        raise ValueError(f"{path} is not imported: {reason}.") from error


def _reader(path):
    """The reader for a file, chosen by its content, not its name."""
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
        "it is no PyTorch checkpoint, no safetensors and no npz file; Keras' "
        "own files are loaded with model.load_weights"
    )


def _read_npz(path):
    state = {}
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > LARGEST:
            raise ValueError("it unpacks to more than any checkpoint has")
        for entry in entries:
            # The header of an array promises no more than the entry has.
            with archive.open(entry) as file:
                shape, _, dtype = _npy_header(file)
                size = math.prod(shape) * dtype.itemsize
                if (
                    dtype.kind not in "fiub"
                    or dtype.itemsize > 8
                    or file.tell() + size != entry.file_size
                ):
                    raise ValueError(
                        f"{entry.filename} in it is no array of numbers"
                    )
            with archive.open(entry) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
            # Some backends take only the machine's own byte order.
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
        raise ValueError("it holds no state; save the state_dict alone")
    others = [
        str(name)
        for name, array in value.items()
        if not isinstance(array, np.ndarray)
    ]
    if others:
        raise ValueError(
            f"it holds things that are no tensors, {', '.join(others[:5])} "
            "for example; save the state_dict alone"
        )
    prefix = "module."
    if all(name.startswith(prefix) for name in value):
        value = {
            name.removeprefix(prefix): array for name, array in value.items()
        }
    return value
