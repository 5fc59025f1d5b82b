import keras
import numpy as np
import pytest
from testing import enliven, random_image

from kerasrestore import DANetMobile


@pytest.fixture(scope="module")
def model():
    model = enliven(DANetMobile(widths=(8, 16)))
    model.restore(random_image((20, 30, 3)))
    return model


def test_saving_for_serving_after_an_image_was_restored(model, tmp_path):
    import tensorflow as tf

    image = random_image((1, 32, 40, 3))
    model.export(tmp_path / "keras", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "keras")
    np.testing.assert_allclose(loaded.serve(image), model(image), atol=1e-4)
    tf.saved_model.save(model, tmp_path / "saved")
    assert (tmp_path / "saved" / "saved_model.pb").is_file()


def test_cloning(model):
    image = random_image((1, 32, 40, 3))
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(clone(image), model(image), atol=1e-5)


def test_sides_that_do_not_fit(model):
    words = r"multiples of 4, got 47x31; `restore` takes any size"
    for call in (model, lambda image: model.predict(image, verbose=0)):
        with pytest.raises(ValueError, match=words):
            call(random_image((1, 31, 47, 3)))
    assert model.restore(random_image((31, 47, 3))).shape == (31, 47, 3)
