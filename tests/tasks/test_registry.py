"""Tasks by name, and one that the package does not know."""

import csv
import json

import numpy as np
import pytest
from testing import image_folder

from kerasrestore import (
    NLRN,
    RNAN,
    DANet,
    DANetMobile,
    LiteRTRestorer,
    PANet,
    evaluate,
    export_tflite,
)
from kerasrestore.cli.main import main
from kerasrestore.export.save_preset import preset_task
from kerasrestore.tasks import (
    TASKS,
    CameraNoise,
    CameraSuperResolution,
    Demosaic,
    Denoise,
    Jpeg,
    RealPairs,
    RecompressedJpeg,
    SuperResolution,
    Task,
    deserialize_task,
    get_task,
    register_task,
    serialize_task,
    unregister_task,
)
from kerasrestore.training.recipe.load_run import load_run
from kerasrestore.training.recipe.recipe import Recipe
from kerasrestore.training.recipe.settings import Settings


class BoxBlur(Task):
    name = degradation = "box_blur"
    setting_argument = "radius"
    setting_type = int
    setting_help = "the radius of the box in pixels, 1 to 3"
    setting_required = True
    usual_setting = 2
    benchmark_settings = (1, 2)
    halo = 3

    def __init__(self, radius=(1, 3)):
        pair = radius if isinstance(radius, (list, tuple)) else (radius,) * 2
        self.radius = tuple(pair)

    @property
    def setting(self):
        return self.radius[0]

    @property
    def label(self):
        return f"radius{self.setting}"

    def validation_tasks(self):
        return tuple(map(BoxBlur, self._settings_within(*self.radius)))

    def _degrade_patch(self, clean, rng):
        low, high = self.radius
        radius = int(rng.integers(low, high + 1))
        return self._blur(clean, radius), np.float32(radius)

    def _degrade_image(self, clean, rng):
        return self._blur(clean / np.float32(255), self.setting)

    def _blur(self, clean, radius):
        for axis in (0, 1):
            moved = [
                np.roll(clean, k, axis) for k in range(-radius, radius + 1)
            ]
            clean = np.mean(moved, axis=0)
        return clean.astype(np.float32)

    def get_config(self):
        return {"radius": list(self.radius)}


@pytest.fixture
def box_blur():
    yield register_task(BoxBlur)
    unregister_task(BoxBlur)


def test_a_task_of_ones_own(box_blur, tmp_path, capsys):
    """Trains, validates, is exported, calibrated, evaluated and a preset."""
    data = image_folder(tmp_path / "data", 2, (48, 56))
    recipe = Recipe(
        "train.py",
        "Trains a deblurrer.",
        {"box_blur": "1,2"},
        lambda args, task: Settings(
            steps=4, batch_size=2, patch_size=16, validate_every=2
        ),
        lambda args, plan: DANetMobile(
            task=plan.task.name,
            channels=plan.channels,
            widths=(8, 16),
            middle_blocks=1,
        ),
    )
    with pytest.raises(SystemExit, match="radius of the box in pixels"):
        recipe.run(f"{where(data, tmp_path / 'no')} --setting wide".split())
    run = tmp_path / "run"
    recipe.run(f"{where(data, run)} --quiet --validation-crop 32".split())
    with open(run / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4"]
    assert {"psnr_radius1", "psnr_radius2", "worst_gain"} <= rows[0].keys()
    model, _ = load_run(run, "deblurrer")
    report = evaluate(model, BoxBlur(2), data)
    assert len(report.images) == 2 and not report.failed
    assert report.degradation == "box_blur" and report.setting == 2
    for to in ("float32", "int8"):
        path = tmp_path / f"{to}.tflite"
        export_tflite(model, path, to=to, tile=64, calibration=data)
        assert LiteRTRestorer(path).task == "box_blur"
        capsys.readouterr()
        words = f"--task box_blur --setting 2 --data {data} --model {path}"
        assert main(["evaluate", *words.split(), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["protocol"] == "rgb"
        wanted = report.mean["psnr_rgb"]
        limit = 0.01 if to == "float32" else 1.0
        assert found["mean"]["psnr_rgb"] == pytest.approx(wanted, abs=limit)
    preset = model.save_preset(
        tmp_path / "preset",
        task=BoxBlur((1, 2)),
        description="Removes box blur.",
        training_data="gradients",
        license="Apache-2.0",
        tile=64,
        benchmarks=[data],
    )
    assert preset_task(preset).radius == (1, 2)
    assert list(preset.card["psnr"]["data"]) == ["1", "2"]
    loaded = LiteRTRestorer.from_preset(preset.path)
    assert loaded.task == DANetMobile.from_preset(preset.path).task
    assert get_task(model.task).for_model(model).setting == 2
    assert main(["evaluate", "--task", "box_blur", "--data", str(data)]) == 2
    assert "box_blur requires a setting, the radius" in capsys.readouterr().err


def where(data, out):
    return f"--data {data} --validation {data} --out {out}"


def test_calibration_of_a_task_of_ones_own(box_blur):
    tasks = get_task("box_blur").calibration_tasks(DANetMobile)
    assert [task.setting for task in tasks] == [1, 2]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (RNAN, {"local_blocks": 0, "nonlocal_blocks": 0}),
        (PANet, {"num_blocks": 2, "attention": ()}),
        (NLRN, {"num_steps": 1}),
        (DANet, {"widths": (8,), "blocks": (0,), "offset_width": 4}),
    ],
)
def test_every_system_takes_it(model, options, box_blur):
    assert model(task="box_blur", channels=3, **options).task == "box_blur"


def test_it_is_known_only_while_it_is_registered(box_blur):
    assert list(TASKS)[-1] == "box_blur"

    class Other(BoxBlur):
        pass

    with pytest.raises(ValueError, match="box_blur is already"):
        register_task(Other)
    assert register_task(BoxBlur) is BoxBlur
    unregister_task(BoxBlur)
    with pytest.raises(ValueError, match="super_resolution, got 'box_blur'"):
        get_task("box_blur")


@pytest.mark.parametrize(
    ("name", "degradation", "task_class"),
    [
        ("denoise", None, Denoise),
        ("denoise", "gaussian", Denoise),
        ("denoise", "camera", CameraNoise),
        ("denoise", "photographs", RealPairs),
        ("demosaic", None, Demosaic),
        ("jpeg", None, Jpeg),
        ("super_resolution", None, SuperResolution),
        ("super_resolution", "photographs", RealPairs),
    ],
)
def test_names_and_degradations(name, degradation, task_class):
    assert get_task(name, degradation) is task_class


def test_a_degradation_of_another_task():
    with pytest.raises(ValueError, match="one of jpeg, recompressed, got 'c"):
        get_task("jpeg", "camera")


@pytest.mark.parametrize(
    "task",
    [
        Denoise((5, 50), quantize=True),
        CameraNoise(shares={"camera": 1.0}, quality=80),
        Demosaic("RGGB"),
        Jpeg(30),
        RecompressedJpeg((20, 90), twice=0.5),
        CameraSuperResolution(3, sigma=5),
        SuperResolution((2, 3), pre_upsampled=True),
        RealPairs("super_resolution", 3),
    ],
)
def test_records_of_tasks(task):
    record = json.loads(json.dumps(serialize_task(task)))
    again = deserialize_task(record)
    assert type(again) is type(task)
    assert again.name == task.name
    assert again.get_config() == task.get_config()


def test_records_that_are_wrong():
    record = serialize_task(Denoise(25))
    with pytest.raises(ValueError, match="does not support radius"):
        deserialize_task({**record, "config": {"radius": 3}})
    with pytest.raises(ValueError, match="sigma must be a number"):
        deserialize_task({**record, "config": {"sigma": "loud"}})
    with pytest.raises(ValueError, match="got 'fog'"):
        deserialize_task({**record, "name": "fog"})


@pytest.mark.parametrize(
    ("task_class", "text", "config"),
    [
        (Denoise, "25", {"sigma": [25.0, 25.0]}),
        (Denoise, "0,55", {"sigma": [0.0, 55.0]}),
        (Denoise, 12.5, {"sigma": [12.5, 12.5]}),
        (CameraNoise, "1e-3", {"shot": [1e-3, 1e-3]}),
        (Jpeg, "10,40", {"quality": [10, 40]}),
        (SuperResolution, "3", {"scale": 3}),
        (Demosaic, "RGGB", {"pattern": "RGGB"}),
        (Demosaic, None, {"pattern": "GRBG"}),
    ],
)
def test_settings_as_texts(task_class, text, config):
    found = task_class.from_setting(text).get_config()
    assert {key: found[key] for key in config} == config


@pytest.mark.parametrize(
    ("task_class", "text", "told"),
    [
        (Denoise, "loud", "sigma, 0 to 255, got 'loud'"),
        (Denoise, "", "got ''"),
        (Denoise, "1,2,3", "sigma must be a number"),
        (Denoise, "nan", "sigma must be a number"),
        (Denoise, None, "denoise requires a setting, the noise level"),
        (Jpeg, "10.5", "whole number from 1 to 100, got '10.5'"),
        (Jpeg, "101", "from 1 to 100"),
        (SuperResolution, "2,3", "choose one scale"),
        (Demosaic, "XYZ", "pattern must be one of"),
        (RealPairs, "5", "has no setting"),
    ],
)
def test_settings_that_are_none(task_class, text, told):
    with pytest.raises(ValueError, match=told):
        task_class.from_setting(text)


def test_options_of_another_task():
    with pytest.raises(ValueError, match="Jpeg does not support quantize"):
        Jpeg.from_setting("10", quantize=True)
    assert Denoise.from_setting("10", quantize=True).quantize_input
    assert not Denoise(10).quantize_input


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("denoise", 25),
        ("jpeg", 10),
        ("super_resolution", 3),
        ("demosaic", None),
    ],
)
def test_how_models_are_measured(name, wanted):
    class Model:
        scale = 3

    task = get_task(name).for_model(Model)
    assert (task.name, task.setting) == (name, wanted)


def test_how_models_are_calibrated():
    class Model:
        name, scale = "model", 4

    def settings(name, **options):
        tasks = get_task(name).calibration_tasks(Model, **options)
        return [task.setting for task in tasks]

    assert settings("denoise", sigma_range=(0, 70)) == list(range(0, 71, 10))
    assert settings("jpeg") == [10, 20, 30, 40]
    assert settings("super_resolution") == [4]
    assert settings("demosaic") == [None]
    Model.scale = 1
    with pytest.raises(ValueError, match="cannot be inferred"):
        settings("super_resolution")
