import numpy as np
import pytest
from keras import ops
from testing import random_image

from kerasrestore.training.quantization.fake_quantize import FakeQuantize


def observed(*maps):
    layer = FakeQuantize()
    layer.build(maps[0].shape)
    for x in maps:
        layer.observe(x)
    return layer


class TestFakeQuantize:
    def test_values(self):
        x = np.linspace(-1.2, 1.5, 5000, dtype="float32")
        layer = observed(np.maximum(x, -0.5), np.minimum(x, 0.5))
        for training in (False, True):
            y = np.asarray(layer(x, training=training))
            steps = np.unique(np.round(y, 6))
            assert len(steps) == 256 and 0.0 in steps
            np.testing.assert_allclose(np.diff(steps), 2.7 / 255, rtol=1e-3)
            assert np.abs(y - x).max() < 2.7 / 255
            # Beyond the range values are cut off.
            far = layer(np.float32([-9, 9]), training=training)
            np.testing.assert_allclose(far, steps[[0, -1]], atol=1e-6)

    @pytest.mark.parametrize("sign", [1, -1, 0])
    def test_one_sided_maps(self, sign):
        x = sign * random_image((50,))
        y = np.asarray(observed(x)(x))
        np.testing.assert_allclose(y, x, atol=1 / 255)

    def test_rare_extremes_are_cut_off(self):
        x = np.random.default_rng(0).normal(size=100_000).astype("float32")
        low, high = map(float, observed(x).range)
        assert 0.5 < high / x.max() < 0.95 and low / x.min() == high / x.max()

    @pytest.mark.parametrize(("covered", "grows"), [(0.25, True), (8, False)])
    def test_the_range_is_learned(self, covered, grows):
        import tensorflow as tf

        x = np.random.default_rng(0).normal(size=20000).astype("float32")
        layer = observed(covered * x)
        with tf.GradientTape() as tape:
            error = ops.mean(ops.square(layer(x, training=True) - x))
        slope = float(tape.gradient(error, layer.stretch.value))
        assert (slope < 0) == grows

        # Where the slope is not that of single steps it is the error's.
        if grows:
            layer.stretch.assign(1e-3)
            after = ops.mean(ops.square(layer(x) - x))
            np.testing.assert_allclose((after - error) / 1e-3, slope, rtol=0.1)
