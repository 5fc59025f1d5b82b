import importlib

import numpy as np
import pytest
from PIL import Image
from testing import ROOT, enliven, preset_folder, smooth_image

from kerasrestore import DANetMobile, LiteRTRestorer
from kerasrestore.models.presets import Preset, file_sha256
from kerasrestore.tasks import SuperResolution


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")
    return importlib.import_module("add_crops")


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / "one.png", tmp_path / "t@o.png"]
    for seed, path in enumerate(paths):
        Image.fromarray(smooth_image(60, 80, 3, seed)).save(path)
    return paths


def test_crops(recipe, photos, tmp_path, capsys):
    folder = preset_folder(tmp_path)
    words = [str(folder), f"{photos[0]}@7,3", str(photos[1]), "--size", "40"]
    recipe.main(words)
    preset = Preset(folder)
    path = preset.checked_file("crops")
    assert capsys.readouterr().out == f"{path}\n"
    assert preset.card["crops"] == ["one.png", "t@o.png"]
    sheet = np.asarray(Image.open(path)).astype(int)
    assert sheet.shape == (40 + 8 + 40, 40 + 8 + 40, 3)
    restorer = LiteRTRestorer.from_preset(folder)
    for row, (top, left), photo in zip((0, 48), ((3, 7), (10, 20)), photos,
                                       strict=True):  # fmt: skip
        levels = np.asarray(Image.open(photo))
        for column, image in ((0, levels), (48, restorer.restore(levels))):
            shown = sheet[row : row + 40, column : column + 40]
            square = image[top : top + 40, left : left + 40]
            assert np.abs(shown - square).mean() < 4  # JPEG
    # The card's other files are as they were.
    for role, entry in preset.files.items():
        assert file_sha256(preset.file(role)) == entry["sha256"]


def test_a_square_beyond_the_photo(recipe, photos, tmp_path):
    folder = preset_folder(tmp_path)
    before = (folder / "card.json").read_bytes()
    with pytest.raises(ValueError, match=r"80x60 pixels.* square of 40 at"):
        recipe.main([str(folder), f"{photos[0]}@41,0", "--size", "40"])
    assert (folder / "card.json").read_bytes() == before
    assert not (folder / "crops.jpg").exists()


def test_a_preset_that_needs_a_noise_level(recipe, photos):
    name = "danet_mobile_denoise_color_sigma_bsd400"
    with pytest.raises(ValueError, match="needs a noise level"):
        recipe.main([name, str(photos[0])])


def test_a_preset_that_enlarges(recipe, photos, tmp_path):
    preset = enliven(
        DANetMobile(
            task="super_resolution", scale=2, widths=(8,), full_resolution=True,
            encoder_blocks=(), middle_blocks=1, decoder_blocks=(),
        )
    ).save_preset(
        tmp_path / "large",
        task=SuperResolution(2),
        description="For tests.",
        training_data="none",
        license="Apache-2.0",
        tile=48,
    )  # fmt: skip
    recipe.main([str(preset.path), f"{photos[0]}@7,3", "--size", "40"])
    sheet = np.asarray(Image.open(preset.path / "crops.jpg")).astype(int)
    assert sheet.shape == (40, 40 + 8 + 40, 3)
    photo = Image.open(photos[0])
    restorer = LiteRTRestorer.from_preset(preset.path)
    shown = {
        0: np.asarray(photo.resize((160, 120), Image.BICUBIC)),
        48: restorer.restore(np.asarray(photo)),
    }
    for column, image in shown.items():
        square = image[6:46, 14:54]
        assert np.abs(sheet[:, column : column + 40] - square).mean() < 4
    with pytest.raises(ValueError, match=r"multiple of the scale 2 .*got 41"):
        recipe.main([str(preset.path), str(photos[0]), "--size", "41"])


def test_a_preset_for_mosaics(recipe, photos):
    with pytest.raises(ValueError, match="needs a mosaic"):
        recipe.main(["danet_mobile_demosaic_bayer_cc0", str(photos[0])])
