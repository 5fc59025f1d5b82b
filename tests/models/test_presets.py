import csv
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
from kerasrestore.export.save_preset import add_exports, preset_task
from kerasrestore.litert.sidecar import read_sidecar
from kerasrestore.models.presets import (
    INT8_WEIGHTS,
    Preset,
    default_preset,
    file_sha256,
    find_preset,
    get_preset,
)
from kerasrestore.training import QuantizeAware, quantize_aware

# Decibels gained over the noisy input on two generated images, by noise level
# or kind; well below what the shipped weights reach, far above what broken
# ones do.
COLOR = {"15": 6.0, "25": 8.0, "50": 10.0}
MARGINS = {
    "danet_mobile_denoise_color_blind_bsd400": COLOR,
    "danet_mobile_denoise_color_camera_cc0": {
        "camera": 0.1,  # hardly any noise in one of the two
        "gaussian": 4.0,
        "film": 2.0,
    },
    "danet_mobile_denoise_color_sigma_bsd400": COLOR,
    "danet_mobile_denoise_gray_camera_cc0": {
        "camera": 0.1,
        "gaussian": 4.0,
        "film": 2.0,
    },
    "danet_mobile_denoise_gray_blind_bsd400": {"15": 5.0, "25": 7.0, "50": 9.0},
    "danet_mobile_demosaic_bayer_cc0": {"demosaic": 20.0},
    "danet_mobile_jpeg_color_recompressed_cc0": {"10": 0.8, "30": 0.8},
    "danet_mobile_jpeg_gray_recompressed_cc0": {"10": 0.8, "30": 0.8},
    "danet_mobile_super_resolution_x2_classical_cc0": {"2": 1.0},
    "danet_mobile_super_resolution_x2_photo_cc0": {"2": 0.3},
    "danet_mobile_super_resolution_x3_classical_cc0": {"3": 0.5},
    "danet_mobile_super_resolution_x4_classical_cc0": {"4": 0.5},
    "panet_s_denoise_color_sigma50_bsd400": {"50": 10.0},
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
    with Image.open(ROOT / "docs" / "images" / "portrait_camera.jpg") as photo:
        photos = [np.asarray(photo.resize(size)) for size in SIZES]
    exported = LiteRTRestorer.from_preset()
    model = DANetMobile.from_preset(default_preset())
    for image in photos:
        one, two = (
            restorer.restore(image / np.float32(255))
            for restorer in (exported, model)
        )
        # The weights of the file are rounded to float16.
        assert np.abs(one - two).max() <= 1e-3
        difference = exported.restore(image).astype(int) - model.restore(image)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("name", MARGINS)
def test_cards_are_complete(name):
    preset = get_preset(name)
    card = preset.card
    assert card["name"] == name
    assert card["training"]["command"].startswith("python recipes/")
    assert card["training"]["hardware"] and card["training"]["validation"]
    task = preset_task(preset)
    assert task.name == preset.task
    if task.sigma_range is not None:
        assert list(task.sigma_range) == card["sigma_range"]
    usual = {one.setting_name for one in task.validation_tasks()}
    for levels in card["psnr"].values():
        assert set(levels) == usual
    roles = {"weights", "log", "curve"}
    if "start" in card["training"]:
        roles.add("start_log")
    if "crops" in card:
        roles.add("crops")
    for kind, export in card["exports"].items():
        roles |= {f"tflite_{kind}", f"sidecar_{kind}"}
        if export["method"] == "quantization_aware":
            roles.add(INT8_WEIGHTS)
    assert roles == set(card["files"])
    assert {preset.path / entry["file"] for entry in card["files"].values()} | {
        preset.path / "card.json"
    } == set(preset.path.iterdir())


@pytest.mark.parametrize("name", MARGINS)
def test_cards_say_what_is_in_the_files(name):
    preset = get_preset(name)
    card = preset.card
    model = Restorer.from_preset(name)
    assert card["parameters"] == model.count_parameters()
    macs = model.count_macs(256, 256) / 256**2
    assert card["macs_per_pixel"] == pytest.approx(macs)
    for kind, export in card["exports"].items():
        path = preset.tflite(kind)
        sidecar = read_sidecar(path)
        assert sidecar["quality"] == export["quality"]
        assert sidecar["quantization_method"] == export["method"]
        assert sidecar["sigma_range"] == card.get("sigma_range", [0, 0])
        assert path.stat().st_size == export["bytes"]
    # The best of the validations is the one that the log has.
    best = card["training"]["validation"]
    with open(preset.checked_file("log"), newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["psnr"]]
    row = max(rows, key=lambda row: float(row["psnr"]))
    assert int(row["step"]) == best["step"]
    assert float(row["psnr"]) == pytest.approx(best["psnr"], abs=1e-3)


@pytest.mark.parametrize("name", MARGINS)
def test_shipped_exports(name):
    """Rounded weights gain nearly what the float32 ones of Keras do."""
    preset = get_preset(name)
    kinds = preset.card.get("exports", {})
    clean = smooth_image(96, 120, preset.channels)
    for task in preset_task(preset).validation_tasks():
        noisy, target = task.benchmark_pair(clean, 0)
        options = {}
        if preset.sigma_input:
            options["sigma"] = task.strength(noisy, target)
        if preset.task == "demosaic":
            options["pattern"] = task.pattern

        def psnr(restorer, task=task, pair=(noisy, target), options=options):
            noisy, target = pair
            restored = restorer.restore(noisy, **options)
            return task.score(restored, target)["psnr"]

        exported = {
            kind: LiteRTRestorer.from_preset(name, quantization=kind)
            for kind in kinds
        }
        model = Restorer.from_preset(name)
        for kind, restorer in exported.items():
            assert restorer.sidecar["quantization"] == kind
            tiles = {"tile": restorer.fixed_tile, **options}
            if np.array_equal(np.rint(noisy * 255), target):
                # Nothing to restore: no visible damage.
                assert psnr(restorer) > 50
                continue
            # Smooth images are where rounding shows most.
            lost = psnr(model, options=tiles) - psnr(restorer)
            assert lost < 0.01 if kind == "float16" else lost < 1.0


def test_defaults():
    color = "danet_mobile_denoise_color_camera_cc0"
    gray = "danet_mobile_denoise_gray_camera_cc0"
    assert default_preset() == color
    assert default_preset(channels=1) == gray
    for name in (color, gray):
        assert "Apache-2.0" in get_preset(name).license
    with pytest.raises(ValueError, match="No preset"):
        default_preset(task="fly")
    with pytest.raises(ValueError, match=r"at scale 8 .*it has 2, 3, 4"):
        default_preset(task="super_resolution", scale=8)


def test_folder(folder):
    image = random_image((40, 30, 3))
    model = DANetMobile.from_preset(folder)
    assert model.name == "small"
    np.testing.assert_allclose(
        LiteRTRestorer.from_preset(folder).restore(image),
        model.restore(image),
        atol=1e-2,
    )
    # The base class finds the right one.
    assert type(Restorer.from_preset(folder)) is DANetMobile


def test_overriding_arguments(folder):
    model = DANetMobile.from_preset(folder, dtype="mixed_bfloat16")
    assert model.dtype_policy.name == "mixed_bfloat16"


def test_unknown_names(folder, tmp_path):
    with pytest.raises(ValueError, match="choose one of danet_mobile"):
        get_preset("nothing")
    with pytest.raises(ValueError, match="Unknown preset"):
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


@pytest.mark.parametrize("role", ["weights", "tflite_float16"])
def test_damaged_files(folder, role):
    load = (DANetMobile if role == "weights" else LiteRTRestorer).from_preset
    path = Preset(folder).file(role)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        load(folder)
    path.unlink()
    with pytest.raises(ValueError, match="missing its file"):
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
    with pytest.raises(
        ValueError, match=r"no valid entry|missing its file"
    ) as error:
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
    with pytest.raises(ValueError, match="missing its file"):
        DANetMobile.from_preset(folder)


def test_weights_trained_for_int8(folder):
    with pytest.raises(ValueError, match="was not trained for int8"):
        QuantizeAware.from_preset(folder)
    patches = random_image((1, 2, 48, 48, 3))
    model = quantize_aware(DANetMobile.from_preset(folder), patches)
    training = {"command": "a command"}
    preset = add_exports(
        Preset(folder), {"int8": model}, int8_training=training
    )
    assert preset.card["exports"]["int8"]["training"] == training
    assert list(preset.card["exports"]) == ["float16", "int8"]
    exported = LiteRTRestorer.from_preset(folder, quantization="int8")
    assert exported.fixed_tile == (96, 96)
    loaded = QuantizeAware.from_preset(folder)
    assert loaded.name == "small" and loaded.calibrated
    np.testing.assert_array_equal(loaded(patches[0]), model(patches[0]))

    (folder / "int8.weights.h5").unlink()  # as in an installed wheel
    with pytest.raises(ValueError, match="with kerasrestore fetch small"):
        QuantizeAware.from_preset(folder)
    shutil.copy(folder / "model.weights.h5", folder / "int8.weights.h5")
    with pytest.raises(ValueError, match="checksum"):
        QuantizeAware.from_preset(folder)
    sha256 = file_sha256(folder / "int8.weights.h5")
    entry = {"file": "int8.weights.h5", "sha256": sha256}
    change_card(folder, files={**preset.files, INT8_WEIGHTS: entry})
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
