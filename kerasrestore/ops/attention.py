"""Softmax attention, dense or block by block."""

import keras
from keras import ops

from kerasrestore.ops.blocks import map_blocks

NORMALIZE = ("keys", "queries")
# Number of pairs of positions up to which attention is dense, as it is faster.
DENSE_PAIRS = 2**26
# Number of pairs of positions per block beyond that.
BLOCK_PAIRS = 2**24
# Assumed batch size in training, where it is unknown under TensorFlow.
USUAL_BATCH = 16


def softmax_attention(
    query, key, value, scale=1.0, normalize="keys", block_size=None
):
    """Softmax attention of all queries to all keys.

    `output[i] = sum over j of weight[i, j] * value[j]`, where `weight` is the
    softmax of `scale * <query[i], key[j]>` over the keys j. With
    `normalize="queries"` the softmax runs over the queries i, as in RNAN's
    released code; the outputs are then not averages of the values.

    The blockwise form is exact, too: a block has all the logits of a softmax.
    Memory grows linearly with the number of positions, not quadratically, and
    the backward pass recomputes the blocks.

    Args:
        query: tensor `(batch, queries, channels)`.
        key: tensor `(batch, keys, channels)`.
        value: tensor `(batch, keys, filters)`.
        scale: factor of the logits.
        normalize: `"keys"` or `"queries"`.
        block_size: number of queries (keys for `normalize="queries"`) that
            are processed at a time. By default all of them for small inputs,
            else as many as fit into some hundred megabytes. The result does
            not depend on it.

    Returns:
        Tensor `(batch, queries, filters)` of the dtype of `value`. The
        softmax is computed in at least float32.

    Raises:
        ValueError: if shapes do not match, sizes are unknown, or `normalize`
            or `block_size` is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.eye(3, dtype="float32")[None]
    >>> y = softmax_attention(x, x, x, scale=100.0)
    >>> np.asarray(y[0]).round(3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]

    References:
        - Wang et al., "Non-local Neural Networks", CVPR 2018, equation 4.
        - RNAN: Zhang et al., "Residual Non-local Attention Networks for
          Image Restoration", ICLR 2019, equations 3 and 5.
    """
    query, key, value = (ops.convert_to_tensor(x) for x in (query, key, value))
    _check(query, key, value, normalize, block_size)
    batch, queries, _ = query.shape
    keys = key.shape[1]
    if block_size is None:
        block_size = attention_block_size(batch, queries, keys, normalize)
    count = queries if normalize == "keys" else keys
    if block_size >= count:
        return _attend(query, key, value, scale, normalize)
    if normalize == "keys":
        output = map_blocks(
            _attend,
            [_split(query, block_size)],
            [key, value],
            scale=float(scale),
        )
        output = ops.transpose(output, (1, 0, 2, 3))
        padded = -(-count // block_size) * block_size
        output = ops.reshape(output, (-1, padded, value.shape[-1]))
        return output[:, :count]
    # The zero keys and values that pad the last block contribute nothing.
    output = map_blocks(
        _attend_from_keys,
        [_split(key, block_size), _split(value, block_size)],
        [query],
        total=True,
        scale=float(scale),
    )
    return ops.transpose(output, (0, 2, 1))


def attention_block_size(batch, queries, keys, normalize="keys"):
    """Number of positions that `softmax_attention` processes at a time."""
    count, others = (queries, keys) if normalize == "keys" else (keys, queries)
    batch = batch or USUAL_BATCH
    if batch * queries * keys <= DENSE_PAIRS:
        return count
    size = max(1, BLOCK_PAIRS // (batch * others))
    blocks = -(-count // size)
    return -(-count // blocks)


def _split(x, size):
    """`(blocks, batch, size, channels)`, padded with zeros."""
    _, count, channels = x.shape
    x = ops.pad(x, ((0, 0), (0, -count % size), (0, 0)))
    x = ops.reshape(x, (-1, -(-count // size), size, channels))
    return ops.transpose(x, (1, 0, 2, 3))


def _attend(query, key, value, scale, normalize="keys"):
    logits = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
    weight = _softmax(logits * scale, -1 if normalize == "keys" else 1)
    return ops.matmul(ops.cast(weight, value.dtype), value)


def _attend_from_keys(key, value, query, scale):
    # Queries are along the last axis of all large tensors: other layouts took
    # three to eight times as long.
    logits = ops.matmul(key, ops.transpose(query, (0, 2, 1)))
    weight = ops.cast(_softmax(logits * scale, -1), value.dtype)
    return ops.matmul(ops.transpose(value, (0, 2, 1)), weight)


def _softmax(logits, axis):
    dtype = keras.backend.standardize_dtype(logits.dtype)
    wide = dtype if dtype == "float64" else "float32"
    if logits.shape[axis] == 1:  # Keras warns about this case
        return ops.ones_like(logits, wide)
    return ops.softmax(ops.cast(logits, wide), axis=axis)


def _check(query, key, value, normalize, block_size):
    shapes = [tuple(x.shape) for x in (query, key, value)]
    if any(len(shape) != 3 or None in shape[1:] for shape in shapes) or not (
        shapes[0][0] == shapes[1][0] == shapes[2][0]
        and shapes[0][2] == shapes[1][2]
        and shapes[1][1] == shapes[2][1]
    ):
        raise ValueError(
            "Attention expects query (batch, queries, channels), key (batch, "
            "keys, channels) and value (batch, keys, filters) of known sizes, "
            f"got {shapes[0]}, {shapes[1]} and {shapes[2]}."
        )
    if normalize not in NORMALIZE:
        raise ValueError(
            f"normalize must be 'keys' or 'queries', got {normalize!r}."
        )
    if block_size is not None and (
        not isinstance(block_size, int) or block_size < 1
    ):
        raise ValueError(
            f"block_size must be a whole number >= 1, got {block_size!r}."
        )
