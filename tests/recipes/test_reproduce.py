"""The commands of the papers' tables are right, and run."""

import csv
import json
import runpy
import shlex
import subprocess
from pathlib import Path

import pytest
from recipes.small_recipes import SMALL
from testing import ROOT, image_folder

from kerasrestore.cli.main import build_parser
from kerasrestore.cli.main import main as command_line
from kerasrestore.evaluation.paper_tables import (
    PAPERS,
    paper_table,
    parse_reference,
    table_kind,
)
from kerasrestore.training.recipe.reproduction import Reproduction

RECIPES = ROOT / "recipes"
SCRIPT = RECIPES / "reproduce.py"
TABLES = [
    f"{paper}:{number}"
    for paper, last in zip(PAPERS, (8, 9, 6, 8), strict=True)
    for number in range(1, last + 1)
]
OWN = {"RNAN", "RNAN+", "PANet", "PANet-S", "PA-EDSR", "NLRN", "NLRN-MV"}
OWN |= {"DANet", "DANet-S"}


def reproduce(*words):
    runpy.run_path(str(SCRIPT))["main"](list(map(str, words)))


def all_trainings(commands, tables=TABLES):
    for table in tables:
        for method in commands.methods(table):
            if commands.row(table, method):
                for training in commands.trainings(table, method):
                    yield table, method, training


@pytest.fixture(scope="module")
def scripts():
    return {
        path.name: runpy.run_path(str(path)) for path in RECIPES.glob("*.py")
    }


def test_every_table_is_covered():
    commands = Reproduction(RECIPES, "data")
    for table in TABLES:
        methods = commands.methods(table)
        own = {one for one in methods if commands.row(table, one)}
        assert own >= OWN & set(methods), table
        # Of an ablation, every row.
        if table_kind(*parse_reference(table)) == "ablation":
            assert own == set(methods), table
    # And nothing that is in no table.
    for table, rows in commands.book["tables"].items():
        assert set(rows) <= set(commands.methods(table)), table


def test_every_score_of_our_rows_is_measured():
    commands = Reproduction(RECIPES, "data")
    for table in TABLES:
        if table in commands.book["stand_ins"]:
            continue
        scores = sorted(
            (figure.dataset, figure.setting or 0, figure.metric, figure.value)
            for figure in paper_table(*parse_reference(table))
            if commands.row(table, figure.method)
            and figure.metric in ("psnr", "ssim")
            and figure.dataset != "DND"
        )
        found = [
            (metric, value)
            for _, _, training in all_trainings(commands, [table])
            for case in training.measurements
            for metric, value in case.figures.items()
        ]
        assert sorted(found) == sorted(score[2:] for score in scores), table


@pytest.mark.parametrize("fraction", [1, 0.01])
def test_every_command_is_accepted(scripts, fraction):
    commands = Reproduction(RECIPES, "data", fraction=fraction)
    parser = build_parser()
    known = {}
    for table, method, training in all_trainings(commands):
        for case in training.measurements:
            parser.parse_args(["evaluate", *case.words])
        if training.script is None:
            assert not training.words
            continue
        script = scripts[training.script]
        words = list(training.words)
        if training.script == "distill_danet.py":
            options, args = script["parse"](words)
            stages = script["open_stages"](options, args, None)
            steps = options.danet_steps
            assert stages.tasks
        else:
            plan = script["RECIPE"].plan(words)
            steps = plan.settings.steps
            plan.schedule()
        assert (steps < 100_000) is (fraction < 1), (table, method)
        # A folder belongs to one training.
        out = words[words.index("--out") + 1]
        end = words.index("--until") if "--until" in words else None
        assert known.setdefault(out, words[:end]) == words[:end]
        assert (f"{fraction:g}" in Path(out).name) or fraction == 1
        if training.counts:
            name, *counting = training.counted
            scripts[name]["RECIPE"].plan(counting)


# Small, but with the options of the row.
TINY = {
    "train_rnan.py": "--local-blocks 1 --features 4",
    "train_panet.py": "--blocks 4 --features 4",
    "train_nlrn.py": "--unrolled 3 --filters 4 --key-filters 2",
    "train_danet.py": "--widths 4,8 --blocks 0,1 --offset-width 4",
}
ABLATIONS = [
    table
    for table in TABLES
    if table_kind(*parse_reference(table)) == "ablation" and table != "danet:1"
]


@pytest.mark.parametrize("table", ABLATIONS)
def test_the_rows_of_an_ablation_are_different_networks(scripts, table):
    configs = {}
    commands = Reproduction(RECIPES, "data")
    for _, method, training in all_trainings(commands, [table]):
        recipe = scripts[training.script]["RECIPE"]
        given = recipe.plan(list(training.words)).model_options
        tiny = TINY[training.script].split()
        plan = recipe.plan([*training.words, *tiny])
        config = plan.model()[1].get_config()
        # Of RNAN the numbers of blocks differ, which are not tiny.
        config = {**config, "blocks": vars(given).get("local_blocks")}
        configs[method] = json.dumps(config, sort_keys=True, default=str)
    assert len(set(configs.values())) == len(configs)


def test_list(capsys):
    reproduce("--list")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == TABLES
    assert "(3 of 3 rows)" in lines[TABLES.index("panet:7")]


def test_commands_are_printed(capsys):
    words = ["--datasets", "d", "--folder", "Urban100=u/first 20", "--out", "r"]
    reproduce("--table", "panet:7", "--row", "pixel-wise matching", *words)
    text = capsys.readouterr().out
    assert "31.14 dB" in text and "30.86" not in text
    assert "Urban100 30 (here first 20)" in text
    train, evaluate = (
        shlex.split(line)
        for line in text.splitlines()
        if line.startswith(("python", "kerasrestore"))
    )
    out = train[train.index("--out") + 1]
    assert out.startswith("r/panet") and evaluate[3] == out
    assert "u/first 20" in evaluate
    assert "levels=1" in train and "patch_size=1" in train


def test_a_fraction_is_stated(capsys):
    words = ["--table", "nlrn:4", "--fraction", "0.01", "--", "--seed", "3"]
    reproduce(*words)
    text = capsys.readouterr().out
    assert "0.01 of the whole training: steps 5000 instead of 500000" in text
    assert "--halve-every 1000,2000,3000,4000,4500 --seed 3\n" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--table panet:70", "tables 1 to 9"),
        ("--table panet:7 --row mid", "panet:7 has no row 'mid'"),
        ("--table panet:7 --fraction 0", "--fraction must be above 0"),
        ("--table panet:7 --fraction 2", "at most 1, got 2"),
        ("--table panet:7 --folder Urban100", "NAME=DIR"),
        ("--table panet:7 --run", "Urban100 do not exist; put"),
    ],
)
def test_refused(words, told):
    with pytest.raises(ValueError, match=told):
        reproduce(*words.split())


def test_a_table_is_run_and_resumed(tmp_path, monkeypatch, capsys):
    ran = []

    def here(command, check, stdout=None, text=None):
        """Runs a command in this process."""
        assert check
        ran.append(Path(command[1]).name if stdout is None else "evaluate")
        if stdout is None:
            runpy.run_path(command[1])["RECIPE"].run(command[2:])
            return None
        before = capsys.readouterr().out
        assert command_line(command[3:]) == 0
        out = capsys.readouterr().out
        print(before, end="")
        return subprocess.CompletedProcess(command, 0, out)

    monkeypatch.setattr(subprocess, "run", here)
    photos = image_folder(tmp_path / "photos", 2, (40, 48))
    words = ["--table", "panet:6", "--row", "baseline"]
    words += ["--run", "--fraction", "2e-6", "--out", tmp_path / "runs"]
    for name in ("DIV2K", "BSD32_val", "Urban100"):
        words += ["--folder", f"{name}={photos}"]
    small = f"{SMALL['panet']} --batch-size 2 --patch-size 12 --quiet"
    words += ["--", *small.split(), "--validation-crop", "24"]
    reproduce(*words)
    text = capsys.readouterr().out
    assert "steps 2 instead of 1000000" in text
    assert "paper 30.86 dB" in text
    (found,) = [line for line in text.splitlines() if ": here " in line]
    assert "dB" in found and "30.86" not in found
    assert ran == ["train_panet.py", "evaluate"]
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.endswith("fraction_2e_06")
    with open(run / "log.csv", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2"]
    # Again: the training has nothing left to do, nothing is measured twice.
    ran.clear()
    reproduce(*words)
    assert ran == ["train_panet.py"]
    assert f"{found}\n" in capsys.readouterr().out
