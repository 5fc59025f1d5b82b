import keras
import pytest
from keras import layers, ops

from kerasrestore.training.quantization.fake_quantize import FakeQuantize
from kerasrestore.training.quantization.integer_operations import (
    MOVES,
    SIMPLE,
)
from kerasrestore.training.quantization.quantized_graph import quantized_graph


def ranges(move):
    """How many feature maps have a range of their own."""
    image = keras.Input((16, 16, 4))
    x = layers.Conv2D(8, 3, padding="same", name="head")(image)
    x = layers.Conv2D(8, 3, padding="same", name="before")(x)
    x = layers.Conv2D(8, 3, padding="same", name="after")(move(x))
    outputs = layers.Conv2D(4, 3, padding="same", name="tail")(x)
    graph = keras.Model(*quantized_graph(keras.Model(image, outputs)))
    return sum(isinstance(layer, FakeQuantize) for layer in graph.layers)


@pytest.mark.parametrize(
    "move",
    [
        lambda x: ops.space_to_depth(x, 2),
        lambda x: x[:, 2:, 1:],
        lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
        layers.Cropping2D(2),
        layers.ZeroPadding2D(1),
    ],
)
def test_moves_keep_the_range(move):
    assert ranges(move) == ranges(lambda x: x)


def test_what_changes_values_gets_its_own_range():
    assert ranges(lambda x: x * 2.0) > ranges(lambda x: x)


def test_an_operation_has_one_role():
    assert not MOVES.keys() & SIMPLE
