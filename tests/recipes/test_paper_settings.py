"""The recipes train as the papers and the released scripts do."""

import pytest
from recipes.small_recipes import SMALL, STEPS, recipe, run, where

# What is not the default: steps, batch, patch, loss, gray, and the schedule.
HALVED = "100000,200000,300000,400000,450000"
PAPERS = {
    "rnan --task denoise": {"steps": 1_300_000, "setting": "50"},
    "rnan --task demosaic": {"steps": 1_300_000, "setting": "GRBG"},
    "rnan --task jpeg": {"steps": 1_300_000, "gray": True, "setting": "10"},
    "rnan --task super_resolution --setting 3": {
        "steps": 3_000_000,
        "patch_size": 144,
    },
    "rnan --task super_resolution --setting 4 --released": {
        "steps": 3_000_000,
        "patch_size": 192,
        "loss": "l1",
    },
    "panet": {"steps": 1_000_000, "loss": "l1"},
    "panet --gray": {"steps": 1_000_000, "loss": "l1", "gray": True},
    "panet --task jpeg --color": {"steps": 1_000_000, "loss": "l1"},
    "panet --task super_resolution": {
        "steps": 1_000_000,
        "loss": "l1",
        "patch_size": 96,
    },
    "nlrn": {
        "steps": 500_000,
        "patch_size": 45,
        "learning_rate": 1e-3,
        "halve_every": HALVED,
        "clip_each": 0.5,
        "smallest_scale": 0.7,
        "gray": True,
    },
    "nlrn --released master": {
        "steps": 500_000,
        "patch_size": 43,
        "learning_rate": 1e-3,
        "halve_every": HALVED,
        "clip_each": 2.5,
        "loss_crop": 5,
        "gray": True,
    },
    "nlrn --released v0 --task super_resolution": {
        "steps": 500_000,
        "patch_size": 45,
        "learning_rate": 1e-3,
        "halve_every": 75_000,
        "clip_each": 2.5,
        "gray": True,
        "setting": "2,3,4",
    },
    "danet": {
        "steps": 840_000,
        "batch_size": 12,
        "patch_size": 256,
        "schedule": "cosine",
        "final_rate": 1e-6,
        "layer_rates": "offset_conv=0.1",
    },
    "danet --task jpeg": {
        "steps": 840_000,
        "batch_size": 12,
        "patch_size": 256,
        "schedule": "cosine",
        "final_rate": 1e-6,
        "layer_rates": "offset_conv=0.1",
        "gray": True,
    },
}
COMMON = {
    "batch_size": 16,
    "patch_size": 48,
    "loss": "l2",
    "loss_crop": 0,
    "learning_rate": 1e-4,
    "schedule": "step",
    "halve_every": 200_000,
    "ema": 0.0,
    "clip_norm": 0.0,
    "clip_each": 0.0,
    "layer_rates": "none",
    "smallest_scale": 1.0,
    "largest_scale": 1.0,
    "gray": False,
    "dtype": "float32",
}


@pytest.mark.parametrize("words", PAPERS)
def test_the_papers_settings(words):
    name, *words = words.split()
    argv = [*where("a", "b").split(), *words]
    seen = recipe(name).plan(argv).arguments
    wanted = {**COMMON, **PAPERS[" ".join([name, *words])]}
    assert {key: seen[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        ("rnan", {0: 1e-4, 199_999: 1e-4, 200_000: 5e-5, 1_299_999: 1e-4 / 64}),
        ("panet", {0: 1e-4, 200_000: 5e-5, 999_999: 1e-4 / 16}),
        ("nlrn", {99_999: 1e-3, 100_000: 5e-4, 450_000: 1e-3 / 32}),
        ("nlrn --released v0", {75_000: 5e-4, 450_000: 1e-3 / 64}),
        ("danet", {0: 1e-4, 420_000: 5.05e-5, 840_000: 1e-6}),
    ],
)
def test_the_papers_rates(words, rates):
    name, *words = words.split()
    schedule = recipe(name).plan([*where("a", "b").split(), *words]).schedule()
    for step, rate in rates.items():
        assert float(schedule(step)) == pytest.approx(rate, rel=1e-3), step


@pytest.mark.parametrize(
    ("words", "each", "together"),
    [("nlrn", 0.5, 0.0), ("nlrn --clip-each 0 --clip-norm 2", 0.0, 2.0)],
)
def test_gradients_are_bounded(
    words, each, together, folder, tmp_path, monkeypatch
):
    seen = []

    def see(model, sampler, out, settings, **options):
        seen.append(settings)

    monkeypatch.setattr("kerasrestore.training.recipe.plan.fit", see)
    name, *words = words.split()
    run(name, where(folder, tmp_path), SMALL[name], STEPS, *words)
    (settings,) = seen
    assert settings.clip_each == each and settings.clip_norm == together
    assert settings.ema == 0.0
