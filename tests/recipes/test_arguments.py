import pytest
from recipes.small_recipes import SMALL, STEPS, recipe, run, where

from kerasrestore.locks import locked


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("panet --setting strong", "sigma, 0 to 255, got 'strong'"),
        ("panet --setting -5", "sigma must be a number of at least 0"),
        ("panet --task jpeg --setting 200", "from 1 to 100"),
        ("panet --task demosaic --setting XYZ", "GRBG, RGGB"),
        ("panet --task demosaic --gray", "three channels"),
        ("panet --blocks 3", "choose an even number"),
        ("panet --task jpeg --quantize", "Jpeg does not support quantize"),
        ("panet --task super_resolution --no-quantize", "--no-quantize keeps"),
        ("panet --model level=3", "PANet has no argument 'level'"),
        ("panet --model features=4", "features=8, which --features sets"),
        ("panet --model num_blocks=4", "num_blocks=2, which --blocks sets"),
        ("panet --model channels=1", "which --gray or --color sets"),
        ("panet --model task=jpeg", "which --task sets"),
        ("panet --model levels=100", "levels must be at most 9"),
        ("rnan --model released=True", "released=False, which --released"),
        ("nlrn --model released=v0", "released=None, which --released"),
        ("danet --model sigma_input=True", "which --sigma-input sets"),
        ("danet --layer-rates tail", "--layer-rates must be numbers by name"),
        ("danet --layer-rates tail=-1", "--layer-rates must be numbers of at"),
        ("danet --layer-clips tail=0", "--layer-clips must be numbers above"),
        ("danet --layer-clips a=1,a=2", "each name once"),
        ("danet --layer-rates tale=1", "No trainable layer matches 'tale'"),
        ("panet --clip-norm 1 --clip-each 1", "--clip-norm and --clip-each"),
        ("panet --start nothing", "Unknown preset 'nothing'"),
        ("panet --start .", "Unknown preset '.'"),
        ("panet --batch-size 0", "--batch-size must be a number above 0"),
        ("panet --ema 1.5", "--ema must be below 1"),
        ("panet --learning-rate nan", "--learning-rate must be a number above"),
        ("panet --halve-every 5,3", "above 0 and increasing"),
        ("panet --patch-size 100", "smaller than the patch size 100"),
        ("panet --loss l3", "'log_mse', 'l2', 'l1'"),
        ("panet --schedule zigzag", "'trapezoid'"),
        ("panet --halve-every 5,x", "Whole numbers"),
        ("panet --loss-crop 50", "--loss-crop"),
        ("nlrn --ema 0.9", "leave --ema out"),
        ("danet --widths 8,a", "Whole numbers"),
        ("danet --degraded a", "--validation-degraded"),
        ("danet --validation-degraded a", "give --degraded"),
        (
            "danet --degraded a --validation-degraded a --setting 5",
            "has no setting",
        ),
        ("danet --task jpeg --sigma-input", "leave --sigma-input out"),
        ("panet --steps-per-execution 0", "integer of at least 1, got 0"),
        (
            "panet --patches device --patch-size 50",
            "on the device a patch of 50 needs",
        ),
        ("panet --bank-gb 1", "--bank-gb is the memory of --patches device"),
        ("panet --bank-gb nan", "--bank-gb must be a number of GiB of at"),
        ("panet --cache-gb -1", "--cache-gb must be a number of GiB of at"),
        (
            "panet --patches device --bank-gb 0.00001",
            "--patches device: A bank of 1e-05 GiB was asked for",
        ),
    ],
)
def test_bad_arguments(words, sentence, folder, tmp_path, capsys):
    name, *words = words.split()
    out = tmp_path / "out"
    steps = "--patch-size 12 --batch-size 2 --steps 2 --quiet"
    with pytest.raises(SystemExit) as stopped:
        run(name, where(folder, out), SMALL[name], steps, *words)
    text = capsys.readouterr().err + str(stopped.value)
    assert sentence in text
    assert not out.exists()


def test_no_data(tmp_path):
    with pytest.raises(SystemExit, match="is not a folder"):
        run("panet", where(tmp_path / "none", tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        (
            "danet_mobile",
            "--degradation camera --setting 25",
            "leave --setting",
        ),
        ("danet_mobile", "--noise camera --quantize", "support quantize"),
        ("danet_mobile", "--shares camera=1", "add that"),
        (
            "danet_mobile",
            "--degradation camera --shares camera",
            "got 'camera'",
        ),
        (
            "danet_mobile",
            "--degradation camera --shares film=0.5",
            "add up to 1",
        ),
        (
            "danet_mobile",
            "--noise camera --shares camera=0.5,camera=0.5",
            "each kind once",
        ),
        (
            "rnan",
            "--degradation camera --task jpeg",
            "one of jpeg, recompressed",
        ),
        (
            "danet",
            "--degraded d --validation-degraded e --degradation camera",
            "leave --degradation camera",
        ),
        (
            "danet",
            "--degraded d --validation-degraded e --smallest-scale 0.5",
            "leave --smallest-scale",
        ),
    ],
)
def test_camera_noise_is_not_ignored(name, words, told):
    with pytest.raises(ValueError, match=told):
        recipe(name).plan([*where("a", "b").split(), *words.split()])


def test_camera_noise_of_a_recipe():
    plan = recipe("danet_mobile").plan(
        [*where("a", "b").split(), "--degradation", "camera"]
    )
    assert plan.task.shares["camera"] == 0.6
    assert plan.options.setting is None
    mixture = "camera=0.5, gaussian=0.5"
    plan = recipe("danet_mobile").plan(
        [
            *where("a", "b").split(),
            "--degradation",
            "camera",
            "--shares",
            mixture,
        ]
    )
    assert plan.task.shares == {"camera": 0.5, "gaussian": 0.5}


@pytest.mark.parametrize(
    ("words", "quantized"),
    [
        ("rnan", True),
        ("panet --gray", True),
        ("panet --no-quantize", False),
        ("panet --setting 0,55", True),
        ("nlrn", False),
        ("danet", False),
        ("danet --quantize", True),
        ("danet_mobile", False),
    ],
)
def test_rounded_noise(words, quantized):
    name, *words = words.split()
    plan = recipe(name).plan([*where("a", "b").split(), *words])
    assert plan.task.quantize is quantized
    assert plan.arguments["quantize"] is quantized


def test_only_noise_is_rounded():
    for task in ("jpeg", "demosaic", "super_resolution"):
        words = [*where("a", "b").split(), "--task", task]
        assert recipe("panet").plan(words).arguments["quantize"] is False
    words = [*where("a", "b").split(), "--degradation", "camera"]
    assert recipe("panet").plan(words).arguments["quantize"] is False


def test_layers_of_the_offsets():
    words = where("a", "b").split()
    settings = recipe("danet").plan(words).settings
    assert settings.by_layer("layer_rates") == {"offset_conv": 0.1}
    (bound,) = settings.by_layer("layer_clips").values()
    assert bound > 0
    for more in (
        ["--layer-rates", "none", "--layer-clips", "none"],
        # Without deformable convolution there are no offsets.
        ["--model", "block=conv", "--model", "recurrent=False"],
    ):
        settings = recipe("danet").plan([*words, *more]).settings
        assert settings.by_layer("layer_rates") == {}
        assert settings.by_layer("layer_clips") == {}


def test_scales():
    words = [*where("a", "b").split(), "--smallest-scale", "0.25"]
    plan = recipe("danet_mobile").plan([*words, "--largest-scale", "0.5"])
    assert plan.settings.scales == (0.25, 0.5)
    for largest in ("0.2", "2"):
        with pytest.raises(ValueError, match="--smallest-scale must be at"):
            recipe("danet_mobile").plan([*words, "--largest-scale", largest])


def test_loss_floor():
    words = [*where("a", "b").split(), "--loss-floor", "0.001"]
    assert recipe("danet_mobile").plan(words).loss().floor == 0.001


def test_xla_is_recorded():
    words = where("a", "b").split()
    for more, used in (([], False), (["--jit-compile"], True)):
        plan = recipe("danet_mobile").plan([*words, *more])
        assert plan.options.jit_compile is used
        assert plan.arguments["jit_compile"] is used


def test_memory_for_decoded_images(folder, monkeypatch, tmp_path):
    def cached(free, *words):
        monkeypatch.setattr(
            "kerasrestore.training.recipe.plan.free_host_bytes", lambda: free
        )
        where_words = where(folder, tmp_path).split()
        options = "--patch-size 12 --batch-size 2 --task super_resolution"
        planned = recipe("panet").plan([*where_words, *options.split(), *words])
        return planned.sampler().cache_bytes

    assert cached(9 * 2**30) == 4.5 * 2**30
    assert cached(2**30) == 2**31
    assert cached(2**30, "--cache-gb", "0.5") == 2**29


def test_two_trainings_in_one_folder(folder, tmp_path):
    words = f"{where(folder, tmp_path)} {STEPS} --steps 1 --quiet".split()
    small = SMALL["danet_mobile"].split()
    taken = locked(tmp_path / ".lock")
    with taken, pytest.raises(SystemExit, match="Another training"):
        run("danet_mobile", *words, *small)
    assert not (tmp_path / "run.json").exists()
