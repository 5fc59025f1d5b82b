import numpy as np
import pytest
from keras import ops
from layer_testing import run_layer_test
from testing import random_image

from kerasrestore.layers.deformable_conv2d import DeformableConv2D
from kerasrestore.ops.deform_conv2d import deform_conv2d


def build(**options):
    return DeformableConv2D(
        6, (3, 1), dilation_rate=2, offset_groups=2, **options
    )


def test_layer(tmp_path):
    layer = run_layer_test(build, tmp_path, 4)
    # 2 groups of 3 taps, each with two offsets and a mask.
    assert layer.count_params() == 3 * 4 * 6 + 6 + 3 * 4 * 18 + 18
    assert layer.count_macs((2, 5, 7, 4)) == 70 * (3 * 4 * 6 + 3 * 4 * 18)


def test_layer_with_offset_features(tmp_path):
    layer = run_layer_test(
        lambda **options: DeformableConv2D(5, use_bias=False, **options),
        tmp_path,
        4,
        3,
    )
    assert layer.count_params() == 9 * 4 * 5 + 9 * 3 * 27 + 27
    assert layer.count_macs((2, 5, 7, 4)) == 70 * (9 * 4 * 5 + 9 * 3 * 27)


def test_it_starts_as_half_a_convolution():
    layer = DeformableConv2D(5, dilation_rate=2)
    x = random_image((2, 9, 8, 4))
    np.testing.assert_allclose(
        np.asarray(layer(x)),
        ops.conv(x, layer.kernel / 2, padding="same", dilation_rate=2),
        atol=1e-5,
    )


def test_offsets_and_masks_are_those_of_the_second_map(tmp_path):
    layer = run_layer_test(
        lambda **options: DeformableConv2D(5, **options), tmp_path, 4, 3
    )
    x, other = random_image((1, 6, 5, 4)), random_image((1, 6, 5, 3), seed=1)
    moves = np.asarray(layer.offset_conv(other))
    assert np.abs(moves[..., :18]).max() > 0.5
    np.testing.assert_allclose(
        np.asarray(layer(x, other)),
        deform_conv2d(
            x,
            moves[..., :18],
            1 / (1 + np.exp(-moves[..., 18:])),
            layer.kernel,
            layer.bias,
        ),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filters": 0}, "filters expects whole numbers"),
        ({"kernel_size": 2}, "odd"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size must be a number"),
        ({"dilation_rate": 0}, "dilation_rate expects whole numbers"),
        ({"offset_groups": 1.5}, "offset_groups expects whole numbers"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        DeformableConv2D(**{"filters": 4, **options})


def test_bad_inputs():
    with pytest.raises(ValueError, match="3 offset groups"):
        DeformableConv2D(4, offset_groups=3).build((None, 5, 5, 4))
    with pytest.raises(ValueError, match="known number of channels"):
        DeformableConv2D(4).build((None, 5, 4))
