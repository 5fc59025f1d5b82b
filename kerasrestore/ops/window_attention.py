"""Attention within a window around every pixel, block by block."""

import itertools

from keras import ops

from kerasrestore.ops.arguments import whole_numbers
from kerasrestore.ops.attention import softmax_attention
from kerasrestore.ops.window_blocks import (
    BLOCK,
    WindowBlocks,
    precise_dtype,
)

PADDINGS = ("circular", "zero")
# Bias of logits outside the window; its exponential is zero.
NEVER = -1e30


def window_attention(
    query,
    key,
    value,
    window,
    padding="circular",
    weighting="softmax",
    block_size=BLOCK,
):
    """Attention within a square window around every pixel.

    The logit of the pixels i and j is the inner product of the query at i
    and the key at j. For lists of queries and keys, the logits of all pairs
    are summed before normalization: logits that are propagated from step to
    step need no memory of their own, only the features that they are
    computed from.

    Blocks of queries are processed one after the other. Each block is
    multiplied with all keys around it, and keys outside the window of a query
    are masked; neither the windows nor the matrix of all logits are ever
    materialized, and the backward pass recomputes the blocks.

    Args:
        query: tensor `(batch, height, width, channels)`, or a list of such
            tensors, which may differ in their channels.
        key: tensor or list with the shapes of `query`.
        value: tensor `(batch, height, width, filters)`.
        window: side of the window in pixels, odd; `None` for the whole map,
            with each pixel once.
        padding: `"circular"` continues the map periodically; a window larger
            than the map contains a pixel several times. `"zero"` pads it with
            positions whose logit and value are zero and which count like any
            other position.
        weighting: `"softmax"` of the logits over the window, or `"mean"`:
            the logits themselves, divided by the number of positions in the
            window.
        block_size: side of a block of queries in pixels. The result does
            not depend on it.

    Returns:
        Tensor `(batch, height, width, filters)` of the dtype of `value`.
        Blocks are computed in at least float32.

    Raises:
        ValueError: if shapes do not match or an argument is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.ones((1, 5, 6, 2), "float32")
    >>> window_attention(x, x, 3 * x, window=3)[0, 0, 0].numpy()
    array([3., 3.], dtype=float32)

    References:
        - NLRN: Liu et al., "Non-Local Recurrent Network for Image
          Restoration", NeurIPS 2018, equation 6 and section 5; circular
          padding is the paper's, zero padding that of the unused branch of
          the released code.
    """
    queries, keys = (
        [ops.convert_to_tensor(x) for x in features]
        for features in (_as_list(query), _as_list(key))
    )
    value = ops.convert_to_tensor(value)
    _check(queries, keys, value, window, padding, weighting, block_size)
    if window is None:
        return _attend_everywhere(queries, keys, value, weighting)

    @ops.custom_gradient
    def attention(value, *features):
        half = len(features) // 2
        queries, keys = features[:half], features[half:]
        # Created here, as JAX does not allow a custom gradient to close over
        # tensors.
        blocks = WindowBlocks(value, window, padding, block_size)
        rule = WEIGHTINGS[weighting](blocks)
        output, normalizer = blocks.run(
            rule.attend, queries, [value, *keys], [value.shape[-1], 1]
        )

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return _gradient(
                blocks, rule, value, queries, keys, output, normalizer, upstream
            )

        return ops.cast(output, value.dtype), gradient

    return attention(value, *queries, *keys)


class _Softmax:
    """Weights of the values: the softmax of the logits.

    Args:
        blocks: `WindowBlocks`.
    """

    def __init__(self, blocks):
        count = blocks.window_counts()
        # A pixel that occurs several times in the window counts as often.
        self.bias = ops.where(count > 0, ops.log(ops.maximum(count, 1)), NEVER)

    def attend(self, query, surroundings):
        """Output of a block, and the log-sum-exp of its logits."""
        value, *key = surroundings
        logits = _logits(query, key) + self.bias
        largest = ops.max(logits, axis=-1, keepdims=True)
        weight = ops.exp(logits - largest)
        total = ops.sum(weight, axis=-1, keepdims=True)
        return [ops.matmul(weight, value) / total, largest + ops.log(total)]

    def weight(self, logits, normalizer):
        """Weights for a known log-sum-exp."""
        return ops.exp(logits + self.bias - normalizer)

    def logit_gradient(self, weight, gradient, inner):
        """Gradient of the logits from that of the weights."""
        return weight * (gradient - inner)


class _Mean:
    """Weights of the values: the logits divided by their number.

    Args:
        blocks: `WindowBlocks`.
    """

    def __init__(self, blocks):
        self.share = blocks.window_counts() / blocks.window**2

    def attend(self, query, surroundings):
        """Output of a block; there is no normalizer."""
        value, *key = surroundings
        weight = self.weight(_logits(query, key), None)
        output = ops.matmul(weight, value)
        return [output, ops.zeros_like(output[..., :1])]

    def weight(self, logits, normalizer):
        """Weights of the values."""
        return logits * self.share

    def logit_gradient(self, weight, gradient, inner):
        """Gradient of the logits from that of the weights."""
        return gradient * self.share


WEIGHTINGS = {"softmax": _Softmax, "mean": _Mean}


def _gradient(blocks, rule, value, queries, keys, output, normalizer, upstream):
    """Gradients of value, queries and keys."""
    upstream = ops.cast(upstream, blocks.dtype)
    inner = ops.sum(upstream * output, axis=-1, keepdims=True)
    seeing = [upstream, inner, normalizer, *queries]
    seen = [value, *keys]

    def of_queries(block, surroundings):
        upstream, inner, normalizer, *query = block
        value, *key = surroundings
        weight = rule.weight(_logits(query, key), normalizer)
        slope = ops.matmul(upstream, _transposed(value))
        slope = rule.logit_gradient(weight, slope, inner)
        return [ops.matmul(slope, _concatenated(key))]

    def of_values_and_keys(block, surroundings):
        # Windows are symmetric: the queries that see a pixel are those in
        # the window around it.
        value, *key = block
        upstream, inner, normalizer, *query = surroundings
        weight = rule.weight(_logits(key, query), _transposed(normalizer))
        slope = ops.matmul(value, _transposed(upstream))
        slope = rule.logit_gradient(weight, slope, _transposed(inner))
        return [
            ops.matmul(weight, upstream),
            ops.matmul(slope, _concatenated(query)),
        ]

    widths = [x.shape[-1] for x in keys]
    channels = sum(widths)
    (of_query,) = blocks.run(of_queries, seeing, seen, [channels])
    of_value, of_key = blocks.run(
        of_values_and_keys, seen, seeing, [value.shape[-1], channels]
    )
    slopes = [of_value]
    for slope in (of_query, of_key):
        ends = itertools.accumulate(widths)
        slopes += [
            slope[..., end - width : end]
            for end, width in zip(ends, widths, strict=True)
        ]
    return tuple(
        ops.cast(slope, x.dtype)
        for slope, x in zip(slopes, (value, *queries, *keys), strict=True)
    )


def _attend_everywhere(queries, keys, value, weighting):
    # Keras warns about a softmax over one position, which is 1.
    if weighting == "softmax" and tuple(value.shape[1:3]) == (1, 1):
        return value
    batch, height, width, filters = ops.shape(value)
    dtype = precise_dtype(value)
    query, key, flat = (
        ops.cast(ops.reshape(x, (-1, height * width, x.shape[-1])), dtype)
        for x in (_concatenated(queries), _concatenated(keys), value)
    )
    if weighting == "softmax":
        output = softmax_attention(query, key, flat)
    else:
        # Without softmax, the matrix of all pairs is not needed.
        pairs = ops.matmul(_transposed(key), flat)
        output = ops.matmul(query, pairs) / ops.cast(height * width, dtype)
    output = ops.reshape(output, (batch, height, width, filters))
    return ops.cast(output, value.dtype)


def _as_list(features):
    return features if isinstance(features, (list, tuple)) else [features]


def _transposed(x):
    return ops.swapaxes(x, -1, -2)


def _concatenated(features):
    return ops.concatenate(features, axis=-1)


def _logits(query, key):
    return ops.matmul(_concatenated(query), _transposed(_concatenated(key)))


def _check(queries, keys, value, window, padding, weighting, block_size):
    if len(queries) != len(keys) or not queries:
        raise ValueError(
            "query and key must be lists of the same length, got "
            f"{len(queries)} queries and {len(keys)} keys."
        )
    for query, key in zip(queries, keys, strict=True):
        shapes = [tuple(x.shape) for x in (query, key, value)]
        if any(len(shape) != 4 for shape in shapes) or not (
            _fit(*shapes[:2]) and _fit(shapes[0][:3], shapes[2][:3])
        ):
            raise ValueError(
                "query, key and value must have the shape (batch, height, "
                "width, channels) and differ only in the channels of value, "
                f"got {shapes[0]}, {shapes[1]} and {shapes[2]}."
            )
    whole_numbers("block_size", [block_size], least=1)
    check_window(window, padding)
    if weighting not in WEIGHTINGS:
        raise ValueError(
            f"weighting must be {' or '.join(map(repr, WEIGHTINGS))}, got "
            f"{weighting!r}."
        )


def check_window(window, padding):
    """Raises ValueError if `window_attention` would refuse these."""
    if padding not in PADDINGS:
        raise ValueError(
            f"padding must be {' or '.join(map(repr, PADDINGS))}, got "
            f"{padding!r}."
        )
    if window is None:
        return
    (side,) = whole_numbers("window", [window], least=1)
    if side % 2 == 0:
        raise ValueError(
            "window must be odd, so that it has a centre pixel, got "
            f"{window}; use {side + 1}."
        )


def _fit(one, other):
    return all(
        a == b or None in (a, b) for a, b in zip(one, other, strict=True)
    )
