import importlib

import numpy as np
import pytest
from PIL import Image
from testing import ROOT, image_folder, smooth_image

from kerasrestore.tasks import Demosaic, Denoise, SuperResolution


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes" / "benchmarks")
    return importlib.import_module("check_protocol")


def test_rows_that_are_known_without_images(recipe, tmp_path):
    """Noise has the PSNR of its sigma, a mosaic of one colour that of the
    two thirds that are missing, and bicubic resampling keeps one level."""
    flat = np.full((60, 72, 3), (120, 60, 200), "uint8")
    (tmp_path / "flat").mkdir()
    Image.fromarray(flat).save(tmp_path / "flat" / "a.png")

    def psnr(task, channels, quantize=True):
        row = recipe.Row("flat", task, channels, 0, 0, 0, 0, "", quantize)
        return recipe.measure(row, tmp_path)[0]

    for sigma in (15, 25, 50):
        wanted = 20 * np.log10(255 / sigma)
        found = psnr(Denoise(sigma), 3, quantize=False)
        assert found == pytest.approx(wanted, abs=0.15)
    assert psnr(Denoise(50), 3) > found + 0.1  # Clipping takes noise away.
    lost = (0.75 * 120**2 + 0.5 * 60**2 + 0.75 * 200**2) / 3
    wanted = 10 * np.log10(255**2 / lost)
    assert psnr(Demosaic(), 3) == pytest.approx(wanted, abs=1e-6)
    for scale in (2, 3, 4):
        task = SuperResolution(scale, pre_upsampled=True)
        assert psnr(task, 3) == float("inf")
        assert psnr(task, 1) == float("inf")


def test_published_noise_rows(recipe):
    for row in recipe.rows():
        if row.task.name == "denoise":
            wanted = 20 * np.log10(255 / row.task.setting)
            assert row.psnr == pytest.approx(wanted, abs=0.005)


def test_the_table(recipe, tmp_path, capsys):
    image_folder(tmp_path / "CBSD68", 2, (60, 72))
    (tmp_path / "Set12").mkdir()
    for index in range(2):
        image = smooth_image(400, 400, 1, index)[..., 0]
        Image.fromarray(image).save(tmp_path / "Set12" / f"{index}.png")
    assert recipe.main(["--data", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    by_set = {
        name: [line for line in lines if line.startswith(name)]
        for name in ("Set12", "CBSD68", "Set5", "Classic5")
    }
    assert len(by_set["Set12"]) == 3 and len(by_set["CBSD68"]) == 4
    (mosaic,) = [line for line in lines if "demosaic" in line]
    assert "DIFFERS" in mosaic and "8.43 / 0.0850" in mosaic
    assert by_set["Set5"] == [f"Set5: no such folder in {tmp_path}, left out"]


def test_margins(recipe):
    row = recipe.Row("a", Demosaic(), 3, 8.43, 0.085, 0.01, 0.0005)
    assert recipe.agrees(row, 8.4399, 0.0854)
    assert not recipe.agrees(row, 8.4401, 0.085)
    assert not recipe.agrees(row, 8.43, 0.0856)
    row = recipe.Row("a", Demosaic(), 3, 8.43, None, 0.01)
    assert recipe.agrees(row, 8.43, 0.5)
