"""Twelve patches on eight devices: the same losses as on one device."""

import csv

import numpy as np
import pytest
from recipes.small_recipes import SMALLER
from testing import ROOT, run_python

WAYS = ("none", "mirrored")
STEPS = (
    "--batch-size 12 --patch-size 8 --validation-crop 16 --steps 4 "
    "--validate-every 1 --quiet --learning-rate 1e-3"
)
DISTILL = (
    "--smoke --danet-batch 12 --mobile-batch 12 "
    "--teacher-batch 12 --danet-patch 8 --mobile-patch 8 --teacher-steps 4 "
    "--danet-steps 4 --mobile-steps 4 --validate-every 1 "
    "--validation-crop 16 --quiet"
)

# Every command as on one device and on eight.
CHILD = """
import os, runpy, sys
if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 8
    tf.config.set_logical_device_configuration(cpu, parts)
sys.path.insert(0, "recipes")
folder, out, *commands = sys.argv[1:]
for command in commands:
    name, script, *words = command.split()
    words += ["--data", folder, "--validation", folder]
    for way in ("none", "mirrored"):
        mine = [word.replace("WAY", way) for word in words]
        mine += ["--strategy", way, "--out", f"{out}/{name}_{way}"]
        module = runpy.run_path(f"recipes/{script}.py", run_name=script)
        if "RECIPE" in module:
            module["RECIPE"].run(mine)
        else:
            module["main"](mine)
    print(name, flush=True)
"""


def train(backend, folder, out, *commands):
    """Runs commands, each a name, a script and its options."""
    flags = {"KERAS_BACKEND": backend}
    if backend == "jax":
        flags["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
    run_python(CHILD, folder, out, *commands, **flags)


def losses(out):
    with open(out / "log.csv", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def assert_same_losses(out, name, *inner):
    one, two = (losses(out.joinpath(f"{name}_{way}", *inner)) for way in WAYS)
    assert len(one) == 4
    np.testing.assert_allclose(two, one, atol=1e-4)
    # A training that stands still would agree too.
    assert np.ptp(one) > 1e-4


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_twelve_patches_on_eight_devices(
    backend, folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(ROOT)
    # Tracing for eight devices takes TensorFlow a minute for a large network.
    names = ["danet_mobile"] if backend == "tensorflow" else SMALLER
    commands = [
        f"{name} train_{name} {SMALLER[name]} {STEPS}" for name in names
    ]
    source = f"{tmp_path}/danet_mobile_none"
    stages = ["mobile"] if backend == "tensorflow" else ["teacher", "danet_s"]
    distill = f"distill distill_danet {DISTILL} --until {stages[-1]}"
    if backend == "tensorflow":
        distill += f" --teacher {source}"
    commands.append(distill)
    if backend == "jax":
        commands.append(f"int8 quantize_aware --run {source} {STEPS}")
    train(backend, folder, tmp_path, *commands)
    for name in names:
        assert_same_losses(tmp_path, name)
    if backend == "jax":
        assert_same_losses(tmp_path, "int8")
    for stage in stages:
        assert_same_losses(tmp_path, "distill", stage)
