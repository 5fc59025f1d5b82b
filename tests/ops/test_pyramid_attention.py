import sys

import numpy as np
import pytest
from keras import ops
from numeric import check_gradients

from kerasrestore.ops.pyramid_attention import pyramid_attention, query_tile

# The package's attribute of that name is the function.
module = sys.modules[pyramid_attention.__module__]


def sample(sizes=((7, 6), (5, 4)), batch=2, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)

    def maps(channels):
        return [
            rng.normal(size=(batch, *size, channels)).astype(dtype)
            for size in sizes
        ]

    return maps(3)[0], maps(3), maps(2)


def patches(x, side):
    """`(positions, side, side, channels)`, zeros outside."""
    rim = side // 2
    padded = np.pad(x, ((rim, rim), (rim, rim), (0, 0)))
    return np.stack(
        [
            padded[i : i + side, j : j + side]
            for i in range(x.shape[0])
            for j in range(x.shape[1])
        ]
    )


def literal(query, keys, values, side, scale):
    """With every patch cut out, in double precision, for one image."""
    cut = patches(query, side).reshape(query.shape[0] * query.shape[1], -1)
    compared = np.concatenate([patches(x, side) for x in keys])
    compared = compared.reshape(len(compared), -1)
    norm = np.linalg.norm(compared, axis=1)
    logits = scale * cut @ (compared / np.maximum(norm, 1e-4)[:, None]).T
    weight = np.exp(logits - logits.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    pasted = np.concatenate([patches(x, side) for x in values])
    pasted = np.tensordot(weight, pasted, 1)
    height, width = query.shape[:2]
    rim = side // 2
    output = np.zeros((height + 2 * rim, width + 2 * rim, values[0].shape[-1]))
    for index, patch in enumerate(pasted):
        i, j = divmod(index, width)
        output[i : i + side, j : j + side] += patch
    return output[rim : rim + height, rim : rim + width]


@pytest.mark.parametrize("side", [1, 3, 5])
@pytest.mark.parametrize("tile", [None, (7, 6), (3, 2), (2, 6), (1, 1)])
def test_against_patches(side, tile):
    query, keys, values = sample()
    found = pyramid_attention(
        *[
            ops.convert_to_tensor(x.astype("float32"))
            if isinstance(x, np.ndarray)
            else [y.astype("float32") for y in x]
            for x in (query, keys, values)
        ],
        side,
        4.0,
        tile,
    )
    for image in range(2):
        wanted = literal(
            query[image],
            [x[image] for x in keys],
            [x[image] for x in values],
            side,
            4.0,
        )
        np.testing.assert_allclose(found[image], wanted, atol=2e-5)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 30.0, 1e4])
def test_logits_of_any_size(factor):
    # Both ways to keep exponentials in their range, and what lies between.
    query, keys, values = sample(batch=1, dtype="float32", seed=3)
    query = (factor * query).astype("float32")
    found = pyramid_attention(query, keys, values, 3, 10.0)[0]
    wanted = literal(
        query[0].astype(float),
        [x[0].astype(float) for x in keys],
        [x[0].astype(float) for x in values],
        3,
        10.0,
    )
    np.testing.assert_allclose(found, wanted, atol=2e-5 * max(1, factor))


def test_keys_of_zero():
    query, keys, values = sample(batch=1, dtype="float32")
    found = pyramid_attention(query, [0 * x for x in keys], values)[0]
    wanted = literal(
        query[0], [0 * x[0] for x in keys], [x[0] for x in values], 3, 10.0
    )
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("side", "tile", "factor"),
    [(3, None, 1.0), (3, (3, 2), 1.0), (1, (3, 6), 1.0), (3, (4, 6), 40.0)],
)
def test_gradients(side, tile, factor):
    query, keys, values = sample(sizes=((5, 6), (3, 4)))

    def attend(query, key0, key1, value0, value1):
        return pyramid_attention(
            query, [key0, key1], [value0, value1], side, 2.0, tile
        )

    check_gradients(attend, factor * query, *keys, *values)


def test_gradient_at_keys_of_zero_is_a_number():
    query, keys, values = sample(batch=1, sizes=((3, 3),))

    def attend(query, key, value):
        return pyramid_attention(query, [key], [value])

    check_gradients(
        lambda query, value: (
            attend(query, np.zeros_like(keys[0]), value) + ops.sum(query)
        ),
        query,
        values[0],
    )


def test_tiles_grow_smaller_with_the_keys(monkeypatch):
    assert query_tile(30, 40, [(30, 40)]) == (30, 40)
    monkeypatch.setattr(module, "BLOCK_PAIRS", 34 * 44 * 400)
    tall, wide = query_tile(30, 40, [(30, 40)])
    assert (tall + 4) * (wide + 4) <= 400
    query, keys, values = sample(((40, 50), (36, 45)), 1, "float32")
    tiled = pyramid_attention(query, keys, values)
    whole = pyramid_attention(query, keys, values, tile=(40, 50))
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def test_bad_arguments():
    query, keys, values = sample()
    for arguments, words in (
        ((query[0], keys, values), "known sizes"),
        ((query, keys, values[:1]), "for each level"),
        ((query, [], []), "for each level"),
        ((query, values, values), "for each level"),
        ((query, keys, [values[1], values[0]]), "for each level"),
        ((query, keys, values, 2), "patch_size must be odd"),
        ((query, keys, values, 3, 10.0, (0, 3)), "tile must be"),
    ):
        with pytest.raises(ValueError, match=words):
            pyramid_attention(*arguments)
