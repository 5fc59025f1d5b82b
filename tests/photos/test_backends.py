"""Photos through a Keras model: JAX gives what TensorFlow gives."""

from pathlib import Path

import numpy as np
import pytest
from testing import ROOT, enliven, random_image, run_python

from kerasrestore.photos import Photo

JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.path += sys.argv[2:]
import keras
import test_backends
assert keras.backend.backend() == "jax"
test_backends.restore_all(sys.argv[1], "jax")
"""


def write_photos(folder):
    alpha = random_image((45, 62), seed=1)
    alpha[10:20, 10:20] = 0
    deep = random_image((45, 62, 3), "uint16")
    Photo(deep, (alpha * 65535).astype("uint16")).save(folder / "deep.png")
    Photo(deep >> 4).save(folder / "twelve.tif")
    Photo(deep[..., 0]).save(folder / "gray.png")
    light = random_image((45, 62, 3)) * 2 - 0.5
    Photo(light, alpha, linear=True).save(folder / "light.tif")


def restore_all(folder, name):
    """Restores the photos of a folder in all ways that matter."""
    from kerasrestore import DANetMobile

    folder = Path(folder)
    model = DANetMobile(widths=(8, 16), sigma_input=True)
    model.load_weights(folder / "a.weights.h5")

    def restored(file, **options):
        options = {"sigma": 20.0, **options}
        return np.asarray(model.restore(folder / file, **options))

    levels = np.full((45, 62), 10.0)
    levels[:, 30:] = 40
    image = random_image((150, 60, 3), "uint8")
    bands = np.array_split(image, 7)
    found = {
        "deep": restored("deep.png"),
        "twelve": restored("twelve.tif", white_level=4095),
        "gray": restored("gray.png"),
        "light": restored("light.tif", strength=0.5),
        "map": restored("twelve.tif", sigma=levels, white_level=4095),
        "ensemble": restored("gray.png", ensemble=True),
        "limit": restored("gray.png", memory_limit="8GB"),
        "whole": model.restore(image, sigma=20.0),
        "banded": np.concatenate(
            list(model.restore_bands(bands, image.shape, sigma=20.0, tile=112))
        ),
    }
    with pytest.raises(MemoryError, match="raise the limit"):
        restored("gray.png", memory_limit="1MB")
    np.savez(folder / f"{name}.npz", **found)


def test_jax_restores_photos_like_tensorflow(tmp_path):
    from kerasrestore import DANetMobile

    write_photos(tmp_path)
    model = enliven(DANetMobile(widths=(8, 16), sigma_input=True))
    model.save_weights(tmp_path / "a.weights.h5")
    here = Path(__file__).parent
    run_python(JAX, tmp_path, here, ROOT / "tests", KERAS_BACKEND="jax")
    restore_all(tmp_path, "here")
    found = np.load(tmp_path / "jax.npz")
    wanted = np.load(tmp_path / "here.npz")
    for key in wanted.files:
        assert found[key].dtype == wanted[key].dtype
        white = {"u": 1, "f": 1e-4}[wanted[key].dtype.kind]
        np.testing.assert_allclose(
            found[key].astype(float), wanted[key], atol=white, err_msg=key
        )
    for data in (found, wanted):
        np.testing.assert_allclose(
            data["banded"].astype(float), data["whole"], atol=1
        )
    assert wanted["deep"].dtype == np.uint16
    assert wanted["deep"].shape == (45, 62, 4)
