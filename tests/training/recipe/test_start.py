import numpy as np
import pytest

from kerasrestore import DANetMobile, PANet
from kerasrestore.models import get_preset
from kerasrestore.training.recipe.start import start_from

PRESET = "danet_mobile_denoise_color_sigma_bsd400"


def small(**changes):
    preset = get_preset(PRESET)
    return DANetMobile(**{**preset.config, **changes})


def weights(model):
    return [np.array(variable) for variable in model.weights]


def test_a_preset():
    model = small()
    assert start_from(model, PRESET) == []
    trained = DANetMobile.from_preset(PRESET)
    for ours, theirs in zip(weights(model), weights(trained), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: small(widths=(32, 128)), r"has \(3, 3, 12, 32\) there"),
        (lambda: small(sigma_input=False), "has no such weights"),
        (lambda: small(middle_blocks=1), "has no such weights"),
        (lambda: PANet(num_blocks=2, features=8), "has no such weights"),
    ],
)
def test_other_layers_are_refused_and_nothing_is_taken(model, sentence):
    model = model()
    before = weights(model)
    with pytest.raises(ValueError, match=sentence):
        start_from(model, PRESET)
    for ours, theirs in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_gray_model_starts_as_the_colour_model():
    trained = DANetMobile.from_preset(PRESET)
    model = small(channels=1)
    assert start_from(model, PRESET) == []
    rng = np.random.default_rng(0)
    image = rng.random((1, 24, 32, 1), "float32")
    sigma = np.full((1, 1), 20, "float32")
    gray = model({"image": image, "sigma": sigma})
    colour = trained({"image": image.repeat(3, -1), "sigma": sigma})
    np.testing.assert_allclose(
        np.array(gray), np.array(colour).mean(-1, keepdims=True), atol=1e-5
    )
    # Were the model's output that of any weights, this would hold as well.
    assert np.abs(np.array(gray) - image).max() > 0.1


def test_a_colour_model_does_not_start_from_a_gray_one():
    gray = "danet_mobile_denoise_gray_blind_bsd400"
    model = small(sigma_input=False)
    with pytest.raises(ValueError, match=r"has \(3, 3, 12, 48\) there"):
        start_from(model, gray)


def test_more_layers_start_anew():
    model = small(middle_blocks=3)
    new = start_from(model, PRESET)
    assert new and all(name.startswith("middle_block2") for name in new)
