import numpy as np
import pytest

from kerasrestore import NLRN, RNAN, DANet, DANetMobile, PANet
from kerasrestore.models import get_preset
from kerasrestore.models.danet.privileged_teacher import PrivilegedTeacher
from kerasrestore.training.recipe.run import open_run
from kerasrestore.training.recipe.start import start_from

PRESET = "danet_mobile_denoise_color_sigma_bsd400"


def small(**changes):
    preset = get_preset(PRESET)
    return DANetMobile(**{**preset.config, **changes})


def saved(model, folder):
    """The model with other weights than initial ones, in a run folder."""
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        noise = rng.normal(0, 0.02, variable.shape)
        variable.assign(np.asarray(variable.numpy() + noise, "float32"))
    open_run(folder, "train.py", {}, model)
    model.save_weights(folder / "best.weights.h5")
    return model, folder


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


COLORED = {
    DANetMobile: {"widths": (16, 24), "sigma_input": True},
    DANet: {"widths": (8, 16), "blocks": (1, 1), "offset_width": 4},
    PANet: {"num_blocks": 2, "features": 8},
    RNAN: {"features": 8},
}


@pytest.mark.parametrize("kind", COLORED)
def test_a_gray_model_starts_as_the_colour_model(kind, tmp_path):
    trained, path = saved(kind(channels=3, **COLORED[kind]), tmp_path)
    model = kind(channels=1, **COLORED[kind])
    assert start_from(model, path) == []
    image = np.random.default_rng(1).random((1, 24, 32, 1), "float32")
    sigma = np.full((1, 1), 20, "float32") if model.sigma_input else None
    gray = model.restore_tile(image, sigma)
    colour = trained.restore_tile(image.repeat(3, -1), sigma)
    colour = colour.mean(-1, keepdims=True)
    rounding = 1e-4 * np.abs(colour).max()
    np.testing.assert_allclose(gray, colour, rtol=0, atol=rounding)
    # Models that return their input would agree, too.
    assert np.abs(gray - image).max() > 0.01


def test_a_privileged_teacher_is_refused(tmp_path):
    blocks = {"encoder_blocks": (0, 0), "decoder_blocks": (0, 0)}
    teacher = PrivilegedTeacher(widths=(8, 16), offset_width=4, **blocks)
    _, path = saved(teacher, tmp_path)
    with pytest.raises(ValueError, match="same layers"):
        start_from(DANet(widths=(8, 16), blocks=(0, 0), channels=1), path)


def test_normalised_channels_have_no_gray_counterpart(tmp_path):
    _, path = saved(NLRN(channels=3), tmp_path)
    with pytest.raises(ValueError, match=r"of shape \(3,\), and"):
        start_from(NLRN(channels=1), path)


def test_a_colour_model_does_not_start_from_a_gray_one():
    gray = "danet_mobile_denoise_gray_blind_bsd400"
    model = small(sigma_input=False)
    with pytest.raises(ValueError, match=r"has \(3, 3, 12, 48\) there"):
        start_from(model, gray)


def test_more_layers_start_anew():
    model = small(middle_blocks=3)
    new = start_from(model, PRESET)
    assert new and all(name.startswith("middle_block2") for name in new)
