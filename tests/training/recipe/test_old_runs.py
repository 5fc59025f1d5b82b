"""Runs of older versions resume."""

import csv
import json

import pytest
from recipes.small_recipes import run
from testing import image_folder

from kerasrestore import DANetMobile
from kerasrestore.tasks import Denoise
from kerasrestore.training import open_run
from kerasrestore.training.distillation.options import (
    DistillationOptions,
    absent,
)
from kerasrestore.training.distillation.stages import DistillationStages
from kerasrestore.training.recipe.run_options import RunOptions
from kerasrestore.training.recipe.run_record import RunRecord

# As version 0.1.0 wrote it.
TRAINING = """{
 "recipe": "train_danet_mobile.py",
 "arguments": {
  "data": "/elsewhere/photos",
  "records": null,
  "validation": "/elsewhere/photos",
  "out": "/elsewhere/run",
  "task": "denoise",
  "setting": "0,55",
  "gray": false,
  "color": false,
  "quantize": false,
  "noise": "gaussian",
  "start": null,
  "sigma_input": false,
  "widths": "8,16",
  "encoder_blocks": "1",
  "middle_blocks": 1,
  "decoder_blocks": "2",
  "steps": 2,
  "batch_size": 2,
  "patch_size": 16,
  "loss": "log_mse",
  "loss_crop": 0,
  "learning_rate": 0.0007,
  "schedule": "constant",
  "warmup": 200,
  "decay": null,
  "halve_every": null,
  "final_rate": 0.0,
  "ema": 0.999,
  "clip_norm": 3.0,
  "clip_each": 0.0,
  "validate_every": 2,
  "validation_crop": 256,
  "validation_crops": 1,
  "smallest_scale": 1.0,
  "dtype": "float32",
  "seed": 0,
  "strategy": "auto",
  "tensorboard": false,
  "quiet": true,
  "dry_run": false
 },
 "command": "python recipes/train_danet_mobile.py --data photos --steps 2",
 "model": "DANetMobile",
 "config": {
  "task": "denoise",
  "channels": 3,
  "widths": [8, 16],
  "encoder_blocks": [1],
  "middle_blocks": 1,
  "decoder_blocks": [2],
  "sigma_input": false
 },
 "versions": {"python": "3.11.7", "kerasrestore": "0.1.0"},
 "task": {
  "name": "denoise",
  "degradation": "gaussian",
  "config": {"sigma": [0.0, 55.0], "quantize": false}
 }
}
"""
STAGE = """{
 "recipe": "distill_danet.py",
 "arguments": {
  "data": "/elsewhere/photos",
  "validation": "/elsewhere/photos",
  "gray": false,
  "sigma_input": false,
  "teacher": null,
  "sigma": "0,55",
  "dtype": "float32",
  "seed": 0,
  "validate_every": 1000,
  "validation_crop": 256,
  "danet_widths": "128,176,176,192",
  "danet_blocks": "3,3,2,1",
  "slim_blocks": "1,1,1,1",
  "offset_width": 48,
  "danet_patch": 256,
  "danet_rate": 0.0001,
  "teacher_batch": 5,
  "teacher_steps": 2016000,
  "imitation": 1.0,
  "danet_batch": 12,
  "danet_steps": 840000,
  "collaborative": 0.0,
  "widths": "48,128",
  "encoder_blocks": "1",
  "middle_blocks": 2,
  "decoder_blocks": "2",
  "features": null,
  "output_weight": 1.0,
  "feature_weight": 0.1,
  "mobile_patch": 64,
  "mobile_batch": 16,
  "mobile_rate": 0.0007,
  "mobile_steps": 40000,
  "until": "mobile"
 },
 "command": "python recipes/distill_danet.py --data photos --until mobile",
 "model": "DANetMobile",
 "config": {"channels": 3, "widths": [48, 128]}
}
"""
WORDS = "--widths 8,16 --middle-blocks 1 --patch-size 16 --batch-size 2"
WORDS += " --validate-every 2 --schedule constant --quiet"


def test_a_training_run(tmp_path):
    data, out = image_folder(tmp_path / "photos", 2, (40, 48)), tmp_path / "run"
    words = (f"--data {data} --validation {data} --out {out}", WORDS)
    run("danet_mobile", *words, "--steps 2")
    (out / "run.json").write_text(TRAINING)
    with pytest.raises(SystemExit, match="middle_blocks=1, got 2; use another"):
        run("danet_mobile", *words, "--steps 4 --middle-blocks 2")
    run("danet_mobile", *words, "--steps 4")
    with open(out / "log.csv", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4"]
    before, after = json.loads(TRAINING), RunRecord.read(out)
    # The name of an option that changed.
    assert before["arguments"].pop("noise") == "gaussian"
    before["arguments"]["degradation"] = None
    # Options that came later are recorded with their defaults.
    old = {k: v for k, v in after.arguments.items() if k in before["arguments"]}
    assert set(old) == set(before["arguments"])
    assert after.arguments["texture_crops"] == 1
    assert after.config == {
        **before["config"],
        "scale": 1,
        "full_resolution": False,
    }
    assert after.task == before["task"]
    paths = {"data": str(data), "validation": str(data), "out": str(out)}
    assert old == {**before["arguments"], **paths, "steps": 4}


def test_a_stage_of_a_distillation(tmp_path):
    (tmp_path / "run.json").write_text(STAGE)
    task = Denoise((0, 55))
    run_options = RunOptions(
        data="photos", validation="photos", out="a", setting="0,55"
    )
    # What it had no name for: the encoder imitated the degraded image.
    options = DistillationOptions(encoder_target="degraded")
    stages = DistillationStages(
        "distill_danet.py", task, run_options, options, None
    )
    arguments = stages.arguments("mobile")
    old = json.loads(STAGE)["arguments"]
    old["setting"] = old.pop("sigma")
    assert {key: arguments[key] for key in old} == {
        **old,
        "data": "photos",
        "validation": "photos",
    }
    model = DANetMobile(widths=(8, 16))
    for name, value, words in (
        ("mobile_batch", 8, "mobile_batch=16, got 8"),
        ("encoder_target", "clean", "encoder_target='degraded', got 'clean'"),
        ("task", "jpeg", "task='denoise', got 'jpeg'"),
    ):
        other = {**arguments, name: value}
        with pytest.raises(ValueError, match=words):
            open_run(
                tmp_path, "distill_danet.py", other, model, defaults=absent()
            )
    open_run(tmp_path, "distill_danet.py", arguments, model, defaults=absent())
    assert RunRecord.read(tmp_path).arguments == arguments
