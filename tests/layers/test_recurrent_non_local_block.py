import json

import keras
import numpy as np
import pytest
from goldens import golden, needs_goldens, released_state
from numpy_layers import non_local
from testing import enliven

from kerasrestore.layers.recurrent_non_local_block import (
    DISTANCES,
    RecurrentNonLocalBlock,
)

SHAPE = (2, 6, 7, 5)


def build(**options):
    return RecurrentNonLocalBlock(**{"key_filters": 3, "window": 3, **options})


def lively(**options):
    layer = build(**options)
    layer.build(SHAPE)
    return enliven(layer)


def sample(seed=0):
    return np.random.default_rng(seed).normal(size=SHAPE).astype("float32")


@pytest.mark.parametrize("window", [3, None])
@pytest.mark.parametrize("padding", ["circular", "zero"])
@pytest.mark.parametrize("distance", DISTANCES)
def test_definition_over_three_steps(distance, padding, window):
    layer = lively(distance=distance, padding=padding, window=window)
    x = first = sample()
    correlations = []
    for _ in range(3):
        x, correlation = layer(x, correlations)
        correlations.append(correlation)
    for found, image in zip(np.asarray(x), first, strict=True):
        wanted, logits, outside = image.astype(float), 0.0, 0.0
        for _ in range(3):
            wanted, logits, outside = non_local(wanted, layer, logits, outside)
        np.testing.assert_allclose(
            found, wanted, atol=1e-5 * np.abs(wanted).max()
        )


def test_bandwidth_of_the_euclidean_distance():
    x = sample()
    for bandwidth in (None, 0.5, 4.0):
        layer = lively(distance="euclidean", bandwidth=bandwidth)
        for found, image in zip(layer(x)[0], x.astype(float), strict=True):
            np.testing.assert_allclose(
                found, non_local(image, layer)[0], atol=1e-5
            )


def test_start_is_the_identity():
    x = sample()
    np.testing.assert_array_equal(build()(x)[0], x)


@pytest.mark.parametrize("distance", DISTANCES)
def test_graph_file_training_and_mixed_precision(tmp_path, distance):
    def make(**options):
        layer = build(distance=distance, **options)
        image = keras.Input((None, None, SHAPE[-1]))
        y, correlation = layer(image)
        y, _ = layer(y, [correlation])
        return keras.Model(image, y)

    model = enliven(make())
    x = sample()
    wanted = np.asarray(model(x))
    for size in ((1, 1), (4, 9)):
        odd = np.random.default_rng(1).random((1, *size, 5), "float32")
        found = model.predict_on_batch(odd)
        assert found.shape == odd.shape
        np.testing.assert_allclose(found, model(odd), atol=1e-5, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(x), wanted, atol=1e-6, rtol=1e-5)

    before = [np.array(v) for v in model.trainable_variables]
    # Steps so long that the smallest gradient shows.
    model.compile(keras.optimizers.SGD(10.0), "mse")
    assert np.isfinite(model.train_on_batch(x, 1 - wanted))
    for value, variable in zip(before, model.trainable_variables, strict=True):
        # Adds the same to all logits of a softmax.
        if not (
            distance == "embedded_gaussian" and "phi/bias" in variable.path
        ):
            assert np.any(value != np.array(variable)), variable.path

    mixed = make(dtype="mixed_bfloat16")
    assert {v.dtype for v in mixed.variables} == {"float32"}
    for value, variable in zip(before, mixed.trainable_variables, strict=True):
        variable.assign(value)
    y = mixed(x)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    np.testing.assert_allclose(
        np.asarray(keras.ops.cast(y, "float32")),
        wanted,
        atol=0.05 * np.abs(wanted).max(),
    )


def test_shapes_are_known_without_running():
    for distance in DISTANCES:
        layer = build(distance=distance)
        correlation = [keras.KerasTensor((*SHAPE[:3], 4), "float32")] * 2
        spec = layer.compute_output_spec(
            keras.KerasTensor(SHAPE, "float32"), [correlation]
        )
        found = layer(sample())
        for one, other in zip(
            keras.tree.flatten(spec), keras.tree.flatten(found), strict=True
        ):
            assert tuple(one.shape) == tuple(other.shape), distance
            assert one.dtype == keras.backend.standardize_dtype(other.dtype)


def test_first_call_may_bring_correlations():
    x = sample()
    _, correlation = build()(x)
    y, _ = build()(x, [correlation, correlation])
    assert tuple(y.shape) == SHAPE


def test_config():
    for options in (
        {},
        {"window": None, "padding": "zero"},
        {"distance": "euclidean", "bandwidth": 2.5},
    ):
        layer = build(**options)
        config = json.loads(json.dumps(keras.layers.serialize(layer)))
        again = keras.layers.deserialize(config)
        assert again.get_config() == layer.get_config()


def test_parameters_and_cost():
    shape = (2, 30, 40, 128)
    layer = RecurrentNonLocalBlock()
    layer.build(shape)
    assert layer.count_params() == 33_024
    embeddings = 128 * (64 + 64 + 128)
    per_pixel = embeddings + 45**2 * (64 + 128)
    assert layer.count_macs(shape) == 2 * 1200 * per_pixel
    # Each step's correlations are another inner product a pair.
    assert layer.count_macs(shape, 2) - layer.count_macs(shape) == (
        2 * 1200 * 45**2 * 2 * 64
    )
    full = RecurrentNonLocalBlock(window=None)
    assert full.count_macs(shape) == 2 * 1200 * (embeddings + 1200 * 192)
    linear = RecurrentNonLocalBlock(window=None, distance="dot")
    assert linear.count_macs(shape) == 2 * 1200 * (128 * 128 + 2 * 128 * 128)
    # Windows take blocks and a few maps: memory grows with the pixels.
    small, large = (
        layer.workspace_bytes((1, side, side, 128)) for side in (500, 1000)
    )
    assert 3 < large / small < 4.1
    assert small > 3 * 4 * 500 * 500 * 128
    assert layer.workspace_bytes(shape, 3) > layer.workspace_bytes(shape)
    assert full.workspace_bytes(shape, 3) > full.workspace_bytes(shape)


@needs_goldens
@pytest.mark.parametrize(
    ("name", "window", "padding"),
    [
        ("nlrn_nonlocal_full", None, "zero"),
        ("nlrn_nonlocal_window", 7, "zero"),
        ("nlrn_nonlocal_window_circular", 7, "circular"),
    ],
)
def test_released_block(name, window, padding):
    arrays, _ = golden(name)
    state = released_state(name)
    layer = RecurrentNonLocalBlock(window=window, padding=padding)
    layer.build(arrays["input"].shape)
    parts = {**layer.embeddings, "g": layer.value_embedding}
    assert {f"non_local_{part}/kernel" for part in parts} == {
        key for key in state if key.endswith("kernel")
    }
    for part, conv in parts.items():
        conv.kernel.assign(state[f"non_local_{part}/kernel"])
        conv.bias.assign(state[f"non_local_{part}/bias"])
    found, _ = layer(arrays["input"])
    np.testing.assert_allclose(found, arrays["output"], atol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key_filters": 0}, "key_filters expects whole numbers"),
        ({"window": 4}, "use 5"),
        ({"padding": "same"}, "padding must be"),
        ({"distance": "cosine"}, "'cosine'"),
        ({"bandwidth": 0}, "bandwidth must be"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        build(**options)
