import keras
import numpy as np
import pytest
from keras import ops
from numeric import gradients

from kerasrestore.ops.blocks import map_blocks


def mix(index, block, table, power, factor):
    row = ops.take(table, index, axis=0)
    return ops.sum(block**2, axis=-1, keepdims=True) * row**power * factor


@pytest.mark.parametrize("count", [4, 1])
@pytest.mark.parametrize("total", [False, True])
def test_values_and_gradients(total, count):
    rng = np.random.default_rng(0)
    index = np.array([2, 0, 2, 1], "int32")[:count]
    block = rng.normal(size=(count, 5, 3))
    table = rng.normal(size=(3, 2))

    def looped(block, table):
        return map_blocks(
            mix, [index, block], [table], total=total, power=3, factor=0.5
        )

    def plain(block, table):
        parts = [
            mix(i, block[n], table, power=3, factor=0.5)
            for n, i in enumerate(index)
        ]
        stacked = ops.stack(parts)
        return ops.sum(stacked, axis=0) if total else stacked

    np.testing.assert_allclose(
        looped(block, table), plain(block, table), rtol=1e-6
    )
    for one, other in zip(
        gradients(looped, block, table),
        gradients(plain, block, table),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="tensorflow and jax"):
        map_blocks(mix, [np.zeros((1, 1))])
