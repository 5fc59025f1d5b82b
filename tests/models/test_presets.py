import importlib
import json
import shutil
import sys
import types

import numpy as np
import pytest
from PIL import Image
from testing import (
    ROOT,
    preset_folder,
    random_image,
    run_preset_test,
    smooth_image,
)

from kerasrestore import DANetMobile, LiteRTRestorer, Restorer, presets
from kerasrestore.models.presets import (
    INT8_WEIGHTS,
    Preset,
    default_preset,
    file_sha256,
    find_preset,
    get_preset,
)
from kerasrestore.tasks import Denoise
from kerasrestore.training import QuantizeAware, quantize_aware

# Decibels over the noisy input on two drawn images, by noise level; well
# below what the shipped weights reach, far above what broken ones do.
MARGINS = {
    "danet_mobile_denoise_color_blind_bsd400": {15: 6.0, 25: 8.0, 50: 10.0},
    "danet_mobile_denoise_color_sigma_bsd400": {15: 6.0, 25: 8.0, 50: 10.0},
    "danet_mobile_denoise_gray_blind_bsd400": {15: 5.0, 25: 7.0, 50: 9.0},
    "panet_s_denoise_color_sigma50_bsd400": {50: 10.0},
}
# Decibels that the files of other numbers may lose on the benchmarks.
LOST = {
    "float16": {"15": 0.01, "25": 0.01, "50": 0.01},
    "int8": {"15": 0.15, "25": 0.1, "50": 0.1},
}
SIZES = ((1, 1), (31, 47), (481, 321), (500, 333), (1500, 1000))


@pytest.fixture
def folder(tmp_path):
    return preset_folder(tmp_path)


def change_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def test_margins_speak_of_every_preset():
    assert sorted(MARGINS) == [preset.name for preset in presets()]


@pytest.mark.parametrize("name", MARGINS)
def test_shipped(name):
    run_preset_test(name, MARGINS[name])


def test_runtimes_agree_on_photos_of_any_size():
    with Image.open(ROOT / "docs" / "images" / "portrait_noisy.png") as photo:
        photos = [np.asarray(photo.resize(size)) for size in SIZES]
    exported = LiteRTRestorer.from_preset()
    model = DANetMobile.from_preset(default_preset())
    for image in photos:
        one, two = (
            restorer.restore(image / np.float32(255))
            for restorer in (exported, model)
        )
        assert np.abs(one - two).max() <= 1e-4
        difference = exported.restore(image).astype(int) - model.restore(image)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("name", MARGINS)
def test_cards_are_complete(name):
    card = get_preset(name).card
    assert card["name"] == name
    assert card["training"]["command"].startswith("python recipes/")
    assert card["training"]["hardware"] and card["training"]["validation"]
    low, high = card["sigma_range"]
    usual = {str(sigma) for sigma in (15, 25, 50) if low <= sigma <= high}
    for levels in card["psnr"].values():
        assert set(levels) == usual
    roles = {"weights", "tflite", "sidecar", "log", "curve"}
    if "start" in card["training"]:
        roles.add("start_log")
    for kind, export in card.get("exports", {}).items():
        roles |= {f"tflite_{kind}", f"sidecar_{kind}"}
        if export["method"] == "quantization_aware":
            roles.add(INT8_WEIGHTS)
        for data, levels in export["quality"].items():
            for sigma, figures in levels.items():
                wanted = card["quality"][data][sigma]
                (psnr,) = (n for n in figures if n.startswith("psnr"))
                lost = wanted[psnr] - figures[psnr]
                assert lost <= LOST[kind][sigma], (kind, data, sigma)
    assert roles == set(card["files"])


@pytest.mark.parametrize("name", MARGINS)
def test_shipped_exports(name):
    """What is rounded gains nearly what float32 gains."""
    preset = get_preset(name)
    kinds = preset.card.get("exports", {})
    clean = smooth_image(96, 120, preset.channels)
    for sigma in MARGINS[name]:
        task = Denoise(sigma)
        noisy = task.degrade_benchmark(clean, 0)
        options = {"sigma": sigma} if preset.sigma_input else {}

        def psnr(kind, task=task, noisy=noisy, options=options):
            exported = LiteRTRestorer.from_preset(name, quantization=kind)
            assert exported.sidecar["quantization"] == kind
            restored = exported.restore(noisy, **options)
            return task.score(restored, clean)["psnr"]

        for kind in kinds:
            # Smooth images are where rounding shows most.
            lost = psnr("float32") - psnr(kind)
            assert lost < 0.01 if kind == "float16" else lost < 1.0


def test_defaults():
    assert "color" in default_preset()
    assert "gray" in default_preset(channels=1)
    with pytest.raises(ValueError, match="No preset"):
        default_preset(task="fly")


def test_folder(folder):
    image = random_image((40, 30, 3))
    model = DANetMobile.from_preset(folder)
    assert model.name == "small"
    np.testing.assert_allclose(
        LiteRTRestorer.from_preset(folder).restore(image),
        model.restore(image),
        atol=1e-4,
    )
    # The base class finds the right one.
    assert type(Restorer.from_preset(folder)) is DANetMobile


def test_overriding_arguments(folder):
    model = DANetMobile.from_preset(folder, dtype="mixed_bfloat16")
    assert model.dtype_policy.name == "mixed_bfloat16"


def test_unknown_names(folder, tmp_path):
    with pytest.raises(ValueError, match="there are danet_mobile"):
        get_preset("nothing")
    with pytest.raises(ValueError, match="no preset"):
        find_preset(tmp_path / "nowhere")
    change_card(folder, model="Restorer2")
    with pytest.raises(ValueError, match="does not know"):
        Restorer.from_preset(folder)
    # Not every name of the package is a model.
    change_card(folder, model="get_preset")
    with pytest.raises(ValueError, match="does not know"):
        Restorer.from_preset(folder)


def test_another_class(folder):
    class Other(Restorer):
        pass

    with pytest.raises(ValueError, match="not a Other"):
        Other.from_preset(folder)


@pytest.mark.parametrize("role", ["weights", "tflite"])
def test_damaged_files(folder, role):
    load = (DANetMobile if role == "weights" else LiteRTRestorer).from_preset
    path = Preset(folder).file(role)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        load(folder)
    path.unlink()
    with pytest.raises(ValueError, match="lacks"):
        load(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "{", '{"name": 3}', "\xff\xfe", "[" * 200_000]
)
def test_damaged_cards(folder, text):
    (folder / "card.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"card\.json"):
        Preset(folder)


@pytest.mark.parametrize(
    "entry",
    [None, "model.weights.h5", {"file": "model.weights.h5"}, {"sha256": ""},
     {"file": 3, "sha256": ""}, {"file": "..", "sha256": ""}],
)  # fmt: skip
def test_damaged_entries(folder, entry):
    change_card(folder, files={"weights": entry})
    with pytest.raises(ValueError, match=r"no valid entry|lacks") as error:
        DANetMobile.from_preset(folder)
    assert "\n" not in str(error.value)


def test_weights_that_do_not_fit(folder):
    with pytest.raises(ValueError, match="do not fit") as error:
        DANetMobile.from_preset(folder, widths=(16, 24))
    assert "\n" not in str(error.value)


def test_a_card_cannot_point_elsewhere(folder, tmp_path):
    shutil.copy(folder / "model.weights.h5", tmp_path / "other.h5")
    sha256 = file_sha256(tmp_path / "other.h5")
    entry = {"file": "../other.h5", "sha256": sha256}
    change_card(folder, files={"weights": entry})
    with pytest.raises(ValueError, match="lacks"):
        DANetMobile.from_preset(folder)


def test_weights_trained_for_int8(folder, monkeypatch):
    with pytest.raises(ValueError, match="was not trained for int8"):
        QuantizeAware.from_preset(folder)
    monkeypatch.syspath_prepend(ROOT / "recipes")
    recipe = importlib.import_module("add_exports")
    patches = random_image((1, 2, 48, 48, 3))
    model = quantize_aware(DANetMobile.from_preset(folder), patches)
    preset = Preset(folder)
    recipe.add_weights(preset, model)
    recipe.write_card(preset)
    loaded = QuantizeAware.from_preset(folder)
    assert loaded.name == "small" and loaded.calibrated
    np.testing.assert_array_equal(loaded(patches[0]), model(patches[0]))

    shutil.copy(folder / "model.weights.h5", folder / "int8.weights.h5")
    with pytest.raises(ValueError, match="checksum"):
        QuantizeAware.from_preset(folder)
    recipe.note(preset, INT8_WEIGHTS, folder / "int8.weights.h5")
    recipe.write_card(preset)
    with pytest.raises(ValueError, match="do not fit") as error:
        QuantizeAware.from_preset(folder)
    assert "\n" not in str(error.value)


def test_hugging_face(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match="pip install"):
        find_preset("hf://someone/something")
    asked = []

    def snapshot_download(repo_id, allow_patterns):
        asked.append(repo_id)
        return str(folder)

    hub = types.SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert find_preset("hf://someone/something").name == "small"
    assert asked == ["someone/something"]

    def fail(repo_id, allow_patterns):
        raise OSError("no such repository\nand more")

    monkeypatch.setattr(hub, "snapshot_download", fail)
    with pytest.raises(ValueError, match="no such repository") as error:
        find_preset("hf://someone/nothing")
    assert "\n" not in str(error.value)
