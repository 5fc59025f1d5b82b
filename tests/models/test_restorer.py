"""Restorers as the Keras models that they are."""

import copy
import pickle

import keras
import numpy as np
import pytest
from testing import smooth_image

from kerasrestore import DANetMobile, PANet
from kerasrestore.models import restorer
from kerasrestore.models.cost import live_bytes


@pytest.fixture(scope="module")
def used():
    """A small model that has restored something, and what it gave."""
    model = DANetMobile(
        widths=(8, 16),
        encoder_blocks=(1,),
        middle_blocks=1,
        decoder_blocks=(1,),
    )
    image = smooth_image(13, 18, seed=0)
    return model, image, model.restore(image)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's format"
)
@pytest.mark.parametrize("way", ["export", "saved_model"])
def test_saved_model_after_restore(used, way, tmp_path):
    """Graphs that `restore` keeps are not part of a saved model."""
    import tensorflow as tf

    model, _, _ = used
    if way == "export":
        model.export(tmp_path / "saved", verbose=False)
    else:
        tf.saved_model.save(model, str(tmp_path / "saved"))
    assert tf.saved_model.load(str(tmp_path / "saved")) is not None


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_copies(used, copied):
    model, image, restored = used
    np.testing.assert_array_equal(copied(model).restore(image), restored)


def test_clone_model(used):
    """A clone is a plain Keras model with the same network."""
    model, _, _ = used
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    image = np.full((1, 16, 16, 3), 0.5, "float32")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(clone(image)),
        keras.ops.convert_to_numpy(model(image)),
        atol=1e-6,
    )


@pytest.mark.parametrize("use", ["call", "predict"])
def test_sizes_that_do_not_fit(used, use):
    model, _, _ = used
    image = np.zeros((1, 13, 16, 3), "float32")
    with pytest.raises(ValueError, match=r"multiples of 4, got 13x16; pad"):
        model(image) if use == "call" else model.predict(image, verbose=0)


@pytest.mark.parametrize("freed", [False, True])
def test_memory_forecast(monkeypatch, freed):
    monkeypatch.setattr(restorer, "returns_freed_memory", lambda: freed)
    jax = keras.backend.backend() == "jax"
    model = DANetMobile(widths=(8, 16))
    image = 4 * 3 * 48 * 56
    overhead = restorer.RETURNED if freed else 2
    if jax:
        overhead = restorer.JAX_WORKSPACE
    network = live_bytes(model, 48, 56, overhead)
    wanted = int(network) + 3 * image
    first = wanted + (restorer.JAX_GRAPH if jax else restorer.FIRST_GRAPH)
    assert model.memory_forecast(48, 56) == first
    model.restore_tile(np.zeros((1, 48, 64, 3), "float32"), None)
    further = wanted + (restorer.JAX_GRAPH if jax else restorer.GRAPH)
    assert model.memory_forecast(48, 56) == further
    model.restore_tile(np.zeros((1, 48, 56, 3), "float32"), None)
    assert model.memory_forecast(48, 56) == model.memory_forecast(47, 55)
    assert model.memory_forecast(48, 56) == wanted
    # What is written into the sidecar does not depend on this process.
    assert model.activation_bytes(48, 56) == int(live_bytes(model, 48, 56, 2))


def test_attention_is_compiled():
    model = PANet(num_blocks=2, features=8, levels=2)
    assert model.memory_forecast(12, 12) > restorer.COMPILER
    plain = PANet(num_blocks=2, features=8, attention=())
    assert plain.memory_forecast(12, 12) < restorer.COMPILER
