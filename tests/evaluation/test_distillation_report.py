import numpy as np
import pytest
from testing import image_folder

from kerasrestore.data import list_images, load_image
from kerasrestore.evaluation.baselines import Baseline
from kerasrestore.evaluation.distillation_report import (
    Entry,
    Gain,
    write_report,
)
from kerasrestore.tasks import CameraNoise, RealPairs, SuperResolution


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


def test_pairs_of_photographs(tmp_path):
    """Both images are files; their centres lie at the same place."""
    clean = image_folder(tmp_path / "clean", 2, (41, 40))
    low = image_folder(tmp_path / "low", 2, (41, 40), seed=5)
    task = RealPairs("super_resolution", 2)
    entries = [Entry("a", "a", Baseline("degraded", task), None, 1, 1.0)]
    found = write_report(
        tmp_path,
        "A report",
        entries,
        [],
        tasks=[task],
        validation=clean,
        degraded=low,
        crop=32,
        channels=3,
    )
    wanted = []
    for one, other in zip(list_images(clean), list_images(low), strict=True):
        images = [load_image(path, 3)[4:36, 4:36] for path in (other, one)]
        wanted.append(task.score(images[0], images[1])["psnr"])
    assert found["networks"]["a"]["psnr"]["clean"]["2"] == pytest.approx(
        np.mean(wanted)
    )
    assert (tmp_path / "samples.png").stat().st_size > 0
