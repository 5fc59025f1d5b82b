import numpy as np
import pytest
from keras import ops
from numeric import check_gradients

from kerasrestore.ops import attention, softmax_attention

RNG = np.random.default_rng(0)


def sample(queries=11, keys=7, dtype="float64"):
    return (
        RNG.normal(size=(2, queries, 3)).astype(dtype),
        RNG.normal(size=(2, keys, 3)).astype(dtype),
        RNG.normal(size=(2, keys, 4)).astype(dtype),
    )


def reference(query, key, value, scale, normalize):
    logits = scale * np.einsum("bic,bjc->bij", query, key)
    weight = np.exp(logits)
    weight /= weight.sum(2 if normalize == "keys" else 1, keepdims=True)
    return weight @ value


@pytest.mark.parametrize("normalize", ["keys", "queries"])
@pytest.mark.parametrize("block_size", [None, 1, 3, 4, 100])
def test_dense_and_blockwise(normalize, block_size):
    arrays = sample(dtype="float32")
    found = softmax_attention(*arrays, 0.7, normalize, block_size)
    wanted = reference(*[x.astype(float) for x in arrays], 0.7, normalize)
    np.testing.assert_allclose(found, wanted, atol=2e-6)


@pytest.mark.parametrize("normalize", ["keys", "queries"])
@pytest.mark.parametrize("block_size", [100, 3])
def test_gradients(normalize, block_size):
    check_gradients(
        lambda *x: softmax_attention(*x, 0.7, normalize, block_size),
        *sample(),
    )


def test_large_logits_stay_finite():
    query, key, value = sample(dtype="float32")
    for normalize in ("keys", "queries"):
        for block_size in (2, 100):
            y = softmax_attention(
                100 * query, 100 * key, value, 1.0, normalize, block_size
            )
            assert np.isfinite(np.asarray(y)).all()


def test_blocks_are_chosen_by_size(monkeypatch):
    arrays = sample(dtype="float32")
    whole = softmax_attention(*arrays)
    assert attention.attention_block_size(2, 11, 7) == 11
    monkeypatch.setattr(attention, "DENSE_PAIRS", 2 * 11 * 7 - 1)
    monkeypatch.setattr(attention, "BLOCK_PAIRS", 2 * 7 * 3)
    assert attention.attention_block_size(2, 11, 7) == 3
    assert attention.attention_block_size(2, 11, 7, "queries") == 1
    np.testing.assert_allclose(softmax_attention(*arrays), whole, atol=1e-6)


def test_half_precision_takes_its_softmax_in_float32():
    arrays = [ops.cast(x, "bfloat16") for x in sample(queries=40, keys=600)]
    exact = [np.asarray(ops.cast(x, "float32"), float) for x in arrays]
    wanted = reference(*exact, 1.0, "keys")
    found = softmax_attention(*arrays)
    np.testing.assert_allclose(
        np.asarray(ops.cast(found, "float32")), wanted, atol=0.02
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"query": np.zeros((2, 5))}, "batch, queries, channels"),
        ({"key": np.zeros((2, 7, 4))}, "batch, queries, channels"),
        ({"value": np.zeros((2, 6, 4))}, "batch, queries, channels"),
        ({"normalize": "rows"}, "normalize must be"),
        ({"block_size": 0}, "block_size must be"),
    ],
)
def test_bad_arguments(change, words):
    arguments = dict(zip(("query", "key", "value"), sample(), strict=True))
    with pytest.raises(ValueError, match=words):
        softmax_attention(**{**arguments, **change})
