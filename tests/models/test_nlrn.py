import keras
import numpy as np
import pytest
from goldens import golden, needs_goldens, released_state
from numpy_layers import nlrn
from testing import enliven, random_image, run_model_test, run_python

from kerasrestore import NLRN
from kerasrestore.layers.recurrent_non_local_block import DISTANCES

SMALL = {"num_steps": 2, "window": 5, "filters": 6, "key_filters": 3}
GOLDENS = {
    "nlrn_T3_full": {"released": "master"},
    "nlrn_T3_q15_zero": {"released": "master", "window": 15},
    "nlrn_T3_q15_circular": {
        "released": "master",
        "window": 15,
        "padding": "circular",
    },
    "nlrn_T3_q15_circular_corr": {
        "released": "master",
        "window": 15,
        "padding": "circular",
        "propagate": True,
    },
    "nlrn_v0_T3_full_corr": {"released": "v0"},
}


def build(**options):
    return NLRN(**{**SMALL, **options})


def lively(**options):
    """With statistics of the batch normalisation that matter, too."""
    model = enliven(build(**options))
    rng = np.random.default_rng(1)
    for variable in model.non_trainable_variables:
        low = 0.5 if "variance" in variable.path else -0.5
        variable.assign(rng.uniform(low, 1.5, variable.shape))
    return model


@pytest.mark.parametrize(
    "options",
    [
        {"channels": 1},
        {"channels": 3},
        {"task": "super_resolution"},
        {"released": "master", "window": "auto"},
        {"released": "v0", "window": "auto"},
        {"padding": "zero", "distance": "euclidean"},
        {"shared": False, "non_local_every": 2, "num_steps": 3},
    ],
)
def test_model(tmp_path, options):
    run_model_test(lambda **more: build(**options, **more), tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"propagate": False},
        {"padding": "zero"},
        {"window": None},
        {"num_steps": 5, "non_local_every": 2},
        {"non_local_every": 0},
        {"shared": False, "num_steps": 3},
        {"channels": 3},
        {"released": "master", "window": "auto"},
        {"released": "v0", "window": "auto"},
        {"released": "master"},
        *({"distance": distance, "num_steps": 3} for distance in DISTANCES),
    ],
)
def test_definition(options):
    model = lively(**options)
    image = random_image((9, 8, model.channels))
    wanted = nlrn(model, image)
    assert np.abs(wanted - image).max() > 0.01
    if model.released == "v0":  # which gives the residual
        wanted = wanted - image
    np.testing.assert_allclose(
        np.asarray(model(image[None]))[0],
        wanted,
        atol=2e-5 * np.abs(wanted).max(),
    )


@needs_goldens
@pytest.mark.parametrize("name", GOLDENS)
def test_released_network(name):
    arrays, info = golden(name)
    model = NLRN(num_steps=3, **GOLDENS[name])
    model.load_released_state(released_state(name))
    assert model.count_parameters() == info["n_trainable"]
    assert model.count_params() == info["n_total"]
    # Float noise was measured at 5e-7; a wrong reading is off by 2e-3.
    np.testing.assert_allclose(
        model(arrays["input"]), arrays["output"], atol=1e-5
    )


def test_restore_adds_what_v0_gives():
    model = lively(released="v0")
    image = random_image((9, 11, 1))
    residual = np.asarray(model(255 * image[None]))[0] / 255
    assert np.abs(residual).max() > 0.01
    np.testing.assert_allclose(
        model.restore(image), image + residual, atol=1e-5
    )


@needs_goldens
def test_a_state_of_other_steps_is_refused():
    state = released_state("nlrn_T3_full")
    with pytest.raises(ValueError, match="rnn/batch_normalization_9"):
        NLRN(num_steps=4, released="master").load_released_state(state)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"released": "master", "distance": "gaussian"},
        {"released": "master", "non_local_every": 2},
        {"released": "v0", "shared": False},
    ],
)
def test_released_weights_of_another_network_are_refused(options):
    with pytest.raises(ValueError, match="The released weights fit"):
        build(**options).load_released_state({})


def test_defaults():
    def chosen(**options):
        model = NLRN(**options)
        return model.window, model.padding, model.propagate, model.value_range

    assert chosen() == (45, "circular", True, (0.0, 1.0))
    assert chosen(released="master") == (None, "zero", False, (0.0, 1.0))
    assert chosen(released="v0") == (None, "zero", True, (0.0, 255.0))
    assert chosen(released="v0", window=7, propagate=False) == (
        7,
        "zero",
        False,
        (0.0, 255.0),
    )


@pytest.mark.parametrize(
    ("steps", "trainable", "everything"),
    [(3, 333_187, 335_749), (12, 340_099, 349_573), (15, 342_403, 354_181)],
)
def test_parameters(steps, trainable, everything):
    model = NLRN(num_steps=steps)
    assert model.count_parameters() == trainable
    assert model.count_params() == everything
    # 330 K in the paper's table 3, whatever the number of steps.
    assert convolution_parameters(model) == 330_625


def convolution_parameters(model):
    return sum(
        np.prod(variable.shape)
        for variable in model.trainable_variables
        if variable.name in ("kernel", "bias")
    )


def test_the_same_number_of_parameters_without_the_non_local_block():
    counts = {
        filters: convolution_parameters(
            NLRN(num_steps=2, non_local_every=0, filters=filters)
        )
        for filters in (134, 135, 136)
    }
    assert counts[135] == 330_886
    # No other width is nearer to NLRN.
    assert min(counts, key=lambda width: abs(counts[width] - 330_625)) == 135


def test_macs():
    model = NLRN()
    convolutions = 2 * 9 * 128 + 12 * (2 * 9 * 128**2 + 2 * 128 * 64 + 128**2)
    pairs = 12 * 128 + 64 * sum(range(1, 13))
    per_pixel = convolutions + 45**2 * pairs
    assert model.count_macs(30, 50) == 1500 * per_pixel
    apart = NLRN(propagate=False)
    per_pixel = convolutions + 45**2 * 12 * (128 + 64)
    assert apart.count_macs(30, 50) == 1500 * per_pixel
    assert apart.memory_forecast(300, 300) < model.memory_forecast(300, 300)


def test_start_is_near_the_identity_of_the_non_local_blocks():
    model = build()
    x = random_image((1, 12, 13, 1))
    before = np.asarray(model(x))
    block = model.get_layer("non_local")
    block.embeddings["theta"].kernel.assign(
        100 * np.asarray(block.embeddings["theta"].kernel)
    )
    # Values of zero: whatever the weights, nothing is added.
    np.testing.assert_array_equal(model(x), before)


@pytest.mark.parametrize("released", [None, "v0"])
def test_a_training_step_at_the_paper_s_patch(released):
    model = NLRN(num_steps=2, released=released)
    model.compile(keras.optimizers.Adam(1e-3, clipnorm=0.5), "mse")
    scale = model.value_range[1]
    clean = scale * random_image((4, 45, 45, 1))
    noisy = clean + scale * (random_image((4, 45, 45, 1), seed=1) - 0.5) / 5
    before = [np.array(v) for v in model.trainable_variables]
    losses = [float(model.train_on_batch(noisy, clean)) for _ in range(2)]
    assert np.isfinite(losses).all()
    for value, variable in zip(before, model.trainable_variables, strict=True):
        new = np.array(variable)
        assert np.isfinite(new).all(), variable.path
        # It adds the same to all logits of a softmax.
        if not variable.path.endswith("phi/bias"):
            assert np.any(new != value), variable.path


def test_half_precision_restores_the_same_image():
    model = lively(num_steps=4)
    mixed = build(num_steps=4, dtype="mixed_bfloat16")
    mixed.set_weights(model.get_weights())
    image = random_image((1, 24, 25, 1))
    wanted, found = np.asarray(model(image)), np.asarray(mixed(image))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(
        found, wanted, atol=0.05 * np.abs(wanted - image).max()
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "fly"}, "got 'fly'"),
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"num_steps": 0}, "num_steps expects whole numbers"),
        ({"num_steps": 1.5}, "num_steps expects whole numbers"),
        ({"window": 44}, "use 45"),
        ({"padding": "reflect"}, "padding must be"),
        ({"propagate": "sometimes"}, "propagate must be"),
        ({"released": "v1"}, "released must be"),
        ({"distance": "cosine"}, "'cosine'"),
        ({"bandwidth": -1.0}, "bandwidth must be"),
        ({"non_local_every": -1}, "non_local_every expects whole numbers"),
        ({"filters": 0}, "filters expects whole numbers"),
        ({"key_filters": 0}, "key_filters expects whole numbers"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
import numpy as np, kerasrestore
model = kerasrestore.NLRN(
    num_steps=2, window=5, filters=6, key_filters=3
)
model.load_weights(sys.argv[1])
np.save(sys.argv[3], model.restore(np.load(sys.argv[2])))
"""


def test_jax_gives_the_same_pixels_without_tensorflow(tmp_path):
    model = lively()
    image = random_image((45, 62, 1))
    model.save_weights(tmp_path / "a.weights.h5")
    np.save(tmp_path / "image.npy", image)
    run_python(
        JAX,
        tmp_path / "a.weights.h5",
        tmp_path / "image.npy",
        tmp_path / "out.npy",
        KERAS_BACKEND="jax",
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"), model.restore(image), atol=1e-4
    )
