import numpy as np
import pytest
import tifffile
from PIL import Image
from testing import random_image, run_python

from kerasrestore.data import list_images, load_image, rgb_to_gray
from kerasrestore.photos import Photo


def test_images_of_a_folder(tmp_path):
    for name in ("b.png", "a.JPG", "c.tif"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "d.txt").write_text("")
    (tmp_path / "e.png").mkdir()
    names = [path.name for path in list_images(tmp_path)]
    assert names == ["a.JPG", "b.png", "c.tif"]


def test_folders_without_images(tmp_path):
    with pytest.raises(ValueError, match="contains no images"):
        list_images(tmp_path)
    with pytest.raises(ValueError, match="not a folder"):
        list_images(tmp_path / "none")


@pytest.mark.parametrize(
    ("rgb", "gray"),
    # From MATLAB: rgb2gray(uint8(cat(3, r, g, b))).
    [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29)]
    + [((255, 255, 255), 255), ((10, 20, 30), 18)],
)
def test_gray_is_that_of_matlab(rgb, gray):
    assert rgb_to_gray(np.array([[rgb]], "uint8"))[0, 0] == gray


def test_gray_and_colour_files(tmp_path):
    colour, flat = random_image((6, 5, 3), "uint8"), np.eye(6, dtype="uint8")
    Image.fromarray(colour).save(tmp_path / "a.png")
    Image.fromarray(flat).save(tmp_path / "b.png")
    np.testing.assert_array_equal(load_image(tmp_path / "a.png"), colour)
    gray = load_image(tmp_path / "a.png", 1)
    np.testing.assert_array_equal(gray[..., 0], rgb_to_gray(colour))
    np.testing.assert_array_equal(
        load_image(tmp_path / "b.png", 1)[..., 0], flat
    )
    assert load_image(tmp_path / "b.png").shape == (6, 6, 3)


def test_files_that_are_no_images(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"text")
    with pytest.raises(ValueError, match=r"a\.png cannot be read"):
        load_image(path)
    with pytest.raises(ValueError, match="1 or 3"):
        load_image(path, 4)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (6, 5, 4)])
def test_deep_files_are_refused(tmp_path, name, shape):
    bands = random_image(shape, "uint16")
    photo = Photo(bands if len(shape) == 2 else bands[..., :3])
    photo.alpha = bands[..., 3] if shape[-1] == 4 else None
    photo.save(tmp_path / name)
    with pytest.raises(ValueError, match="more than 8 bits"):
        load_image(tmp_path / name)


def test_previews_are_no_images(tmp_path):
    version = [(50706, 1, 4, b"\1\4\0\0", True)]
    tifffile.imwrite(
        tmp_path / "a.tif",
        random_image((6, 5, 3), "uint8"),
        photometric="rgb",
        extratags=version,
    )
    with pytest.raises(ValueError, match="raw file"):
        load_image(tmp_path / "a.tif")


def test_neither_keras_nor_tensorflow_is_needed():
    code = """
import sys
sys.modules["keras"] = sys.modules["tensorflow"] = None
import kerasrestore.data, kerasrestore.tasks, kerasrestore.metrics
import kerasrestore.inference.image_restorer, kerasrestore.evaluation
"""
    run_python(code)
