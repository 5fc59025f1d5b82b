"""Reads the pickles in PyTorch checkpoints without executing code.

Unpickling can execute arbitrary code. This reader executes none: it supports
only the opcodes that a state_dict is written with, and it recognizes the few
functions that a state_dict refers to by name without calling them.
"""

import math
import pickletools
from typing import NamedTuple

import numpy as np

# NumPy type codes of the storages. NumPy has no bfloat16; `from_bytes` converts
# it to float32.
STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
    # Sized in bytes; its tensors specify their dtype.
    "UntypedStorage": "u1",
}
DTYPES = {"uint16": "u2", "uint32": "u4", "uint64": "u8"}
FUNCTIONS = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_tensor_v3"),
    ("torch._utils", "_rebuild_parameter"),
}


class RefusedError(ValueError):
    """The pickle is well-formed but not accepted."""


class Global(NamedTuple):
    """A name that unpickling would import."""

    module: str
    name: str

    def __str__(self):
        return f"{self.module}.{self.name}"


class Storage(NamedTuple):
    """Tensor data stored elsewhere in the file."""

    key: str
    dtype: str
    count: int


class Tensor(NamedTuple):
    """A view of a storage; validated in `view`."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple
    strides: tuple


def read_pickle(stream, storages=None):
    """Reads one pickle from a stream.

    Args:
        stream: in-memory binary file; left positioned after the pickle.
        storages: dictionary to which the storages are added by key.

    Returns:
        Numbers, strings, tuples, lists and dictionaries, with `Tensor` and
        `Storage` in place of tensors and storages.

    Raises:
        ValueError: if the pickle is damaged or contains anything else.

    Example:
    >>> import io, pickle
    >>> read_pickle(io.BytesIO(pickle.dumps({"a": (1, 2.5)}, protocol=2)))
    {'a': (1, 2.5)}
    >>> try:
    ...     read_pickle(io.BytesIO(pickle.dumps(print, protocol=2)))
    ... except RefusedError as error:
    ...     error
    RefusedError('it contains __builtin__.print...')
    """
    machine = _Machine({} if storages is None else storages)
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                return machine.stack.pop()
            machine.step(opcode.name, argument)
    except RefusedError:
        raise
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise ValueError("its pickle is damaged") from error
    raise ValueError("its pickle is damaged")


class _Machine:
    """The stack machine that a pickle is a program for."""

    def __init__(self, storages):
        self.storages = storages
        self.stack = []
        self.outer = []
        self.memo = {}

    def step(self, name, argument):
        stack = self.stack
        match name:
            case "PROTO" | "FRAME":
                pass
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(name == "NEWTRUE")
            case (
                "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT"
                | "BINUNICODE" | "SHORT_BINUNICODE"
            ):  # fmt: skip
                stack.append(argument)
            case "EMPTY_TUPLE":
                stack.append(())
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_DICT":
                stack.append({})
            case "MARK":
                self.outer.append(stack)
                self.stack = []
            case "TUPLE":
                self._top().append(tuple(stack))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(name[-1])
                stack[-count:] = [tuple(self._last(count))]
            case "APPEND":
                _known(stack[-2], list).append(stack.pop())
            case "APPENDS":
                _known(self._top()[-1], list).extend(stack)
            case "SETITEM":
                pair = self._last(2)
                del stack[-2:]
                _set_items(stack[-1], pair)
            case "SETITEMS":
                _set_items(self._top()[-1], stack)
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "GLOBAL":
                stack.append(_global(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                stack[-2:] = [_global(*self._last(2))]
            case "BINPERSID":
                storage = _storage(stack.pop())
                self.storages[storage.key] = storage
                stack.append(storage)
            case "REDUCE":
                stack[-2:] = [_rebuild(*self._last(2))]
            case "BUILD":
                # Metadata stored as attributes of a state_dict.
                _known(stack[-2], dict)
                stack.pop()
            case _:
                raise RefusedError(
                    f"its pickle uses {name}, which a state_dict does not "
                    "need; save only the state_dict"
                )

    def _top(self):
        """Returns to the stack below the last mark."""
        self.stack = self.outer.pop()
        return self.stack

    def _last(self, count):
        if len(self.stack) < count:
            raise IndexError
        return self.stack[-count:]


def _known(value, kind):
    if type(value) is not kind:
        raise RefusedError(
            f"its pickle has a {type(value).__name__} instead of a "
            f"{kind.__name__}"
        )
    return value


def _set_items(target, items):
    _known(target, dict)
    for key, value in zip(items[::2], items[1::2], strict=True):
        # Other keys could be nested too deeply to be hashed safely.
        if type(key) not in (str, int):
            raise RefusedError(
                f"it has a {type(key).__name__} as a key instead of a "
                "string; save only the state_dict"
            )
        target[key] = value


def _global(module, name):
    found = Global(module, name)
    if found not in FUNCTIONS and not (
        module in ("torch", "torch.storage")
        and (name in STORAGES or name in DTYPES)
    ):
        raise RefusedError(
            f"it contains {module[:80]}.{name[:80]}, which is not a tensor; "
            "save only the state_dict"
        )
    return found


def _storage(identity):
    if not (
        type(identity) is tuple
        # Old files append view metadata, which must be empty.
        and (len(identity) == 5 or (len(identity) == 6 and not identity[5]))
        and identity[0] == "storage"
        and type(identity[1]) is Global
        and type(identity[2]) is str
    ):
        raise RefusedError("it has a reference that is not a storage")
    _, kind, key, _, count = identity[:5]
    if kind.name not in STORAGES:
        raise RefusedError(f"it uses {kind} as a storage")
    return Storage(key, STORAGES[kind.name], _count(count))


def _rebuild(function, arguments):
    if type(function) is not Global or type(arguments) is not tuple:
        raise RefusedError("it calls something that is not a function")
    if (function.module, function.name) == ("collections", "OrderedDict"):
        if arguments:
            raise RefusedError("it constructs a dictionary in an unknown way")
        return {}
    if function.name == "Size" and len(arguments) == 1:
        return _known(arguments[0], tuple)
    if function.name == "_rebuild_parameter" and arguments:
        return _known(arguments[0], Tensor)
    if function.name in ("_rebuild_tensor_v2", "_rebuild_tensor_v3"):
        storage, offset, shape, strides = arguments[:4]
        dtype = _known(storage, Storage).dtype
        if function.name == "_rebuild_tensor_v3":
            dtype = DTYPES[_known(arguments[6], Global).name]
        return Tensor(storage, dtype, offset, shape, strides)
    raise RefusedError(f"it calls {function}, which does not build a tensor")


def _count(value):
    if type(value) is not int or value < 0:
        raise RefusedError("a size in it is not a whole number >= 0")
    return value


def from_bytes(raw, dtype, order="<"):
    """Decodes an array from its bytes.

    Args:
        raw: bytes.
        dtype: NumPy type code without byte order, or `"bfloat16"`, which is
            converted to float32 as NumPy has no such type.
        order: `"<"` for little-endian, `">"` for big-endian.

    Returns:
        One-dimensional array in native byte order, to be treated as
        read-only.

    Example:
    >>> from_bytes(bytes([0x80, 0x3F, 0x20, 0xC1]), "bfloat16").tolist()
    [1.0, -10.0]
    """
    code = "u2" if dtype == "bfloat16" else dtype
    numbers = np.frombuffer(raw, np.dtype(code).newbyteorder(order))
    numbers = numbers.astype(code, copy=False)
    if dtype == "bfloat16":
        # bfloat16 is the upper half of a float32.
        return (numbers.astype("u4") << 16).view("f4")
    return numbers


def item_size(dtype):
    """Size of one element in a file, in bytes."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def view(tensor, raw, order="<"):
    """Creates the array of a tensor.

    Args:
        tensor: `Tensor`.
        raw: bytes of its storage.
        order: byte order, as in `from_bytes`.

    Returns:
        Read-only array. It is a view, so zero strides take no memory.

    Raises:
        ValueError: if the tensor extends beyond its storage.
    """
    storage = tensor.storage
    if len(raw) != storage.count * item_size(storage.dtype):
        raise ValueError(
            f"a storage of {storage.count} elements has {len(raw)} bytes"
        )
    shape, strides = tensor.shape, tensor.strides
    if type(shape) is not tuple or type(strides) is not tuple or (
        len(shape) != len(strides)
    ):  # fmt: skip
        raise ValueError("a tensor in it has no valid shape")
    for number in (tensor.offset, *shape, *strides):
        _count(number)
    size = item_size(tensor.dtype)
    if len(raw) % size:
        raise ValueError(
            "the size of a storage is not a multiple of the item size"
        )
    if math.prod(shape) == 0:
        return from_bytes(b"", tensor.dtype).reshape(shape)
    last = tensor.offset + sum(
        (many - 1) * stride for many, stride in zip(shape, strides, strict=True)
    )
    if last >= len(raw) // size or len(shape) > 32:
        raise ValueError("a tensor in it extends beyond its storage")
    numbers = from_bytes(raw, tensor.dtype, order)
    return np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :],
        shape,
        [stride * numbers.itemsize for stride in strides],
        writeable=False,
    )


def resolve(value, record, order="<", depth=3):
    """Replaces tensors in nested dictionaries with arrays.

    Args:
        value: return value of `read_pickle`.
        record: function from the key of a storage to its bytes.
        order: byte order, as in `from_bytes`.
        depth: maximum nesting depth of the dictionaries.

    Returns:
        A copy of `value` with arrays. Tensors in other places are left as
        they are.
    """
    if type(value) is Tensor:
        return view(value, record(value.storage.key), order)
    if type(value) is not dict or not depth:
        return value
    return {
        name: resolve(part, record, order, depth - 1)
        for name, part in value.items()
    }
