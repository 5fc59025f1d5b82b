import json

import pytest

from kerasrestore import DANetMobile
from kerasrestore.tasks import CameraNoise, Denoise, Jpeg
from kerasrestore.training import open_run
from kerasrestore.training.recipe.load_run import Run
from kerasrestore.training.recipe.run_record import RunRecord

RUN = {
    "recipe": "train.py",
    "arguments": {"seed": 0},
    "command": "python recipes/train.py --seed 0",
    "model": "DANetMobile",
    "config": {"widths": [8, 16]},
}


@pytest.fixture(scope="module")
def model():
    return DANetMobile(widths=(8, 16))


def test_read_what_was_written(tmp_path):
    first = RunRecord(**RUN)
    second = RunRecord(
        **RUN,
        versions={"keras": "3.15"},
        task={"name": "denoise", "degradation": "gaussian", "config": {}},
        start=first,
    )
    second.write(tmp_path)
    assert RunRecord.read(tmp_path) == second


@pytest.mark.parametrize(
    "text",
    [
        None,
        "{",
        "[]",
        "[" * 200_000,
        json.dumps({**RUN, "arguments": []}),
        json.dumps({**RUN, "start": {}}),
        json.dumps({**RUN, "task": "denoise"}),
        json.dumps({key: RUN[key] for key in ("recipe", "arguments")}),
    ],
)
def test_damaged(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(ValueError, match="holds no training run") as error:
        RunRecord.read(tmp_path)
    assert "\n" not in str(error.value)


def test_an_unknown_model(tmp_path):
    # Not every name of the package is a model.
    for name in ("NewNet", "get_preset"):
        RunRecord(**{**RUN, "model": name}).write(tmp_path)
        with pytest.raises(ValueError, match=f"{name}', which this version"):
            Run(tmp_path).build()


def test_an_option_that_is_newer_than_the_run(model, tmp_path):
    old = {"batch_size": 2}
    open_run(tmp_path, "train.py", old, model, Denoise())
    defaults = {"smallest_scale": 1.0, "dtype": "float32"}
    new = {**old, **defaults}
    with pytest.raises(ValueError, match=r"scale=1\.0, got 0\.5; use another"):
        open_run(
            tmp_path,
            "train.py",
            {**new, "smallest_scale": 0.5},
            model,
            Denoise(),
            defaults=defaults,
        )
    assert RunRecord.read(tmp_path).arguments == old
    open_run(tmp_path, "train.py", new, model, Denoise(), defaults=defaults)
    assert RunRecord.read(tmp_path).arguments == new


def test_the_task_of_a_run(model, tmp_path):
    noise = CameraNoise()
    open_run(tmp_path / "new", "train.py", {}, model, noise)
    assert Run(tmp_path / "new").task.get_config() == noise.get_config()
    # Older runs have their arguments alone.
    for name, arguments, task in (
        ("jpeg", {"task": "jpeg", "setting": "10,40"}, Jpeg((10, 40))),
        ("stage", {"sigma": "15,25", "until": "mobile"}, Denoise((15, 25))),
        ("rounded", {"setting": "50", "quantize": True}, Denoise(50, True)),
    ):
        open_run(tmp_path / name, "train.py", arguments, model)
        found = Run(tmp_path / name).task
        assert type(found) is type(task)
        assert found.get_config() == task.get_config()


def test_open_run(model, tmp_path):
    arguments = {
        "data": "/a/BSD400",
        "steps": 5,
        "batch_size": 2,
        "seed": 0,
        "blocks": "",
        "out": "/a/my run",
    }
    open_run(tmp_path, "train.py", arguments, model)
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["command"] == (
        "python recipes/train.py --data BSD400 --steps 5 --batch-size 2 "
        "--seed 0 --blocks '' --out 'my run'"
    )
    assert run["config"]["widths"] == [8, 16]
    # Elsewhere and longer is the same training; other batches are not.
    moved = {**arguments, "data": "/b/BSD400", "steps": 9}
    open_run(tmp_path, "train.py", moved, model)
    with pytest.raises(ValueError, match="batch_size=2, got 3"):
        open_run(tmp_path, "train.py", {**arguments, "batch_size": 3}, model)


def test_the_step_of_the_weights_it_started_from(model, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    open_run(first, "train.py", {"steps": 9}, model)
    (first / "best.json").write_text('{"step": 4, "psnr": 30.0}')
    open_run(second, "train.py", {"start": str(first)}, model)
    start = RunRecord.read(second).start
    assert start.best_step == 4 and start.arguments == {"steps": 9}
    # The first run may go on: the weights taken were those of step 4.
    (first / "best.json").write_text('{"step": 8, "psnr": 31.0}')
    open_run(second, "train.py", {"start": str(first)}, model)
    assert RunRecord.read(second).start.best_step == 4
