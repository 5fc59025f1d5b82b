from dataclasses import replace

import keras
import numpy as np
import pytest
from testing import enliven, image_folder, random_image, run_python

from kerasrestore import DANetMobile
from kerasrestore.data import PatchSampler
from kerasrestore.models import DANet
from kerasrestore.models.danet.privileged_teacher import (
    TARGETS,
    PrivilegedTeacher,
)
from kerasrestore.tasks import Denoise
from kerasrestore.training import (
    DevicePatches,
    FitSettings,
    LogMeanSquaredError,
    Validation,
    fit,
)
from kerasrestore.training.distillation.distillation import (
    Distillation,
    feature_model,
)
from kerasrestore.training.distillation.privileged import (
    PrivilegedPatches,
    PrivilegedSampler,
    PrivilegedTraining,
    PrivilegedValidation,
)

FEATURES = {
    "middle_block0_add": "middle_block1_add",
    "decoder0_block0_add": "up0_add",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 3, (40, 48))


def sampler(folder):
    return PatchSampler(folder, Denoise((0, 55)), patch_size=16, batch_size=2)


def small_mobile(**options):
    options = {
        "widths": (8, 16),
        "middle_blocks": 1,
        "decoder_blocks": (1,),
        **options,
    }
    return enliven(DANetMobile(**options))


def large_mobile(**options):
    return enliven(DANetMobile(widths=(16, 24), **options), seed=1)


def small_danet(**options):
    options = {"widths": (4, 8), "blocks": (0, 0), "offset_width": 4, **options}
    return enliven(DANet(**options), seed=2)


def privileged_teacher(**options):
    return PrivilegedTeacher(
        widths=(4, 8),
        encoder_blocks=(0, 0),
        decoder_blocks=(0, 0),
        offset_width=4,
        **options,
    )


SETTINGS = FitSettings(
    steps=4, learning_rate=1e-3, loss="log_mse", ema=0.9, validate_every=2
)


def train(model, sampler, out, restorer, settings=SETTINGS, **options):
    return fit(
        model,
        sampler,
        out,
        settings,
        restorer=restorer,
        progress=False,
        **options,
    )


def checkpoint(out):
    with np.load(out / "checkpoint.npz") as archive:
        return dict(archive)


def log_mse(wanted, found):
    error = np.mean((np.asarray(wanted) - np.asarray(found)) ** 2, (1, 2, 3))
    return np.mean(np.log(error + 1e-5))


@pytest.mark.parametrize("sigma_input", [False, True])
def test_the_loss(sigma_input):
    student = small_mobile(sigma_input=sigma_input)
    teacher = large_mobile()
    model = Distillation(
        student,
        teacher,
        LogMeanSquaredError(),
        features=FEATURES,
        output_weight=0.7,
        feature_weight=0.3,
    )
    model.compile("sgd", LogMeanSquaredError())
    noisy, clean = (random_image((2, 16, 24, 3), seed=s) for s in range(2))
    inputs = noisy
    if sigma_input:
        inputs = {"image": noisy, "sigma": np.full((2, 1), 25, "float32")}
    found = model.compute_loss(inputs, clean, model(inputs, training=True))
    ours = feature_model(student, FEATURES)(inputs)
    theirs = feature_model(teacher, FEATURES.values())(noisy)
    features = 0
    for name, source in FEATURES.items():
        kernel, bias = (
            np.asarray(v)
            for v in model.trainable_variables
            if v.path.startswith(f"{name}_adapter")
        )
        adapted = np.asarray(ours[name]) @ kernel[0, 0] + bias
        wanted = np.asarray(theirs[source])
        error = np.mean((adapted - wanted) ** 2, (1, 2, 3))
        features += np.mean(error / np.mean(wanted**2, (1, 2, 3))) / 2
    wanted = (
        log_mse(clean, ours["restored"])
        + 0.7 * log_mse(theirs["restored"], ours["restored"])
        + 0.3 * features
    )
    assert float(found) == pytest.approx(wanted, rel=1e-5)


def test_the_teacher_stays_as_it_is(folder, tmp_path):
    student, teacher = small_mobile(), large_mobile()
    before = [model.get_weights() for model in (student, teacher)]
    model = Distillation(
        student, teacher, LogMeanSquaredError(), features=FEATURES
    )
    adapters = [np.array(v) for v in model.trainable_variables[-4:]]
    train(model, sampler(folder), tmp_path, student)
    for one, two in zip(before[1], teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert teacher.trainable_variables == teacher.variables
    for one, two in zip(before[0], student.get_weights(), strict=True):
        assert not np.array_equal(one, two)
    for one, two in zip(adapters, model.trainable_variables[-4:], strict=True):
        assert not np.array_equal(one, two)
    held = [key for key in checkpoint(tmp_path) if key.startswith("model/")]
    assert len(held) == len(student.variables) + 4


def test_it_goes_on_exactly(folder, tmp_path):
    def run(out, steps):
        keras.utils.set_random_seed(0)
        student = small_mobile()
        model = Distillation(
            student, large_mobile(), LogMeanSquaredError(), features=FEATURES
        )
        validate = Validation(folder, [Denoise(25)], crop=16)
        return train(
            model,
            sampler(folder),
            out,
            student,
            replace(SETTINGS, steps=steps),
            validate=validate,
        )

    best = run(tmp_path / "whole", 4)
    run(tmp_path / "parts", 2)
    assert run(tmp_path / "parts", 4)["psnr"] == best["psnr"]
    one, two = (checkpoint(tmp_path / name) for name in ("whole", "parts"))
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)
    # What is kept is the student alone.
    small_mobile().load_weights(tmp_path / "whole" / "best.weights.h5")


def test_a_student_of_int8(folder, tmp_path):
    from kerasrestore.training.quantization.quantize_aware import quantize_aware

    patches = [sampler(folder).batch(0)[0]]
    student = quantize_aware(small_mobile(), patches)
    model = Distillation(
        student, large_mobile(), LogMeanSquaredError(), features=FEATURES
    )
    settings = replace(SETTINGS, steps=2)
    train(model, sampler(folder), tmp_path, student, settings)
    row = (tmp_path / "log.csv").read_text().splitlines()[-1]
    assert np.isfinite(float(row.split(",")[1]))


@pytest.mark.parametrize("target", TARGETS)
def test_the_privileged_teacher_is_given_the_clean_image(target):
    privileged = enliven(privileged_teacher(encoder_target=target))
    student = enliven(privileged.student(), seed=3)
    rows = ("encoder0", "middle", "decoder0")
    model = Distillation(
        student,
        privileged.features(),
        keras.losses.MeanSquaredError(),
        features={f"{row}_last": row for row in rows},
        output_weight=0,
        feature_weight=0.5,
        feature_loss=keras.losses.MeanAbsoluteError(),
        adapt=False,
        privileged=True,
    )
    assert len(model.trainable_variables) == len(student.trainable_variables)
    model.compile("sgd", keras.losses.MeanSquaredError())
    noisy, clean = (random_image((2, 8, 16, 3), seed=s) for s in range(2))
    found = model.compute_loss(noisy, clean, model(noisy))
    ours = student.features()(noisy)
    theirs = privileged.features()(privileged.inputs_of(clean, noisy))
    wanted = np.mean((np.asarray(ours["restored"]) - clean) ** 2)
    for row in rows:
        error = np.abs(np.asarray(ours[row]) - np.asarray(theirs[row]))
        wanted += 0.5 / 3 * np.mean(error)
    assert float(found) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("sigma_input", [False, True])
def test_the_privileged_loss(folder, sigma_input, target):
    teacher = enliven(
        privileged_teacher(sigma_input=sigma_input, encoder_target=target)
    )
    model = PrivilegedTraining(teacher, imitation_weight=2.0)
    patches = PrivilegedSampler(sampler(folder))
    both, clean, sigma = patches.batch(3)
    assert patches.batch_size == 2
    degraded, wanted, _ = sampler(folder).batch(3)
    np.testing.assert_array_equal(clean, wanted)
    np.testing.assert_array_equal(both, np.concatenate([clean, degraded], -1))
    model.compile("sgd", keras.losses.MeanSquaredError())
    inputs = both
    if sigma_input:
        inputs = {"image": both, "sigma": sigma[:, None]}
    found = model.compute_loss(inputs, clean, model(inputs))
    images = teacher(teacher.inputs_of(clean, degraded, sigma[:, None]))
    images = {name: np.asarray(image) for name, image in images.items()}
    imitated = clean if target == "clean" else degraded
    wanted = np.mean((images["restored"] - clean) ** 2) + 2 * np.mean(
        np.abs(images["encoded"] - imitated)
    )
    assert float(found) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    ("patches", "target"),
    [(PrivilegedSampler, "degraded"), (PrivilegedPatches, "clean")],
)
def test_the_privileged_teacher_is_trained(folder, tmp_path, patches, target):
    teacher = privileged_teacher(sigma_input=True, encoder_target=target)
    before = teacher.get_weights()
    best = train(
        PrivilegedTraining(teacher),
        patches(sampler(folder)),
        tmp_path,
        teacher,
        replace(SETTINGS, loss="l2"),
        validate=PrivilegedValidation(folder, [Denoise(25)], crop=16),
    )
    assert {"psnr", "psnr_decoder"} <= best.keys()
    # Encoder and decoder call their layers alike; both are kept.
    held = [key for key in checkpoint(tmp_path) if key.startswith("model/")]
    assert len(held) == len(before) == len(teacher.variables)
    changed = [
        not np.array_equal(one, two)
        for one, two in zip(before, teacher.get_weights(), strict=True)
    ]
    # All but what lies behind rectifiers that happen to be shut.
    assert sum(changed) > 0.8 * len(changed)


def test_privileged_patches_of_the_device(folder):
    found = PrivilegedPatches(sampler(folder)).batch(3)
    degraded, clean, sigma = DevicePatches(sampler(folder)).batch(3)
    wanted = (np.concatenate([clean, degraded], -1), clean, sigma)
    for one, two in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, two)


def psnr(image, clean):
    levels = np.rint(255 * np.clip(image, 0, 1))
    return 10 * np.log10(255**2 / np.mean((levels - clean) ** 2))


@pytest.mark.parametrize("target", TARGETS)
def test_what_the_privileged_figures_are(folder, target):
    teacher = enliven(privileged_teacher(encoder_target=target))
    # Three images, whose crops are the whole centre.
    validate = PrivilegedValidation(folder, [Denoise(25)], crop=16)
    figures = validate(teacher)
    whole, alone = [], []
    for index, image in enumerate(validate.images):
        top, left = ((side - 16) // 2 for side in image.shape[:2])
        clean = image[top : top + 16, left : left + 16]
        noisy = Denoise(25).degrade_benchmark(clean, index)[None]
        inputs = teacher.inputs_of(clean[None] / np.float32(255), noisy)
        whole.append(psnr(teacher(inputs)["restored"][0], clean))
        alone.append(psnr(teacher.decoder(noisy)[0], clean))
    assert figures == {
        "psnr": pytest.approx(np.mean(whole), abs=1e-2),
        "psnr_decoder": pytest.approx(np.mean(alone), abs=1e-2),
    }


def test_an_encoder_that_copies_leaves_the_noise_to_the_decoder(folder):
    """Its decoder is validated as it is trained: on degraded images."""
    teacher = enliven(privileged_teacher(encoder_target="clean"))
    tail = teacher.encoder.get_layer("tail")
    tail.set_weights([np.zeros_like(one) for one in tail.get_weights()])
    figures = PrivilegedValidation(folder, [Denoise(25)], crop=16)(teacher)
    assert figures["psnr"] == pytest.approx(figures["psnr_decoder"], abs=1e-2)


TRAIN = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
sys.path.insert(0, "tests/training/distillation")
import keras
strategy = sys.argv[3]
if strategy == "mirrored":
    import tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )
from kerasrestore.training.distribution.open_distribution import (
    open_distribution,
)
distribution = open_distribution(strategy)
from test_distillation import *
with distribution.scope():
    student = small_mobile()
    model = Distillation(
        student, large_mobile(), LogMeanSquaredError(), features=FEATURES
    )
    for variable in model.trainable_variables[-4:]:
        variable.assign(0.1 * keras.ops.ones(variable.shape))
train(
    model,
    sampler(sys.argv[1]),
    Path(sys.argv[2]),
    student,
    replace(SETTINGS, validate_every=1),
    distribution=distribution,
)
"""


def losses(folder, out, strategy="none", **environment):
    run_python(TRAIN, folder, out, strategy, **environment)
    lines = (out / "log.csv").read_text().splitlines()
    assert lines[0].startswith("step,loss,")
    return [float(line.split(",")[1]) for line in lines[1:]]


def test_two_devices_and_jax_train_alike(folder, tmp_path):
    one = losses(folder, tmp_path / "one")
    assert len(one) == 4
    two = losses(folder, tmp_path / "two", "mirrored")
    np.testing.assert_allclose(two, one, atol=1e-4)
    jax = losses(folder, tmp_path / "jax", KERAS_BACKEND="jax")
    np.testing.assert_allclose(jax, one, atol=1e-3)


@pytest.mark.parametrize(
    ("student", "teacher", "features", "words"),
    [
        ({"channels": 1}, {}, {}, "the same number of channels"),
        ({}, {"sigma_input": True}, {}, "sigma_input=True"),
        ({}, {}, {"middle": "middle_last"}, "has no layer 'middle'"),
        ({}, {}, {"stem": "tails"}, "has no layer 'tails'"),
        ({}, {}, {"middle_block0_add": "middle_last"}, "the same size"),
    ],
)
def test_bad_pairs(student, teacher, features, words):
    with pytest.raises(ValueError, match=words):
        Distillation(
            small_mobile(**student),
            small_danet(**teacher),
            LogMeanSquaredError(),
            features=features,
        )
