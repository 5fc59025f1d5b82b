"""PANet's attention between the patches of a map and those of its pyramid."""

import functools
import math

import keras
import numpy as np
from keras import ops

from kerasrestore.ops.blocks import map_blocks

# Number of query-key pairs per tile. Several arrays of this size are live at
# the same time.
BLOCK_PAIRS = 2**26
# A tile of queries needs a margin of four pixels; smaller tiles than this would
# be mostly margin.
SMALLEST_TILE = 12
# The exponentials of logits up to this magnitude neither overflow nor underflow
# in float32.
SAFE_LOGIT = 60.0
# Lower bound of the norm that patches are divided by.
LEAST_NORM = 1e-4
NEVER = -1e30


def pyramid_attention(
    query, keys, values, patch_size=3, softmax_scale=10.0, tile=None
):
    """Attention from every patch to the patches of all pyramid levels.

    A query patch is compared with the key patches around every position of
    every level, with zero padding; key patches are divided by their norm. A
    single softmax runs over the positions of all levels. The weighted sum of
    value patches is placed at the position of the query, and overlapping
    patches are summed.

    No patches are extracted. The product of two patches is the sum of the
    products of their pixels, so it is the matrix of pixel products, summed
    along its diagonals. Aggregation does the same with the weights. So a pair
    of positions costs `channels + filters` multiply-accumulates instead of
    `patch_size**2` times as many, plus additions. Tiles of queries are
    processed one after the other, each with all keys, which makes the softmax
    exact in bounded memory; the backward pass recomputes the tiles.

    Args:
        query: tensor `(batch, height, width, channels)`.
        keys: list of tensors `(batch, height_k, width_k, channels)`, one per
            level.
        values: list of tensors `(batch, height_k, width_k, filters)`.
        patch_size: side of a patch, odd.
        softmax_scale: factor of the logits.
        tile: `(height, width)` of a tile of queries; by default as large as
            some hundred megabytes allow. The result does not depend on it.

    Returns:
        Tensor `(batch, height, width, filters)` of the dtype of the values:
        the sum of the overlapping patches, computed in at least float32.

    Raises:
        ValueError: if shapes do not match, sizes are unknown, or an argument
            is out of range.

    Example:
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(1, 6, 5, 4))
    >>> x = x.astype("float32")
    >>> pyramid_attention(x, [x, x[:, :5, :4]], [x, x[:, :5, :4]]).shape
    TensorShape([1, 6, 5, 4])

    References:
        - PANet: Mei et al., "Pyramid Attention Network for Image
          Restoration", IJCV 2023, equations 4 and 5; the norm, the factor
          and the aggregation follow the released code.
    """
    query = ops.convert_to_tensor(query)
    keys, values = (
        [ops.convert_to_tensor(x) for x in maps] for maps in (keys, values)
    )
    sizes = [tuple(key.shape[1:3]) for key in keys]
    _check(query, keys, values, patch_size, tile)
    height, width = query.shape[1:3]
    if tile is None:
        tile = query_tile(height, width, sizes, patch_size)
    tile = (min(tile[0], height), min(tile[1], width))
    dtype = keras.backend.standardize_dtype(values[0].dtype)
    wide = "float64" if dtype == "float64" else "float32"
    query, *maps = (ops.cast(x, wide) for x in (query, *keys, *values))
    keys, values = maps[: len(keys)], maps[len(keys) :]

    steps = [
        -(-n // side) for n, side in zip((height, width), tile, strict=True)
    ]
    margin = patch_size // 2
    tiles = _cut(query, tile, steps, 2 * margin)
    index = ops.arange(ops.shape(tiles)[0], dtype="int32")
    count = math.prod(steps)
    levels = []
    for key, value in zip(keys, values, strict=True):
        levels += _flatten(key, value, margin, softmax_scale)
    inside = _inside((height, width), tile, steps, margin)
    output = map_blocks(
        _attend,
        [index % count, index // count, tiles],
        [ops.convert_to_tensor(inside, wide), *levels],
        margin=margin,
        tile=tile,
        strides=tuple(width + 4 * margin for _, width in sizes),
        softmax_scale=float(softmax_scale),
    )
    return ops.cast(_join(output, steps)[:, :height, :width], dtype)


def query_tile(height, width, sizes, patch_size=3):
    """Size of the tiles of queries that `pyramid_attention` uses.

    Args:
        height: height of the query map.
        width: width of the query map.
        sizes: `(height, width)` of each level.
        patch_size: side of a patch.

    Returns:
        `(height, width)`.
    """
    rim = 4 * (patch_size // 2)
    room = BLOCK_PAIRS // sum((h + rim) * (w + rim) for h, w in sizes)
    side = max(math.isqrt(room) - rim, SMALLEST_TILE)
    tall = _even_share(height, side)
    # If the map is low, the tile can be wider.
    return tall, _even_share(width, max(room // (tall + rim) - rim, side))


def _even_share(size, most):
    return -(-size // -(-size // most))


def _attend(
    index,
    image,
    query,
    inside,
    *levels,
    margin,
    tile,
    strides,
    softmax_scale,
):
    """Attention of one tile of queries to all keys of its image.

    Maps are flattened, with zero margins, so that a step to another row is
    also a step along the axis, and the diagonals of the four-dimensional
    array of pairs are diagonals of a matrix. Values from beyond the end of a
    row are masked.
    """
    step = tile[1] + 4 * margin
    query = ops.reshape(query, (-1, query.shape[-1]))
    keys, factors, biases, values = (
        [_choose(x, image) for x in levels[kind::4]] for kind in range(4)
    )
    products = [ops.matmul(query, ops.transpose(key)) for key in keys]

    def logits():
        return [
            _box(_box(x, margin, 1, 1), margin, step, stride) * factor + bias
            for x, stride, factor, bias in zip(
                products, strides, factors, biases, strict=True
            )
        ]

    def largest():
        maxima = [ops.max(x, axis=1, keepdims=True) for x in logits()]
        return functools.reduce(ops.maximum, maxima)

    norm = ops.sum(query * query, axis=1, keepdims=True)
    norm = _box(_box(norm, margin, 1, 0), margin, step, 0)
    # The norm of keys is at most one, which bounds the logits: if the bound is
    # small, the largest logit is not needed.
    safe = ops.all(norm <= (SAFE_LOGIT / softmax_scale) ** 2)
    shift = ops.cond(safe, lambda: ops.zeros_like(norm), largest)
    shift = ops.stop_gradient(shift)
    weights = [ops.exp(x - shift) for x in logits()]
    total = sum(ops.sum(x, axis=1, keepdims=True) for x in weights)
    share = _choose(inside, index)[:, None] / total
    output = sum(
        ops.matmul(
            _box(_box(x * share, margin, 1, 1), margin, step, stride), value
        )
        for x, stride, value in zip(weights, strides, values, strict=True)
    )
    output = ops.pad(output, ((0, 4 * margin), (0, 0)))
    return ops.reshape(output, (tile[0], step, -1))[:, : tile[1]]


def _choose(x, index):
    """One entry of `x`; without a GATHER if it is the only one."""
    return x[0] if x.shape[0] == 1 else ops.take(x, index, axis=0)


def _box(x, margin, down, right):
    """Sum of a matrix and its copies shifted by up to `2 * margin` steps."""
    height = x.shape[0] - 2 * margin * down
    # A batch, along the columns, may be of unknown size; it is not shifted.
    width = x.shape[1] - 2 * margin * right if right else None

    def moved(index):
        rows = slice(index * down, index * down + height)
        if width is None:
            return x[rows]
        return x[rows, index * right : index * right + width]

    total = moved(0)
    for index in range(1, 2 * margin + 1):
        total = total + moved(index)
    return total


def _cut(x, tile, steps, rim):
    """Tiles of a zero-padded map with margins: `(batch * tiles, ...)`."""
    padding = [
        (rim, rim + count * side - size)
        for count, side, size in zip(steps, tile, x.shape[1:3], strict=True)
    ]
    x = ops.pad(x, ((0, 0), *padding, (0, 0)))
    for count, side in zip(steps, tile, strict=True):
        if count > 1:
            rows = np.arange(count)[:, None] * side + np.arange(side + 2 * rim)
            x = ops.take(x, rows.reshape(-1), axis=1)
        x = ops.reshape(x, (-1, side + 2 * rim, *x.shape[2:]))
        x = ops.transpose(x, (0, 2, 1, 3))
    return x


def _join(x, steps):
    """Inverse of `_cut`, for tiles without margins."""
    for count in reversed(steps):
        x = ops.transpose(x, (0, 2, 1, 3))
        x = ops.reshape(x, (-1, count * x.shape[1], *x.shape[2:]))
    return x


def _flatten(key, value, margin, softmax_scale):
    """Flattened maps of a level: keys, factors and biases of the logits, and
    values."""
    height, width = key.shape[1:3]
    stride = width + 4 * margin
    trim = margin * (stride + 1)
    rim = ((0, 0), (2 * margin, 2 * margin), (2 * margin, 2 * margin), (0, 0))
    key, value = (
        ops.reshape(
            ops.pad(x, rim), (-1, (height + 4 * margin) * stride, x.shape[-1])
        )
        for x in (key, value)
    )
    valid = np.pad(np.ones((height, width)), 2 * margin).reshape(-1)
    valid = valid[trim : valid.size - trim].astype(
        keras.backend.standardize_dtype(key.dtype)
    )
    norm = ops.transpose(ops.sum(key * key, axis=-1))
    norm = ops.transpose(_box(_box(norm, margin, 1, 0), margin, stride, 0))
    # The maximum is inside the root, as the root of zero has no gradient.
    norm = ops.sqrt(ops.maximum(norm, LEAST_NORM**2))
    factor = valid * softmax_scale / norm
    bias = ops.zeros_like(factor) + (1 - valid) * NEVER
    return key, factor, bias, value[:, 2 * trim : value.shape[1] - 2 * trim]


def _inside(size, tile, steps, margin):
    """Which queries of a tile and its margin are inside the image: boolean
    array `(tiles, queries)`."""
    step = tile[1] + 4 * margin
    places = []
    for count, side, length in zip(steps, tile, size, strict=True):
        at = np.arange(side + 4 * margin) - 2 * margin
        near = (at >= -margin) & (at < side + margin)
        at = at + np.arange(count)[:, None] * side
        places.append(near & (at >= 0) & (at < length))
    inside = places[0][:, None, :, None] & places[1][None, :, None, :]
    inside = inside.reshape(math.prod(steps), -1)
    trim = margin * (step + 1)
    return inside[:, trim : inside.shape[1] - trim]


def _check(query, keys, values, patch_size, tile):
    shapes = [tuple(x.shape) for x in (query, *keys, *values)]
    if any(len(shape) != 4 or None in shape[1:] for shape in shapes):
        raise ValueError(
            "Pyramid attention expects maps (batch, height, width, channels) "
            f"of known sizes, got {shapes}."
        )
    if (
        not keys
        or len(keys) != len(values)
        or any(
            k.shape[:3] != v.shape[:3]
            for k, v in zip(keys, values, strict=True)
        )
        or any(shape[0] != shapes[0][0] for shape in shapes)
        or any(key.shape[-1] != query.shape[-1] for key in keys)
        or len({value.shape[-1] for value in values}) > 1
    ):
        raise ValueError(
            "Pyramid attention needs, for each level, keys with the channels "
            "of the query and values with the size of the keys, got query "
            f"{shapes[0]}, keys {shapes[1 : 1 + len(keys)]} and values "
            f"{shapes[1 + len(keys) :]}."
        )
    if not isinstance(patch_size, int) or patch_size < 1 or patch_size % 2 == 0:
        raise ValueError(f"patch_size must be odd, got {patch_size!r}.")
    if tile is not None and min(tile) < 1:
        raise ValueError(f"tile must be at least (1, 1), got {tile!r}.")
