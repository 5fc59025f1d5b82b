import importlib
import json

import pytest
from testing import ROOT, image_folder


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes/benchmarks/training")
    return importlib.import_module("compare_distillation")


def log(folder, times):
    folder.mkdir(parents=True)
    rows = [f"{step},{step / time}" for step, time in times.items()]
    text = "\n".join(["step,steps_per_second", *rows, ""])
    (folder / "log.csv").write_text(text)


def test_steps_that_fill_a_time(recipe, tmp_path):
    """5 s to start, 0.5 s a step, 2 s a validation."""
    log(tmp_path / "run", {10: 10, 20: 17, 21: 19.5})
    times = recipe.read_times(tmp_path / "run")
    assert times == pytest.approx({10: 10, 20: 17, 21: 19.5})
    assert recipe.steps_within(113.1, times, validations=4) == 200
    with pytest.raises(ValueError, match="raise --minutes"):
        recipe.steps_within(12, times, validations=4)
    with pytest.raises(ValueError, match="raise --trial"):
        recipe.steps_within(100, {2: 5.0, 4: 7.0, 5: 9.1}, validations=4)


def test_rows_take_the_same_time(recipe):
    shares = {
        f"{name}/{stage}".strip("/"): share
        for name, (_, _, stages) in recipe.COMMANDS.items()
        for stage, (_, share) in stages.items()
    }
    for name, stages in recipe.ROWS.items():
        assert sum(shares[stage] for stage in stages) == 1, name
    assert set(shares) == {one for row in recipe.ROWS.values() for one in row}


def test_the_steps_follow_from_a_trial(recipe, tmp_path, monkeypatch):
    said = []

    def run(words):
        said.append(words)
        name = words[words.index("--out") + 1].rpartition("/")[2]
        for stage in recipe.COMMANDS[name][2]:
            log(tmp_path / "trial" / name / stage, {20: 20, 40: 32, 41: 34.5})

    monkeypatch.setattr(recipe, "run", run)
    words = f"--data a --validation b --out {tmp_path} --minutes 2".split()
    args, extra = recipe.parse([*words, "--", "--gray"])
    steps = recipe.plan(args, extra)
    assert all("--gray" in words for words in said)
    # 10 s to start, half a second a step, 2 s a validation.
    assert steps["paper"]["danet_s_plain"] == (120 - 10 - 8 * 2) / 0.5
    assert steps["wide"][""] == (60 - 10 - 4 * 2) / 0.5
    assert all("41" in words for words in said)


def test_a_comparison(recipe, folder, tmp_path, capsys):
    benchmark = image_folder(tmp_path / "two", 2, (30, 44), seed=9)
    words = ["--data", folder, "--validation", folder, "--out", tmp_path / "o"]
    words += ["--smoke", "--benchmarks", benchmark, "--"]
    words = list(map(str, [*words, "--setting", "25"]))
    recipe.main(words)
    rows = json.loads((tmp_path / "o" / "comparison.json").read_text())
    assert list(rows) == list(recipe.ROWS)
    for name, row in rows.items():
        assert row["steps"] == [2] * len(recipe.ROWS[name])
        assert {data: list(s) for data, s in row["psnr"].items()} == {
            folder.name: ["25"],
            "two": ["25"],
        }
    table = capsys.readouterr().out
    assert "| DANet-S, phase 1 with noise | 2 + 2 |" in table
    for form, target in (("paper", "degraded"), ("noise", "clean")):
        path = tmp_path / "o" / form / "teacher" / "run.json"
        config = json.loads(path.read_text())["config"]
        assert config["encoder_target"] == target
    with pytest.raises(ValueError, match="use another folder"):
        recipe.main([*words[:-1], "15"])
