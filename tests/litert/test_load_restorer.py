import numpy as np
import pytest
from PIL import Image
from testing import random_image

import kerasrestore
from kerasrestore.litert.load_restorer import load_presets, preset_names
from kerasrestore.models.presets import default_preset, presets


def test_defaults_of_every_task_that_has_some():
    assert preset_names("denoise") == (default_preset("denoise"),)
    assert preset_names("denoise", 1) == (default_preset("denoise", 1),)
    for preset in presets():
        if preset.card.get("default"):
            scale = None if preset.scale == 1 else preset.scale
            names = preset_names(preset.task, preset.channels, scale)
            assert names == (preset.name,)


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        ("fly", {}, "got 'fly'"),
        ("denoise,", {}, "got ''"),
        ("denoise", {"scale": 2}, "leave the scale out"),
        ("super_resolution", {"scale": 7}, "super_resolution at scale 7"),
    ],
)
def test_unknown_tasks_and_scales(task, options, words):
    with pytest.raises(ValueError, match=words):
        preset_names(task, **options)


def test_one_line_for_arrays_files_and_pil(tmp_path):
    image = random_image((24, 30, 3), "uint8")
    wanted = kerasrestore.LiteRTRestorer.from_preset().restore(image)
    np.testing.assert_array_equal(kerasrestore.restore(image), wanted)
    pil = Image.fromarray(image)
    np.testing.assert_array_equal(np.asarray(kerasrestore.restore(pil)), wanted)
    pil.save(tmp_path / "a.png")
    photo = kerasrestore.restore(tmp_path / "a.png")
    np.testing.assert_array_equal(photo.pixels, wanted)
    with open(tmp_path / "a.png", "rb") as file:
        photo = kerasrestore.restore(file)
    np.testing.assert_array_equal(photo.pixels, wanted)


@pytest.mark.parametrize("shape", [(24, 30), (24, 30, 1), (24, 30, 2)])
def test_gray_images_get_the_gray_preset(shape):
    image = random_image(shape, "uint8")
    gray = load_presets([default_preset("denoise", 1)])
    np.testing.assert_array_equal(
        kerasrestore.restore(image, strength=0.5),
        gray.restore(image, strength=0.5),
    )


def test_presets_are_loaded_once(monkeypatch):
    image = random_image((8, 8, 3), "uint8")
    wanted = kerasrestore.restore(image)

    def load(*args, **options):
        raise AssertionError("loaded again")

    monkeypatch.setattr(kerasrestore.LiteRTRestorer, "from_preset", load)
    np.testing.assert_array_equal(kerasrestore.restore(image), wanted)
