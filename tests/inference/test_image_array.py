import numpy as np
import pytest
from blur_restorer import Blur, blurred
from testing import random_image


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (None, "check its name"),
        (b"\x89PNG", "PIL.Image.open"),
        ([np.zeros((4, 4, 3)), np.zeros((5, 4, 3))], "one by one"),
        (np.zeros((4, 4, 3), "int32"), "int32 with values from 0 to 0"),
        (np.full((4, 4, 3), 4095, "int64"), "to 4095.* with white_level"),
        (np.zeros((4, 4, 3), bool), r"image \* np.uint8\(255\)"),
        (np.zeros((4, 4, 3), complex), "got complex128"),
        ({}, "got object"),
        (np.full((4, 4, 3), 200.0), "from 200 to 200.*white_level"),
        (np.full((4, 4, 3), -100.0), "shift them"),
        (np.full((4, 4, 3), np.nan), "NaN or infinity in 48 of 48"),
        (np.full((4, 4, 3), np.inf), "NaN or infinity"),
        (np.zeros((3, 40, 50)), r"np.moveaxis\(image, -3, -1\)"),
        (np.zeros((2, 3, 40, 50)), r"np.moveaxis\(image, -3, -1\)"),
        (np.zeros((9, 40, 50)), r"\(N, H, W, 1\)"),
        (np.zeros((2, 40, 50, 7)), "one by one"),
        (np.zeros(4), "got .4,."),
        (np.zeros((1, 1, 4, 4, 3)), "shape"),
        (np.zeros((0, 4, 3)), "at least one pixel"),
    ],
)
def test_what_is_no_image(image, words):
    with pytest.raises(ValueError, match=words) as error:
        Blur().restore(image)
    assert str(error.value).count(". ") == 0  # one sentence


def test_the_advice_for_masks_is_right():
    mask = random_image((4, 4, 3), "uint8") > 127
    image = mask * np.uint8(255)
    assert image.dtype == "uint8" and Blur().restore(image).shape == (4, 4, 3)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_white_level_of_whole_numbers(bits):
    white = 2**bits - 1
    image = random_image((9, 12, 3))
    data = np.rint(image * white).astype("uint16")
    seen = []

    class Watched(Blur):
        def restore_tile(self, tile, sigma):
            seen.append(tile.max())
            return super().restore_tile(tile, sigma) + np.float32(0.6)

    found = Watched().restore(data, white_level=white)
    assert found.dtype == "uint16" and found.max() == white
    assert 0.9 < max(seen) <= 1
    wanted = np.rint((blurred(image) + 0.6).clip(0, 1) * white)
    assert np.abs(found - wanted).max() <= 1


def test_white_level_of_floats():
    image = random_image((9, 12, 3)) * 300 - 20
    found = Blur().restore(image, white_level=255)
    np.testing.assert_allclose(found, blurred(image), atol=1e-3)


def test_white_level_of_transparent_images():
    image = random_image((9, 12, 4), "uint16")
    image[..., :3] //= 16
    found = Blur().restore(image, white_level=4095)
    np.testing.assert_array_equal(found[..., 3], image[..., 3])


@pytest.mark.parametrize("level", [0, -5, 70000, np.nan, np.inf, True, "12"])
def test_bad_white_levels(level):
    image = np.zeros((4, 4), "uint16")
    with pytest.raises(ValueError, match="up to 65535"):
        Blur().restore(image, white_level=level)


def test_values_above_white():
    image = np.full((4, 4), 4095, "uint16")
    with pytest.raises(ValueError, match=r"up to 4095, beyond .* 1023"):
        Blur().restore(image, white_level=1023)
