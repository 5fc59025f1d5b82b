import json

import keras
import numpy as np
import pytest
from testing import enliven, random_image

from kerasrestore import DANet, PrivilegedTeacher

SMALL = {
    "widths": (8, 16),
    "encoder_blocks": (0, 1),
    "decoder_blocks": (0, 0),
    "offset_width": 4,
}


def build(**options):
    return PrivilegedTeacher(**{**SMALL, **options})


def halve(model):
    for variable in enliven(model).trainable_variables:
        variable.assign(0.5 * variable)
    return model


@pytest.fixture(scope="module")
def teacher():
    return halve(build())


def test_the_decoder_meets_the_noise_of_the_degraded_image():
    teacher = halve(build(encoder_target="clean"))
    clean, degraded = (random_image((2, 16, 24, 3), seed=s) for s in range(2))
    inputs = teacher.inputs_of(clean, degraded)
    assert set(inputs) == {"image", "degraded"}
    images = teacher(inputs)
    encoded = np.asarray(teacher.encoder(clean))
    np.testing.assert_allclose(
        np.asarray(images["encoded"]), encoded, atol=1e-5
    )
    noisy = encoded + degraded - clean
    np.testing.assert_allclose(
        np.asarray(images["restored"]),
        np.asarray(teacher.decoder(noisy)),
        atol=1e-5,
    )
    maps, wanted = teacher.features()(inputs), teacher.decoder.features()(noisy)
    assert set(maps) == {*wanted, "encoded"}
    for name, image in wanted.items():
        np.testing.assert_allclose(
            np.asarray(maps[name]), np.asarray(image), atol=1e-4
        )


@pytest.mark.parametrize("target", ["degraded", "clean"])
@pytest.mark.parametrize("sigma_input", [False, True])
def test_config_and_file(tmp_path, sigma_input, target):
    teacher = halve(
        build(sigma_input=sigma_input, channels=1, encoder_target=target)
    )
    config = json.loads(json.dumps(teacher.get_config()))
    again = PrivilegedTeacher.from_config(config)
    assert again.get_config() == teacher.get_config()
    images = (random_image((2, 16, 24, 1), seed=s) for s in range(2))
    inputs = teacher.inputs_of(*images, np.full((2, 1), 20, "float32"))
    assert isinstance(inputs, dict) is (sigma_input or target == "clean")
    wanted = teacher(inputs)
    teacher.save(tmp_path / "teacher.keras")
    loaded = keras.saving.load_model(tmp_path / "teacher.keras")
    assert type(loaded) is PrivilegedTeacher
    for name, image in loaded(inputs).items():
        assert tuple(image.shape) == (2, 16, 24, 1)
        np.testing.assert_allclose(
            np.asarray(image), np.asarray(wanted[name]), atol=1e-6
        )


def test_the_decoder_sees_what_the_encoder_makes(teacher):
    clean = random_image((2, 16, 24, 3))
    images = teacher(clean)
    encoded = teacher.encoder(clean)
    for name, image in (
        ("encoded", encoded),
        ("restored", teacher.decoder(encoded)),
    ):
        np.testing.assert_allclose(
            np.asarray(images[name]), np.asarray(image), atol=1e-5
        )
    assert np.abs(np.asarray(encoded) - clean).max() > 1e-2


def test_the_student_starts_from_the_decoder(teacher):
    student = teacher.student()
    assert type(student) is DANet
    assert student.size == "slim"
    image = random_image((1, 16, 16, 3))
    wanted = np.asarray(teacher.decoder(image))
    np.testing.assert_allclose(np.asarray(student(image)), wanted, atol=1e-6)
    # Its weights are its own.
    student.compile("sgd", "mse")
    student.train_on_batch(image, 1 - image)
    assert np.abs(np.asarray(student(image)) - wanted).max() > 0
    np.testing.assert_array_equal(np.asarray(teacher.decoder(image)), wanted)


def test_features_are_the_decoders(teacher):
    clean = random_image((1, 16, 16, 3))
    maps = teacher.features()(clean)
    wanted = teacher.decoder.features()(teacher.encoder(clean))
    assert set(maps) == {*wanted, "encoded"}
    assert set(maps) - {"encoded"} == set(teacher.student().features().output)
    for name, image in wanted.items():
        np.testing.assert_allclose(
            np.asarray(maps[name]), np.asarray(image), atol=1e-5
        )


def test_both_losses_train_both_halves():
    teacher = halve(build())
    for variable in teacher.trainable_variables:
        # The few rectifiers of the attentions may be off.
        if variable.path.endswith(("reduce/bias", "branches/bias")):
            variable.assign(variable + 3)
    teacher.compile(
        keras.optimizers.SGD(1.0), {"encoded": "mae", "restored": "mse"}
    )
    clean = random_image((2, 16, 16, 3))
    before = [np.array(v) for v in teacher.trainable_variables]
    teacher.train_on_batch(clean, {"encoded": clean - 1, "restored": clean})
    for old, variable in zip(before, teacher.trainable_variables, strict=True):
        new = np.array(variable)
        assert np.isfinite(new).all(), variable.path
        assert np.any(old != new), variable.path


def test_halves_of_the_default_are_danet_and_danet_s():
    teacher = PrivilegedTeacher(channels=1)
    assert teacher.decoder.get_config() == {
        **DANet(channels=1, size="slim").get_config(),
        "name": "decoder",
    }
    assert teacher.encoder.get_config() == {
        **DANet(channels=1).get_config(),
        "name": "encoder",
    }


def test_mixed_precision_gives_float32_images():
    teacher = build(dtype="mixed_bfloat16")
    assert teacher.dtype_policy.name == "mixed_bfloat16"
    for image in teacher(random_image((1, 16, 16, 3))).values():
        assert keras.backend.standardize_dtype(image.dtype) == "float32"
        assert np.isfinite(np.asarray(image)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "fly"}, "got 'fly'"),
        ({"encoder_target": "noisy"}, "degraded, clean, got 'noisy'"),
        ({"encoder_blocks": (1,)}, "one entry for each"),
        ({"decoder_blocks": (1.5, 1)}, "blocks expects whole numbers"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)
