import json

import numpy as np
import pytest
from testing import enliven, image_folder, random_image

from kerasrestore import DANetMobile, LiteRTRestorer, PANet, Restorer
from kerasrestore.cli.main import main
from kerasrestore.export.save_preset import (
    add_exports,
    preset_task,
    save_preset,
)
from kerasrestore.litert.sidecar import read_sidecar
from kerasrestore.models.presets import Preset
from kerasrestore.tasks import (
    CameraNoise,
    Denoise,
    Jpeg,
    Task,
    deserialize_task,
    serialize_task,
)

ABOUT = {
    "description": "For tests.",
    "training_data": "CC0 images",
    "license": "Apache-2.0",
    "tile": 96,
}


@pytest.fixture(scope="module")
def jpeg():
    return PANet(
        task="jpeg", channels=1, num_blocks=2, features=8, attention=()
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return image_folder(tmp_path_factory.mktemp("data"), 1)


def test_a_task_without_noise_levels(jpeg, images, tmp_path):
    preset = jpeg.save_preset(
        tmp_path / "clean", task=Jpeg((10, 20)), benchmarks=[images], **ABOUT
    )
    assert "sigma_range" not in preset.card
    assert preset_task(preset).quality == (10, 20)
    assert list(preset.psnr[images.name]) == ["10", "20"]
    sidecar = read_sidecar(preset.tflite())
    assert sidecar["name"] == preset.name == "clean"
    assert sidecar["sigma_range"] == [0, 0]
    assert sidecar["quality"] == preset.quality
    assert sidecar["license"] == "Apache-2.0"
    image = random_image((40, 30, 1))
    restored = Restorer.from_preset(preset.path).restore(image)
    # The weights of the preset are rounded to float16.
    np.testing.assert_allclose(restored, jpeg.restore(image), atol=1e-3)
    exported = LiteRTRestorer.from_preset(preset.path).restore(image)
    np.testing.assert_allclose(exported, restored, atol=1e-2)
    assert [path.name for path in tmp_path.iterdir()] == ["clean"]


def test_nothing_is_half_written(jpeg, images, tmp_path, monkeypatch):
    target = tmp_path / "kept"
    preset = jpeg.save_preset(target, task=Jpeg(10), **ABOUT)
    before = {path.name: path.read_bytes() for path in target.iterdir()}

    def fail(*args, **kwargs):
        raise ValueError("no measure")

    monkeypatch.setattr("kerasrestore.export.save_preset.measure", fail)
    with pytest.raises(ValueError, match="no measure"):
        jpeg.save_preset(target, task=Jpeg(20), benchmarks=[images], **ABOUT)
    with pytest.raises(ValueError, match="no measure"):
        add_exports(preset, {"float16": jpeg}, benchmarks=[images])
    assert {p.name: p.read_bytes() for p in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_images_that_cannot_be_measured(jpeg, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"a\.png could not be measured"):
        jpeg.save_preset(
            tmp_path / "new",
            task=Jpeg(10),
            benchmarks=[tmp_path / "data"],
            **ABOUT,
        )
    assert not (tmp_path / "new").exists()


def test_another_task_or_model(jpeg, tmp_path):
    with pytest.raises(ValueError, match="made for jpeg, not for denoise"):
        save_preset(jpeg, tmp_path / "a", task=Denoise(), **ABOUT)
    preset = jpeg.save_preset(tmp_path / "a", task=Jpeg(), **ABOUT)
    other = DANetMobile(widths=(8, 16))
    with pytest.raises(ValueError, match="has task 'jpeg'"):
        add_exports(preset, {"float16": other})


def test_a_task_of_your_own(tmp_path):
    class Dust(Task):
        name = "dust"

        def get_config(self):
            return {"grains": 3}

    model = enliven(DANetMobile(widths=(8, 16)))
    model.task = "dust"
    preset = model.save_preset(
        tmp_path / "dust", task=Dust(), **{**ABOUT, "tile": None}
    )
    assert preset.task == "dust"
    assert preset.degradation["config"] == {"grains": 3}
    with pytest.raises(ValueError, match="got 'dust'"):
        preset_task(preset)
    with pytest.raises(ValueError, match=r"no \.tflite file; it has none"):
        LiteRTRestorer.from_preset(preset.path)
    # Only classes of tasks are built from what a card says.
    with pytest.raises(ValueError, match="got 'x'"):
        deserialize_task({"name": "x", "degradation": "y", "config": {}})
    with pytest.raises(ValueError, match="does not support grains"):
        deserialize_task({**serialize_task(Jpeg()), "config": {"grains": 3}})


def test_terms_are_shown(jpeg, tmp_path, monkeypatch, capsys):
    preset = jpeg.save_preset(tmp_path / "a", task=Jpeg(10), **ABOUT)
    card = json.loads((preset.path / "card.json").read_text())
    card["psnr"] = {"LIVE1": {"10": 30.0}}
    (preset.path / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(
        "kerasrestore.models.presets.presets", lambda: [Preset(preset.path)]
    )
    assert main(["presets"]) == 0
    shown = capsys.readouterr().out
    assert "terms of the weights: Apache-2.0" in shown
    assert "LIVE1: 30.00 dB at quality 10" in shown


def test_camera_noise(images, tmp_path):
    """Measured by kinds; of clean images the input's PSNR is infinite."""
    model = enliven(DANetMobile(widths=(8, 16), middle_blocks=1))
    options = {**ABOUT, "benchmarks": [images]}
    preset = model.save_preset(tmp_path / "a", task=CameraNoise(), **options)
    (figures,) = preset.quality.values()
    assert list(figures) == ["camera", "gaussian", "film", "clean"]
    assert "input_psnr_rgb" in figures["camera"]
    assert "input_psnr_rgb" not in figures["clean"]
    assert preset_task(preset).get_config() == CameraNoise().get_config()
