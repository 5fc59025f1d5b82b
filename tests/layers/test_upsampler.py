import numpy as np
import pytest
from layer_testing import run_layer_test

from kerasrestore.layers.upsampler import Upsampler
from kerasrestore.ops.pixel_shuffle import pixel_shuffle

WEIGHTS = {2: 9 * 6 * 24 + 24, 3: 9 * 6 * 54 + 54, 4: 2 * (9 * 6 * 24 + 24)}
MACS = {2: 9 * 6 * 24, 3: 9 * 6 * 54, 4: 5 * 9 * 6 * 24}


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_layer(tmp_path, scale):
    layer = run_layer_test(
        lambda **options: Upsampler(scale, **options), tmp_path, 6
    )
    assert layer.count_params() == WEIGHTS[scale]
    assert layer.count_macs((2, 3, 5, 6)) == 2 * 3 * 5 * MACS[scale]
    # Once the convolution's output, once the slices put in order.
    largest = 4 * 2 * (3 * scale) * (5 * scale) * 6
    assert layer.workspace_bytes((2, 3, 5, 6)) == 2 * largest


def test_pixels_come_in_pytorchs_order():
    layer = Upsampler(2)
    x = np.random.default_rng(0).random((1, 4, 4, 3), "float32")
    y = layer(x)
    wanted = pixel_shuffle(layer.convs[0](x), 2, order="pytorch")
    np.testing.assert_array_equal(y, wanted)


def test_other_scales_are_refused():
    with pytest.raises(ValueError, match="2, 3 or 4, got 5"):
        Upsampler(5)
