import keras
import numpy as np
import pytest
from goldens import golden, released_state, tolerance
from testing import enliven, random_image, run_model_test

from kerasrestore.inference.tile_choice import choose_tiles
from kerasrestore.models import PANet

SR = {"task": "super_resolution"}
GOLDENS = {
    "panet_s_r8": {"num_blocks": 8},
    "panet_dn_rgb_r4": {"num_blocks": 4},
    "panet_car_gray_r2": {"num_blocks": 2, "channels": 1, "task": "jpeg"},
    "paedsr_x2_r4": {**SR, "scale": 2, "num_blocks": 4},
    "paedsr_x3_r2": {**SR, "scale": 3, "num_blocks": 2},
    "paedsr_x4_r2": {**SR, "scale": 4, "num_blocks": 2},
}


def small(**options):
    return PANet(**{"num_blocks": 2, "features": 8, "levels": 3, **options})


@pytest.mark.parametrize("name", GOLDENS)
@pytest.mark.parametrize(
    ("rule", "key"), [("size", "output"), ("scale", "output_torch2_default")]
)
def test_released_networks(name, rule, key):
    arrays, info = golden(name)
    model = PANet(resize_rule=rule, **GOLDENS[name])
    model.load_released_state(released_state(name))
    np.testing.assert_allclose(
        model(arrays["input"]), arrays[key], atol=tolerance(info)
    )


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({}, 5_957_255),
        ({"channels": 1, "task": "jpeg"}, 5_954_949),
        ({"num_blocks": 8}, 639_623),
        ({"num_blocks": 16, "task": "demosaic"}, 1_230_471),
        # Four attentions would come to the paper's count of PANet-S.
        ({"num_blocks": 8, "attention": ()}, 639_623 - 8_323),
        ({**SR, "scale": 2}, 40_811_846),
        ({**SR, "scale": 3}, 43_762_246),
        ({**SR, "scale": 4}, 43_172_166),
    ],
)
def test_parameters(options, parameters):
    assert PANet(**options).count_parameters() == parameters


def test_model(tmp_path):
    run_model_test(small, tmp_path)


def test_super_resolution():
    model = enliven(small(**SR, scale=3, channels=1, num_blocks=4))
    image = random_image((11, 14, 1))
    assert model.restore(image).shape == (33, 42, 1)
    again = PANet.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(
        again(image[None]), model(image[None]), atol=1e-6
    )


@pytest.mark.parametrize(
    "attention", [(), "pre", ("post",), ("pre", "mid", "post")]
)
def test_places_of_the_attention(attention):
    model = small(attention=attention)
    places = (attention,) if isinstance(attention, str) else attention
    assert [
        layer.name
        for layer in model.layers
        if layer.name.startswith("attention")
    ] == [f"attention_{place}" for place in places]
    assert model(random_image((1, 9, 8, 3))).shape == (1, 9, 8, 3)


def test_the_paper_s_positions():
    """After the first block, the middle one and the last."""
    model = small(num_blocks=4, attention=("pre", "mid", "post"))
    order = [
        layer.name
        for layer in model.layers
        if layer.name.startswith(("attention", "block"))
    ]
    assert order == [
        "block0", "attention_pre", "block1", "attention_mid", "block2",
        "block3", "attention_post",
    ]  # fmt: skip
    # Its input is the output of the first block.
    pre = model.get_layer("attention_pre")
    assert pre.input is model.get_layer("block0").output


def test_without_attention_the_receptive_field_is_tight():
    model = enliven(small(attention=(), channels=1))
    radius = model.receptive_field // 2
    side = 2 * radius + 5
    image = random_image((1, side, side, 1))
    moved = image.copy()
    moved[0, side // 2, side // 2] += 3.0
    rows, columns = np.nonzero(
        (np.asarray(model(moved)) != np.asarray(model(image)))[0, ..., 0]
    )
    reach = max(
        np.abs(rows - side // 2).max(), np.abs(columns - side // 2).max()
    )
    assert reach == radius
    assert small().receptive_field is None


@pytest.mark.parametrize(
    ("options", "size", "tile", "whole"),
    [
        ({}, (128, 120), "auto", True),
        ({}, (321, 481), "auto", False),
        ({}, (321, 481), None, True),
        ({"attention": ()}, (321, 481), "auto", True),
    ],
)
def test_tiles_of_attention(options, size, tile, whole):
    plan = choose_tiles(small(**options), *size, tile, "auto", None)
    assert (len(plan) == 1) == whole
    assert whole or max(plan.tile) <= 64


def test_training_of_every_weight():
    model = small()
    enliven(model)
    before = [np.array(v) for v in model.trainable_variables]
    model.compile(keras.optimizers.SGD(0.1), "mae")
    x = random_image((4, 12, 12, 3))
    # The last batch is smaller, which TensorFlow does not know beforehand.
    history = model.fit(x, 1 - x, batch_size=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for old, variable in zip(before, model.trainable_variables, strict=True):
        assert np.any(old != np.array(variable)), variable.path


def test_released_states_of_other_networks():
    with pytest.raises(ValueError, match="one attention, in the middle"):
        small(attention=("pre",)).load_released_state({})
    with pytest.raises(ValueError, match=r"missing: head\.0"):
        small().load_released_state({})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "inpaint"}, "The task must be one of"),
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"num_blocks": 3}, "even number"),
        ({"num_blocks": -2}, "num_blocks expects whole numbers"),
        ({"features": 0.5}, "features expects whole numbers"),
        ({"scale": 2}, "scale must be 1 for"),
        ({"task": "super_resolution"}, "scale must be 2, 3 or 4"),
        ({"task": "demosaic", "channels": 1}, "channels must be 3 for"),
        ({"attention": ("end",)}, "attention must list"),
        ({"attention": ("mid", "mid")}, "attention must list"),
        ({"levels": 0}, "levels expects whole numbers"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        small(**options)
