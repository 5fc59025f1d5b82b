import numpy as np
import pytest
from goldens import golden, needs_goldens, released_state, tolerance
from layer_testing import run_layer_test
from numpy_layers import conv2d, conv2d_transpose

from kerasrestore.models.rnan.released_names import attention_state
from kerasrestore.models.rnan.residual_attention_block import (
    ResidualAttentionBlock,
)

SHAPE = (2, 6, 10, 4)
# Of one convolution from 4 to 4 channels.
CONV, POINT, UP = 9 * 16 + 4, 16 + 4, 36 * 16 + 4
NON_LOCAL = 4 * 4 * 2 + 3 * 2 + 4


def numpy_block(layer, x, non_local=None):
    """The block in NumPy, in double precision.

    Args:
        layer: `ResidualAttentionBlock`.
        x: feature map.
        non_local: function in the place of the non-local block.
    """

    def values(conv):
        return [np.asarray(v, float) for v in conv.weights]

    def chain(blocks, x):
        for block in blocks:
            hidden = np.maximum(conv2d(x, *values(block.conv1)), 0)
            x = x + conv2d(hidden, *values(block.conv2))
        return x

    a = chain(layer.front, x)
    b = a if non_local is None else non_local(a)
    if not layer.mask:
        return chain(layer.end, chain(layer.trunk, b) + a)
    b = chain(layer.mask_front, b)
    half = chain(layer.mask_half, conv2d(b, *values(layer.down), stride=2))
    b = chain(layer.mask_end, conv2d_transpose(half, *values(layer.up)) + b)
    mask = 1 / (1 + np.exp(-conv2d(b, *values(layer.mask_conv))))
    return chain(layer.end, chain(layer.trunk, a) * mask + a)


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({}, 20 * CONV + CONV + UP + POINT),
        ({"non_local": True}, 20 * CONV + CONV + UP + POINT + NON_LOCAL),
        ({"mask": False}, 12 * CONV),
        ({"mask": False, "non_local": True}, 12 * CONV + NON_LOCAL),
        (
            {
                "front_blocks": 1,
                "end_blocks": 0,
                "trunk_blocks": 3,
                "mask_blocks": 2,
            },
            (2 + 6 + 16) * CONV + CONV + UP + POINT,
        ),
    ],
)
def test_layer(tmp_path, options, weights):
    layer = run_layer_test(
        lambda **more: ResidualAttentionBlock(**options, **more),
        tmp_path,
        SHAPE[-1],
        # It adds the same to all logits of a softmax.
        idle=["phi/bias"],
    )
    assert layer.count_params() == weights
    x = np.random.default_rng(1).standard_normal(SHAPE)
    non_local = None
    if layer.non_local:

        def non_local(values):
            given = layer.non_local_block(values.astype("float32"))
            return np.asarray(given, float)

    np.testing.assert_allclose(
        layer(x.astype("float32")),
        numpy_block(layer, x, non_local),
        atol=2e-4,
        rtol=1e-4,
    )


def test_cost():
    layer = ResidualAttentionBlock(non_local=True, inner_channels=3)
    layer.build(SHAPE)
    full, half = 2 * 60 * 16, 2 * 15 * 16
    convs = 9 * (2 * 8 * full + 2 * 2 * half) + 9 * half + 36 * half + full
    attention = 2 * (60 * 4 * 4 * 3 + 60**2 * 2 * 3)
    assert layer.count_macs(SHAPE) == convs + attention
    one_map = 4 * 2 * 60 * 4
    attention = layer.non_local_block.workspace_bytes(SHAPE)
    assert layer.workspace_bytes(SHAPE) == 10 * one_map + attention
    without = ResidualAttentionBlock(mask=False)
    without.build(SHAPE)
    assert without.workspace_bytes(SHAPE) == 10 * one_map
    assert without.count_macs(SHAPE) == 9 * 2 * 6 * full


@needs_goldens
@pytest.mark.parametrize(
    ("name", "non_local"), [("rnan_lab", False), ("rnan_nlab", True)]
)
@pytest.mark.parametrize("normalize", ["queries", "keys"])
def test_released_block(name, non_local, normalize):
    arrays, info = golden(name)
    layer = ResidualAttentionBlock(
        non_local, front_blocks=1, normalize=normalize
    )
    layer.build(arrays["input"].shape)
    variables = attention_state("", layer)
    state = released_state(name)
    assert set(variables) == set(state)
    for key, variable in variables.items():
        array = state[key]
        variable.assign(
            array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
        )
    far = np.abs(np.asarray(layer(arrays["input"])) - arrays["output"]).max()
    if non_local and normalize == "keys":
        # The paper's softmax is as far off as the released code says.
        np.testing.assert_allclose(far, info["sens_softmax_last"], rtol=1e-3)
    else:
        assert far < tolerance(info)


@needs_goldens
def test_released_convolutions():
    arrays, _ = golden("primitives")
    layer = ResidualAttentionBlock()
    layer.build((None, None, None, 4))
    for name, part, x in (
        ("ct", "up", arrays["ct_in"]),
        (
            "cs2",
            "down",
            np.pad(arrays["cs2_in"], ((0, 0), (1, 1), (1, 1), (0, 0))),
        ),
    ):
        order = "IOHW" if name == "ct" else "OIHW"
        kernel = arrays[f"{name}_weight_{order}"].transpose(2, 3, 1, 0)
        config = {**getattr(layer, part).get_config(), "filters": 5}
        conv = type(getattr(layer, part)).from_config(config)
        conv.build(x.shape)
        conv.set_weights([kernel, arrays[f"{name}_bias"]])
        np.testing.assert_allclose(conv(x), arrays[f"{name}_out"], atol=1e-5)
        again = conv2d if name == "cs2" else conv2d_transpose
        np.testing.assert_allclose(
            again(
                arrays[f"{name}_in"].astype(float),
                kernel,
                arrays[f"{name}_bias"],
                stride=2,
            ),
            arrays[f"{name}_out"],
            atol=1e-5,
        )


def test_odd_sizes_and_bad_counts_are_refused():
    with pytest.raises(ValueError, match="even, got 5x8"):
        ResidualAttentionBlock()(np.zeros((1, 5, 8, 4), "float32"))
    without = ResidualAttentionBlock(mask=False)
    assert without(np.zeros((1, 5, 7, 4), "float32")).shape == (1, 5, 7, 4)
    with pytest.raises(ValueError, match="trunk_blocks expects whole numbers"):
        ResidualAttentionBlock(trunk_blocks=-1)
