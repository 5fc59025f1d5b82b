import importlib
import itertools
import json
import os
import signal
import subprocess
import sys

import pytest
from testing import ROOT, image_folder, run_python, smooth_image

from kerasrestore import DANetMobile, LiteRTRestorer
from kerasrestore.training.distillation.stages import (
    danet_features,
    named_pairs,
)

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


def test_what_a_stage_depends_on(recipe, folder, tmp_path):
    options, _ = recipe.parse(
        [*command(folder, tmp_path)[2:], "--int8-steps", "4"]
    )
    stages = recipe.DistillationStages("distill_danet.py", options, None)
    depends = [stages.arguments(stage).keys() for stage in STAGES]
    for one, two in itertools.pairwise(depends):
        assert one <= two
    assert "int8_steps" not in depends[-2]
    assert stages.arguments("mobile_int8")["int8_steps"] == 4


@pytest.mark.parametrize(
    ("widths", "levels", "wanted"),
    [
        (
            (8, 16),
            3,
            {
                "decoder0_block1_add": "decoder1_last",
                "middle_block1_add": "middle_last",
            },
        ),
        ((8, 16), 2, {"decoder0_block1_add": "middle_last"}),
        ((8,), 4, {"middle_block1_add": "decoder1_last"}),
        ((8, 16), 1, {}),
    ],
)
def test_rows_of_one_resolution(widths, levels, wanted):
    blocks = {}
    if len(widths) == 1:
        blocks = {"encoder_blocks": (), "decoder_blocks": ()}
    assert danet_features(DANetMobile(widths=widths, **blocks), levels) == (
        wanted
    )


def test_bad_arguments(recipe, folder, tmp_path):
    with pytest.raises(ValueError, match="student:teacher"):
        named_pairs("stem,tail")
    with pytest.raises(ValueError, match="Unknown preset"):
        recipe.main([*command(folder, tmp_path)[2:], "--teacher", "nobody"])
    with pytest.raises(ValueError, match="sigma"):
        recipe.main([*command(folder, tmp_path)[2:], "--sigma", "-1"])
