import numpy as np
import pytest
from blur_restorer import Blur, blurred
from hypothesis import given, settings
from hypothesis import strategies as st
from testing import random_image

from kerasrestore import LiteRTRestorer


def cut(image, rows):
    return (image[y : y + rows] for y in range(0, len(image), rows))


def join(bands):
    return np.concatenate(list(bands))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 30),
    st.integers(1, 100),
    st.integers(7, 60),
    st.integers(0, 3),
    st.sampled_from(["uint8", "uint16", "float32"]),
    st.sampled_from([(), (1,), (3,)]),
)
def test_bands_give_the_pixels_of_the_whole(
    height, width, rows, tile, overlap, dtype, end
):
    shape = (height, width, *end)
    image = random_image(shape, dtype)
    model = Blur(channels=1 if end != (3,) else 3)
    options = {"tile": tile, "overlap": min(overlap, (tile - 3) // 2)}
    found = join(model.restore_bands(cut(image, rows), shape, **options))
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, model.restore(image, **options))


@pytest.mark.parametrize("strength", [0.5, 1.7])
def test_a_network_and_its_strength(strength):
    restorer = LiteRTRestorer.from_preset(threads=1)
    image = random_image((700, 60, 3), "uint8")
    found = join(
        restorer.restore_bands(cut(image, 33), image.shape, strength=strength)
    )
    np.testing.assert_array_equal(
        found, restorer.restore(image, strength=strength)
    )


def test_enlarging_and_white_level():
    class Twice(Blur):
        scale = 2

        def restore_tile(self, tile, sigma):
            return tile.repeat(2, 1).repeat(2, 2)

    image = random_image((50, 13, 3), "uint16") // 16
    bands = Twice().restore_bands(
        cut(image, 8), image.shape, tile=20, white_level=4095
    )
    np.testing.assert_array_equal(join(bands), image.repeat(2, 0).repeat(2, 1))


def test_rows_are_read_when_they_are_wanted_and_let_go():
    image = random_image((400, 20, 3))
    read = []

    def bands():
        for y in range(0, 400, 10):
            read.append(y)
            yield image[y : y + 10]

    found = Blur().restore_bands(bands(), image.shape, tile=40)
    assert read == []
    top = 0
    for band in found:
        top += len(band)
        assert read[-1] <= top + 20
    assert top == 400


def test_memory_is_that_of_a_row_of_tiles():
    import tracemalloc

    def bands():
        for y in range(0, 6000, 50):
            yield np.full((50, 400, 3), y % 251, "uint8")

    class Same(Blur):
        def restore_tile(self, tile, sigma):
            return tile

    tracemalloc.start()
    rows = 0
    for band in Same().restore_bands(bands(), (6000, 400, 3), tile=104):
        rows += len(band)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 6000
    # The image alone is 7.2 million bytes, a row of tiles 0.5 as floats.
    assert peak < 2_500_000


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ([], "end after 0 of 40"),
        ([np.zeros((30, 20, 3))], "end after 30 of 40"),
        ([np.zeros((50, 20, 3))], "does not fit after 0 rows"),
        ([np.zeros((40, 21, 3))], "does not fit"),
        ([np.zeros((40, 20))], "does not fit"),
        ([np.zeros((20, 20, 3)), np.zeros((20, 20, 3), "uint8")], "uint8"),
        ([np.zeros((40, 20, 3)), np.zeros((1, 20, 3))], "have more than"),
        ([np.full((40, 20, 3), np.nan)], "NaN"),
    ],
)
def test_bands_that_do_not_fit(bands, words):
    with pytest.raises(ValueError, match=words):
        join(Blur().restore_bands(bands, (40, 20, 3)))


def test_options_are_refused_before_a_band_is_read():
    for options, shape, words in (
        ({"strength": 3}, (4, 4), "strength"),
        ({"sigma": 5}, (4, 4), "takes no sigma"),
        ({}, (4, 4, 4), "shape must"),
        ({"overlap": -1}, (4, 4), "overlap must"),
    ):
        with pytest.raises(ValueError, match=words):
            Blur().restore_bands(None, shape, **options)
    with pytest.raises(ValueError, match="one sigma"):
        Blur(sigma_input=True).restore_bands(
            None, (4, 4), sigma=np.ones((4, 4))
        )


def test_blurred_is_what_a_band_gives():
    image = random_image((40, 20, 3))
    found = join(Blur().restore_bands(cut(image, 7), image.shape, tile=16))
    np.testing.assert_allclose(found, blurred(image), atol=1e-6)
