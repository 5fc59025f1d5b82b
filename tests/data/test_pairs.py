import numpy as np
import pytest
from PIL import Image
from testing import random_image

from kerasrestore.data import folder_pairs, rgb_to_gray
from kerasrestore.data.pairs import ImagePair


def save(path, size=(6, 5), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = random_image((*size, 3), "uint8", seed)
    Image.fromarray(image).save(path)
    return image


def test_matched_by_stem(tmp_path):
    save(tmp_path / "low" / "b.jpg")
    low = save(tmp_path / "low" / "a.png", seed=1)
    high = save(tmp_path / "high" / "a.bmp", seed=2)
    save(tmp_path / "high" / "b.png")
    pairs = folder_pairs(tmp_path / "low", tmp_path / "high")
    assert [pair.name for pair in pairs] == ["a", "b"]
    np.testing.assert_array_equal(pairs[0].load_degraded(), low)
    np.testing.assert_array_equal(pairs[0].load_clean(), high)
    gray = pairs[0].load_clean(1)
    np.testing.assert_array_equal(gray[..., 0], rgb_to_gray(high))


def test_missing_partners_are_named(tmp_path):
    for name in ("low/a.png", "low/b.png", "high/b.png", "high/c.png"):
        save(tmp_path / name)
    with pytest.raises(ValueError, match=r"high/c\.png, .*low/a\.png"):
        folder_pairs(tmp_path / "low", tmp_path / "high")
    for number in range(7):
        save(tmp_path / "low" / f"d{number}.png")
    with pytest.raises(ValueError, match="and 4 more"):
        folder_pairs(tmp_path / "low", tmp_path / "high")


def test_two_files_of_one_name(tmp_path):
    for name in ("low/a.png", "low/a.bmp", "high/a.png"):
        save(tmp_path / name)
    with pytest.raises(
        ValueError, match=r"a\.bmp and a\.png .* same base name"
    ):
        folder_pairs(tmp_path / "low", tmp_path / "high")


def test_images_that_a_pair_lacks():
    with pytest.raises(ValueError, match="no clean image"):
        ImagePair("a").load_clean()
