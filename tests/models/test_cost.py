import keras
import pytest

from kerasrestore.models.cost import (
    count_macs,
    count_parameters,
    live_bytes,
)


def test_a_net_counted_by_hand():
    image = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, padding="same")(image)
    y = keras.layers.Conv2D(8, 1, strides=2, padding="same")(x)
    y = keras.layers.UpSampling2D()(y)
    model = keras.Model(image, keras.layers.Add()([x, y]))
    assert count_parameters(model) == 27 * 8 + 8 + 64 + 8
    assert count_macs(model, 10, 12) == 120 * 27 * 8 + 30 * 64
    # x, the enlarged y and their sum, each with 8 channels.
    assert live_bytes(model, 10, 12) == 3 * 120 * 8 * 4


def test_depthwise_convolutions_and_norms_are_counted():
    image = keras.Input((None, None, 4))
    x = keras.layers.LayerNormalization()(image)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    model = keras.Model(image, keras.layers.Conv2D(8, 3, groups=2)(x))
    assert count_macs(model, 10, 12) == 120 * 9 * 4 + 80 * 9 * 2 * 8


def test_an_unknown_kernel_is_not_passed_over():
    image = keras.Input((None, None, 3))
    model = keras.Model(image, keras.layers.Conv2DTranspose(4, 3)(image))
    with pytest.raises(ValueError, match="Conv2DTranspose"):
        count_macs(model, 8, 8)
