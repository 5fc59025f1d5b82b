import importlib
import itertools
import json
import os
import signal
import subprocess
import sys

import pytest
from testing import ROOT, image_folder, run_python, smooth_image

from kerasrestore import DANet, DANetMobile, LiteRTRestorer
from kerasrestore.training import Distillation, LogMeanSquaredError
from kerasrestore.training.distillation.features import (
    matching_features,
    named_pairs,
)
from kerasrestore.training.distillation.stages import load_restorer

RECIPE = ROOT / "recipes" / "distill_danet.py"
STAGES = (
    "teacher",
    "danet_s",
    "danet_s_plain",
    "mobile",
    "mobile_plain",
    "mobile_int8",
)


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "recipes")
    return importlib.import_module("distill_danet")


def command(folder, out, *options):
    words = ["--data", folder, "--validation", folder, "--out", out]
    return [sys.executable, *map(str, (RECIPE, *words, "--smoke", *options))]


def run(*words):
    done = subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_killed_between_stages_and_started_again(folder, tmp_path):
    benchmark = image_folder(tmp_path / "two", 2, (30, 44), seed=9)
    options = ("--sigma", "25", "--collaborative", "0.1")
    options += ("--benchmarks", benchmark)
    out = tmp_path / "out"
    with subprocess.Popen(
        command(folder, out, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        for line in process.stdout:
            if line.startswith("danet_s: "):
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    before = (out / "danet_s" / "checkpoint.npz").stat().st_mtime_ns
    lines = run(folder, out, *options)
    # A stage that is done is only loaded: no step is taken.
    assert sum(line.startswith("2/2 ") for line in lines) == 4
    assert (out / "danet_s" / "checkpoint.npz").stat().st_mtime_ns == before
    told = [line.split(":")[0] for line in lines if not line[0].isdigit()]
    assert told == [*STAGES, "report"]

    found = json.loads((out / "report.json").read_text())
    networks = found["networks"]
    assert list(networks) == list(STAGES)
    for stage in STAGES:
        psnr = networks[stage]["psnr"]
        assert list(psnr[folder.name]) == ["25"]
        assert ("two" in psnr) == stage.startswith("mobile")
        assert networks[stage]["parameters"] > 1000
    # What the networks of one size have in common, and what int8 saves.
    assert (
        networks["danet_s"]["macs_per_pixel"]
        == networks["danet_s_plain"]["macs_per_pixel"]
        < networks["teacher"]["macs_per_pixel"]
    )
    assert (
        networks["mobile_int8"]["file_bytes"] < networks["mobile"]["file_bytes"]
    )
    (scheme, taught, int8) = found["gains"]
    assert (scheme["one"], scheme["other"]) == ("danet_s", "danet_s_plain")
    one, two = (
        networks[stage]["psnr"]["two"]["25"]
        for stage in ("mobile", "mobile_plain")
    )
    assert taught["psnr"]["two"]["25"] == pytest.approx(one - two)
    assert int8["one"] == "mobile_int8"
    page = (out / "report.md").read_text()
    assert "| `mobile_int8`: DANetMobile, distilled, int8 |" in page
    # The decoder met the noise in phase 1.
    assert "trained with the noise of the degraded images" in page
    best = json.loads((out / "teacher" / "best.json").read_text())
    assert f"with {best['psnr_decoder']:.2f} dB alone" in page
    for picture in ("curves.png", "samples.png"):
        assert f"]({picture})" in page
        assert (out / picture).read_bytes().startswith(b"\x89PNG")
    path = out / "export" / "mobile_int8.tflite"
    restorer = LiteRTRestorer(path, trial=False)
    assert restorer.sidecar["quantization"] == "int8"
    assert restorer.restore(smooth_image(31, 47)).shape == (31, 47, 3)

    # All of it is there: nothing is trained, exported or measured again.
    files = [*out.rglob("*.tflite"), out / "report.json"]
    before = [path.stat().st_mtime_ns for path in files]
    run(folder, out, *options)
    assert [path.stat().st_mtime_ns for path in files] == before


JAX = """
import runpy, sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_teacher_from_outside_under_jax(folder, tmp_path):
    """A gray preset teaches a student with the noise level as input."""
    words = command(
        folder,
        tmp_path,
        *("--gray", "--sigma-input", "--sigma", "15,25"),
        *("--teacher", "danet_mobile_denoise_gray_blind_bsd400"),
        *("--features", "middle_block0_add:middle_block1_add"),
        *("--until", "mobile"),
    )[1:]
    lines = run_python(JAX, *words, KERAS_BACKEND="jax").splitlines()
    assert lines[-1].startswith("mobile: ")
    assert "psnr_sigma15" in lines[-1] and "psnr_sigma25" in lines[-1]
    written = json.loads((tmp_path / "mobile" / "run.json").read_text())
    assert "encoder_target" not in written["arguments"]
    assert written["command"].endswith("--until mobile")
    assert written["config"]["sigma_input"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["mobile"]


def test_the_papers_settings(recipe, folder, tmp_path):
    options, args = recipe.parse(command(folder, tmp_path)[2:-1])
    assert (options.teacher_batch, options.danet_batch) == (5, 12)
    assert (options.danet_rate, options.danet_patch) == (1e-4, 256)
    assert options.collaborative == 0
    # 100 epochs of the patches of train_danet.py.
    assert options.teacher_steps * 5 == options.danet_steps * 12
    assert args.tile == 384


def test_a_smoke_run_is_tiny(recipe, folder, tmp_path):
    words = [*command(folder, tmp_path)[2:], "--mobile-steps", "3"]
    options, args = recipe.parse(words)
    assert (options.teacher_steps, options.int8_steps) == (2, 2)
    # What is given is kept, and what has no smaller value.
    assert options.mobile_steps == 3 and options.encoder_blocks == "1"
    assert args.tile == 96


def opened(recipe, *words):
    options, args = recipe.parse(list(map(str, words)))
    return recipe.open_stages(options, args, None)


def test_what_a_stage_depends_on(recipe, folder, tmp_path):
    stages = opened(recipe, *command(folder, tmp_path)[2:], "--int8-steps", "4")
    depends = [stages.arguments(stage).keys() for stage in STAGES]
    for one, two in itertools.pairwise(depends):
        assert one <= two
    assert "int8_steps" not in depends[-2]
    assert stages.arguments("mobile_int8")["int8_steps"] == 4
    # What does not change the result, or where it is.
    assert not {"out", "quiet", "strategy"} & depends[-1]


@pytest.mark.parametrize(
    ("words", "target", "channels", "labels"),
    [
        ("", "clean", 3, ["sigma15", "sigma25", "sigma50"]),
        ("--sigma 25 --gray", "clean", 1, ["sigma25"]),
        ("--noise camera", "clean", 3, None),
        ("--encoder-target degraded", "degraded", 3, None),
        ("--task jpeg", "degraded", 1, ["quality10"]),
        ("--task jpeg --color --setting 20", "degraded", 3, ["quality20"]),
        ("--task super_resolution --setting 3", "degraded", 3, ["x3"]),
        (
            "--task super_resolution --degraded low --validation-degraded low "
            "--setting 2",
            "degraded",
            3,
            ["x2"],
        ),
        (
            "--degraded low --validation-degraded low",
            "clean",
            3,
            ["denoise"],
        ),
    ],
)
def test_tasks(recipe, folder, tmp_path, words, target, channels, labels):
    stages = opened(recipe, *command(folder, tmp_path)[2:], *words.split())
    assert stages.options.encoder_target == target
    weight = {"clean": 0.05, "degraded": 1.0}[target]
    assert stages.options.imitation == weight
    assert stages.channels == channels
    if labels:
        assert [task.label for task in stages.tasks] == labels
    assert stages.task.scale == 1  # Outputs have the size of the inputs.


def test_pairs_of_photographs_to_the_end(folder, tmp_path):
    """Real super-resolution: the low-quality images are files."""
    low = image_folder(tmp_path / "low", 2, (60, 48), seed=3)
    pairs = ("--degraded", low, "--validation-degraded", low)
    out = tmp_path / "out"
    run(folder, out, "--task", "super_resolution", "--setting", "2", *pairs)
    found = json.loads((out / "report.json").read_text())
    assert found["title"] == (
        "Distillation of DANet, colour, super_resolution, factor 2"
    )
    assert list(found["networks"]) == list(STAGES)
    for stage in STAGES:
        record = json.loads((out / stage / "run.json").read_text())
        assert record["task"]["name"] == "super_resolution"
        assert record["task"]["degradation"] == "photographs"
        assert list(found["networks"][stage]["psnr"][folder.name]) == ["2"]
    page = (out / "report.md").read_text()
    assert "imitations of degraded images" in page
    restorer = LiteRTRestorer(
        out / "export" / "mobile_int8.tflite", trial=False
    )
    assert restorer.task == "super_resolution" and restorer.scale == 1


def test_jpeg_teaches_danet_s(recipe, folder, tmp_path):
    words = command(folder, tmp_path)[2:]
    recipe.main([*words, "--task", "jpeg", "--until", "danet_s"])
    written = json.loads((tmp_path / "teacher" / "run.json").read_text())
    assert written["config"]["encoder_target"] == "degraded"
    assert written["config"]["channels"] == 1
    assert written["task"]["config"] == {"quality": [10, 10]}
    best = json.loads((tmp_path / "danet_s" / "best.json").read_text())
    assert "psnr_quality10" in best


@pytest.mark.parametrize(
    ("student", "teacher", "wanted"),
    [
        (
            (8, 16),
            DANet(widths=(4,) * 3, blocks=(0,) * 3, offset_width=4),
            {
                "decoder0_block1_add": "decoder1_last",
                "middle_block1_add": "middle_last",
            },
        ),
        (
            (8, 16),
            DANet(widths=(4, 4), blocks=(0, 0), offset_width=4),
            {"decoder0_block1_add": "middle_last"},
        ),
        (
            (8,),
            DANet(widths=(4,) * 4, blocks=(0,) * 4, offset_width=4),
            {"middle_block1_add": "decoder1_last"},
        ),
        ((8, 16), DANet(widths=(4,), blocks=(0,), offset_width=4), {}),
        # Of the phone's own family: the same level, wider or deeper.
        (
            (8, 16),
            DANetMobile(widths=(16, 24), decoder_blocks=(3,)),
            {
                "decoder0_block1_add": "decoder0_block2_add",
                "middle_block1_add": "middle_block1_add",
            },
        ),
        (
            (8, 16),
            DANetMobile(
                widths=(16, 24, 32),
                encoder_blocks=(1, 1),
                decoder_blocks=(1, 2),
            ),
            {
                "decoder0_block1_add": "decoder0_block0_add",
                "middle_block1_add": "decoder1_block1_add",
            },
        ),
    ],
)
def test_rows_of_one_resolution(student, teacher, wanted):
    blocks = {}
    if len(student) == 1:
        blocks = {"encoder_blocks": (), "decoder_blocks": ()}
    student = DANetMobile(widths=student, **blocks)
    found = matching_features(student, teacher)
    assert found == wanted
    # They have the same size.
    Distillation(student, teacher, LogMeanSquaredError(), features=found)


def test_bad_arguments(recipe, folder, tmp_path):
    with pytest.raises(ValueError, match="student:teacher"):
        named_pairs("stem,tail")
    with pytest.raises(ValueError, match="Unknown preset"):
        recipe.main([*command(folder, tmp_path)[2:], "--teacher", "nobody"])
    words = command(folder, tmp_path)[2:]
    for wrong, message in (
        ("--sigma -1", "sigma"),
        ("--task jpeg --sigma-input", "synthetic noise"),
        ("--encoder-target noisy", "degraded, clean, got 'noisy'"),
        (
            "--degraded a --validation-degraded a --benchmarks b",
            "no low-quality photographs",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            opened(recipe, *words, *wrong.split())


def test_a_privileged_teacher_restores_nothing(recipe, folder, tmp_path):
    words = command(folder, tmp_path)[2:]
    recipe.main([*words, "--sigma", "25", "--until", "teacher"])
    with pytest.raises(ValueError, match="needs the clean image"):
        load_restorer(tmp_path / "teacher")
