import keras
import numpy as np
import pytest
from goldens import golden
from testing import random_image

from kerasrestore.ops.wavelet import haar_dwt2d, haar_iwt2d

# Rows LL, HL, LH, HH; columns the pixels of a block, row by row.
HAAR = (
    np.array([[1, 1, 1, 1], [-1, 1, -1, 1], [-1, -1, 1, 1], [1, -1, -1, 1]])
    / 2.0
)


def test_against_the_definition():
    x = random_image((2, 6, 8, 3)).astype("float64")
    blocks = x.reshape(2, 3, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5)
    blocks = blocks.reshape(2, 3, 4, 4, 3)
    wanted = np.einsum("bp,nijpc->nijbc", HAAR, blocks).reshape(2, 3, 4, 12)
    found = haar_dwt2d(x.astype("float32"))
    np.testing.assert_allclose(np.asarray(found), wanted, atol=1e-6)
    np.testing.assert_allclose(
        np.sum(np.square(found)), np.sum(np.square(x)), rtol=1e-6
    )


def test_released_vectors():
    arrays, _ = golden("haar_dwt")
    bands = haar_dwt2d(arrays["input"])
    np.testing.assert_allclose(np.asarray(bands), arrays["dwt"], atol=1e-6)
    np.testing.assert_allclose(
        np.asarray(haar_iwt2d(arrays["dwt"])),
        arrays["iwt_of_dwt"],
        atol=1e-6,
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_reconstruction_is_exact(dtype):
    # Multiples of a power of two: no rounding in either direction.
    x = np.random.default_rng(0).integers(0, 16, (2, 4, 10, 3)) / 16
    x = keras.ops.cast(x, dtype)
    again = haar_iwt2d(haar_dwt2d(x))
    assert keras.backend.standardize_dtype(again.dtype) == dtype
    assert bool(keras.ops.all(again == x))


@pytest.mark.parametrize(
    ("function", "shape", "words"),
    [
        (haar_dwt2d, (1, 5, 4, 1), "5x4"),
        (haar_dwt2d, (1, 4, 7, 1), "4x7"),
        (haar_dwt2d, (4, 4, 1), r"\(4, 4, 1\)"),
        (haar_iwt2d, (1, 4, 4, 6), "6 channels"),
        (haar_iwt2d, (4, 4, 4), r"\(4, 4, 4\)"),
    ],
)
def test_bad_shapes(function, shape, words):
    with pytest.raises(ValueError, match=words):
        function(np.zeros(shape, "float32"))
