import keras
import numpy as np
import pytest
from goldens import golden, needs_goldens, released_state, tolerance
from layer_testing import run_layer_test

from kerasrestore.layers.pyramid_attention import PyramidAttention
from kerasrestore.models.checkpoints.released_state import assign_released


def test_layer(tmp_path):
    run_layer_test(
        lambda **kwargs: PyramidAttention(
            levels=3,
            patch_size=1,
            reduction=4,
            softmax_scale=5.0,
            res_scale=0.1,
            resize_rule="scale",
            **kwargs,
        ),
        tmp_path,
        8,
    )


@needs_goldens
@pytest.mark.parametrize("name", ["pa_64_odd", "pa_64_even", "pa_64_b2"])
@pytest.mark.parametrize(
    ("rule", "key"), [("size", "output"), ("scale", "output_torch2_default")]
)
def test_released_attention(name, rule, key):
    arrays, info = golden(name)
    layer = PyramidAttention(resize_rule=rule)
    layer.build(arrays["input"].shape)
    names = {"escape_NaN": np.array([1e-4], "float32")}
    for theirs, ours in (
        ("conv_match_L_base", "query"),
        ("conv_match", "key"),
        ("conv_assembly", "value"),
    ):
        conv, prelu = getattr(layer, ours), getattr(layer, f"{ours}_prelu")
        names[f"{theirs}.0.weight"] = conv.kernel
        names[f"{theirs}.0.bias"] = conv.bias
        names[f"{theirs}.1.weight"] = prelu.alpha
    assign_released(names, released_state(name), "pytorch")
    found = layer(arrays["input"])
    np.testing.assert_allclose(found, arrays[key], atol=tolerance(info))


def test_levels_are_as_large_as_in_double_precision():
    layer = PyramidAttention()
    assert [size for _, size in layer._levels(90, 20)] == [
        (90, 20), (81, 18), (72, 16), (62, 14), (54, 12),
    ]  # fmt: skip
    # Levels without a pixel are left out.
    assert [size for _, size in layer._levels(1, 9)] == [(1, 9)]
    assert layer(np.ones((1, 1, 9, 4), "float32")).shape == (1, 1, 9, 4)


def test_multiply_accumulates():
    layer = PyramidAttention(levels=2)
    layer.build((1, 10, 20, 8))
    queries, keys = 200, 200 + 9 * 18
    convs = 8 * (queries * 4 + keys * (4 + 8))
    resize = 8 * 20 * (10 * 18 + 9 * 18)
    assert layer.count_macs((1, 10, 20, 8)) == (
        convs + queries * keys * (4 + 8) + resize
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels": 0}, "levels expects whole numbers"),
        ({"levels": 10}, "at most 9"),
        ({"patch_size": 5}, "patch_size must be"),
        ({"reduction": 0}, "reduction expects whole numbers"),
        ({"resize_rule": "nearest"}, "resize_rule must be"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        PyramidAttention(**options)


def test_bad_inputs():
    with pytest.raises(ValueError, match="divided by a reduction"):
        PyramidAttention(reduction=3)(np.zeros((1, 4, 4, 8)))
    with pytest.raises(ValueError, match="ndim"):
        PyramidAttention()(np.zeros((4, 4, 8)))
    with pytest.raises(ValueError, match="known height and width"):
        PyramidAttention().count_macs(keras.Input((None, 4, 8)).shape)
