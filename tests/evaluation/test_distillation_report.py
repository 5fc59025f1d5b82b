import pytest
from testing import image_folder

from kerasrestore.evaluation.baselines import Baseline
from kerasrestore.evaluation.distillation_report import (
    Entry,
    Gain,
    write_report,
)
from kerasrestore.tasks import CameraNoise, SuperResolution


@pytest.mark.parametrize(
    ("kind", "task", "setting"),
    [
        ("degraded", CameraNoise(shares={"camera": 1.0}), "camera"),
        ("bicubic", SuperResolution(2), "2"),
    ],
)
def test_tasks_without_a_noise_level(tmp_path, kind, task, setting):
    data = image_folder(tmp_path / "data", 1, (41, 40))
    entries = [
        Entry(name, name, Baseline(kind, task), None, 1, 1.0) for name in "ab"
    ]
    found = write_report(
        tmp_path,
        "A report",
        entries,
        [Gain("nothing", "a", "b")],
        tasks=[task],
        validation=data,
        crop=32,
        channels=3,
    )
    assert list(found["networks"]["a"]["psnr"]["data"]) == [setting]
    assert found["gains"][0]["psnr"] == {"data": {setting: 0.0}}
    assert (tmp_path / "samples.png").stat().st_size > 0
