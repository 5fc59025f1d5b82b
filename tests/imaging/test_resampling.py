import numpy as np
import pytest
from goldens import golden, needs_goldens
from hypothesis import given
from hypothesis import strategies as st

from kerasrestore.imaging.resampling import bicubic_matrix

SIZES = st.integers(1, 40)


@given(SIZES, SIZES, st.sampled_from(["matlab", "size"]))
def test_rows_sum_to_one(size_in, size_out, rule):
    matrix = bicubic_matrix(size_in, size_out, rule)
    assert matrix.shape == (size_out, size_in)
    np.testing.assert_allclose(matrix.sum(1), 1)
    # Mirror images are resampled to mirror images.
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-12)


@given(st.integers(4, 40), st.sampled_from(["matlab", "size", "scale"]))
def test_the_same_size_changes_nothing(size, rule):
    np.testing.assert_allclose(
        bicubic_matrix(size, size, rule, 1.0), np.eye(size), atol=1e-12
    )


def test_shrinking_with_matlab_sees_more_pixels():
    # Four pixels of the enlarged kernel on either side, weights by hand:
    # the cubic at distances 0.25, 0.75, 1.25 and 1.75, halved.
    row = bicubic_matrix(32, 16, "matlab")[8]
    near = [(1.5 * x - 2.5) * x**2 + 1 for x in (0.25, 0.75)]
    far = [((-0.5 * x + 2.5) * x - 4) * x + 2 for x in (1.25, 1.75)]
    half = np.array([*near, *far]) / 2
    np.testing.assert_allclose(row[13:21], [*half[::-1], *half], atol=1e-12)
    assert np.count_nonzero(np.abs(row) > 1e-12) == 8


def test_steps_of_the_scale_that_was_asked_for():
    by_size = bicubic_matrix(17, 15, "size")
    by_scale = bicubic_matrix(17, 15, "scale", 0.9)
    assert np.abs(by_size - by_scale).max() > 0.01
    np.testing.assert_array_equal(
        bicubic_matrix(20, 18, "size"), bicubic_matrix(20, 18, "scale", 0.9)
    )


@needs_goldens
@pytest.mark.parametrize("size", ["17x23", "24x20"])
@pytest.mark.parametrize("tenths", [9, 8, 7, 6])
@pytest.mark.parametrize(
    ("rule", "key"), [("size", "pt11"), ("scale", "torch2")]
)
def test_released_resampling(size, tenths, rule, key):
    arrays, _ = golden("primitives")
    image = arrays[f"bicubic_in_{size}"][0].astype(float)
    scale = 1 - (10 - tenths) / 10
    rows, columns = (
        bicubic_matrix(n, int(np.floor(n * scale)), rule, scale)
        for n in image.shape[:2]
    )
    found = np.einsum("ij,jkc,lk->ilc", rows, image, columns)
    wanted = arrays[f"bicubic_{key}_{size}_s{tenths}"][0]
    # PyTorch takes the coordinates in float32.
    np.testing.assert_allclose(found, wanted, atol=2e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 3), "at least 1"),
        ((3, 0), "at least 1"),
        ((3, 3, "nearest"), "rule must be one of"),
        ((3, 3, "scale"), "requires a positive scale"),
        ((3, 3, "matlab", -1), "requires a positive scale"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        bicubic_matrix(*arguments)
