import numpy as np
import pytest
from layer_testing import run_layer_test

from kerasrestore.layers.mean_shift import DIV2K_MEAN, MeanShift


def test_layer(tmp_path):
    layer = run_layer_test(
        lambda **options: MeanShift([1.0, -2.0, 0.5], **options), tmp_path, 3
    )
    assert layer.count_macs((2, 3, 4, 3)) == 2 * 3 * 4 * 9


def test_it_adds_and_takes_off():
    image = np.random.default_rng(0).random((1, 4, 5, 3), "float32") * 255
    mean = 255 * np.array(DIV2K_MEAN)
    off = MeanShift(-mean)(image)
    np.testing.assert_allclose(off, image - mean, atol=1e-4)
    np.testing.assert_allclose(MeanShift(mean)(off), image, atol=1e-4)


@pytest.mark.parametrize("trainable", [True, False])
def test_it_can_be_fixed(trainable):
    layer = MeanShift([1.0], trainable=trainable)
    layer.build((None, None, None, 1))
    assert len(layer.trainable_variables) == (2 if trainable else 0)
    assert len(layer.variables) == 2


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="incompatible"):
        MeanShift([1.0])(np.zeros((1, 4, 4, 3), "float32"))
