import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from testing import ROOT, image_folder, preset_folder

from kerasrestore.training.window import pack as packing
from kerasrestore.training.window.pack import LIBRARIES, pack


@pytest.fixture
def folders(tmp_path):
    return {
        "data": image_folder(tmp_path / "data", 2, (60, 48)),
        "validation": image_folder(tmp_path / "validation", 1, (60, 48)),
    }


def wheels(names, folder, python):
    assert names == LIBRARIES and python == "3.12"
    (folder / "keras.whl").write_text("a wheel")


def packed(tmp_path, folders, **options):
    into = tmp_path / "packed"
    total = pack(into, ROOT / "recipes", **folders, download=wheels, **options)
    files = [path for path in into.rglob("*") if path.is_file()]
    assert total == sum(path.stat().st_size for path in files)
    return into


def test_images_become_jpeg_at_each_scale(tmp_path, folders):
    Image.new("L", (40, 30), 100).save(folders["data"] / "gray.png")
    shutil.copy(folders["data"] / "gray.png", folders["data"] / "other.png")
    into = packed(tmp_path, folders, scales=(1.0, 0.5))
    train = into / "images" / "train"
    assert len(list(train.iterdir())) == 8
    with Image.open(train / "image0.jpg") as image:
        whole = np.asarray(image).astype("float32")
    with Image.open(folders["data"] / "image0.png") as image:
        assert np.abs(whole - np.asarray(image)).mean() < 2
    with Image.open(train / "gray_0.5.jpg") as image:
        assert (image.size, image.mode) == ((20, 15), "L")
    assert [path.name for path in (into / "images/validation").iterdir()] == [
        "image0.jpg"
    ]


def test_jpeg_files_are_copied(tmp_path, folders):
    data = tmp_path / "photos"
    data.mkdir()
    Image.effect_noise((40, 30), 50).save(data / "a.jpeg", quality=50)
    into = packed(tmp_path, {**folders, "data": data})
    copy = into / "images" / "train" / "a.jpg"
    assert copy.read_bytes() == (data / "a.jpeg").read_bytes()


def test_code_and_the_one_preset(tmp_path, folders):
    name = "danet_mobile_denoise_color_blind_bsd400"
    into = packed(tmp_path, folders, start=name)
    assert (into / "recipes" / "plans" / "accelerator.toml").is_file()
    assert (into / "kerasrestore" / "training" / "fit.py").is_file()
    assert not list(into.rglob("__pycache__"))
    cards = list(into.rglob("card.json"))
    assert [card.parent.name for card in cards] == [name]
    assert {path.name for path in cards[0].parent.iterdir()} == {
        "card.json",
        "model.weights.h5",
    }
    assert not (into / "start").exists()


def test_a_preset_of_ones_own(tmp_path, folders):
    preset = preset_folder(tmp_path)
    into = packed(tmp_path, folders, start=preset)
    assert (into / "start" / "card.json").is_file()
    assert (into / "start" / "model.weights.h5").is_file()


def test_the_script_is_shell(tmp_path, folders):
    into = packed(tmp_path, folders)
    subprocess.run(["sh", "-n", str(into / "train.sh")], check=True)


def test_too_much(tmp_path, folders, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST", 1000)
    with pytest.raises(ValueError, match="pack fewer or smaller images"):
        packed(tmp_path, folders)
    assert not (tmp_path / "packed").exists()
