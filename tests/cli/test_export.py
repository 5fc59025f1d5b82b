import json

import numpy as np
import pytest
from testing import image_folder, random_image, smooth_image

from kerasrestore import LiteRTRestorer, PANet
from kerasrestore.cli.main import main
from kerasrestore.tasks import Jpeg
from kerasrestore.training import open_run

NAME = "danet_mobile_denoise_gray_blind_bsd400"


def test_float16(tmp_path, capsys):
    path = tmp_path / "a.tflite"
    options = ["--preset", NAME, "--to", "float16", "--tile", "96x128"]
    assert main(["export", *options, str(path)]) == 0
    assert "float16" in capsys.readouterr().out
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["tile"] == [96, 128] and sidecar["name"] == NAME
    assert sidecar["license"] and sidecar["sigma_range"] == [0.0, 55.0]


def test_a_training_without_noise_levels(tmp_path):
    model = PANet(
        task="jpeg", channels=1, num_blocks=2, features=8, attention=()
    )
    open_run(tmp_path, "train_panet.py", {"setting": "10"}, model, Jpeg(10))
    model.save_weights(tmp_path / "best.weights.h5")
    path = tmp_path / "a.tflite"
    words = ["export", "--run", str(tmp_path), "--tile", "64", str(path)]
    assert main(words) == 0
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["sigma_range"] == [0, 0]


def test_int8_with_bytes(tmp_path):
    photos = image_folder(tmp_path / "photos", 4, (210, 270))
    path = tmp_path / "a.tflite"
    options = ["--preset", NAME, "--to", "int8", "--io", "uint8"]
    options += ["--tile", "96", "--data", str(photos)]
    assert main(["export", *options, str(path)]) == 0
    restorer = LiteRTRestorer(path, trial=False)
    clean = smooth_image(80, 90, 1)
    noise = np.random.default_rng(0).normal(0, 25, clean.shape)
    noisy = (clean + noise).clip(0, 255).astype(np.uint8)
    restored = restorer.restore(noisy).astype(float)
    assert np.std(restored - clean) < 0.5 * np.std(noisy - clean.astype(float))


def test_int8_of_a_preset_that_was_trained_for_it(tmp_path, capsys):
    path = tmp_path / "a.tflite"
    options = ["--to", "int8", "--tile", "256x192"]
    assert main(["export", *options, str(path)]) == 0
    text = capsys.readouterr().out
    assert "trained for int8; --post-training uses the float ones" in text
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["quantization_method"] == "quantization_aware"
    # What the shipped file gives with its own tile, to the last digit.
    image = random_image((280, 230, 3))
    shipped = LiteRTRestorer.from_preset(quantization="int8")
    np.testing.assert_array_equal(
        LiteRTRestorer(path, trial=False).restore(image), shipped.restore(image)
    )

    photos = image_folder(tmp_path / "photos", 4, (210, 270))
    options += ["--post-training", "--data", str(photos)]
    assert main(["export", *options, str(path)]) == 0
    assert "trained for int8" not in capsys.readouterr().out
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["quantization_method"] == "post_training"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "int8", "--post-training"], "training images"),
        (["--post-training"], "leave it out"),
        (["--to", "int8", "--data", "nowhere"], "nowhere"),
        (["--tile", "12y"], "HEIGHTxWIDTH"),
        (["--tile", "97"], "multiples of 8"),
        (["--to", "int4"], "invalid choice"),
        (["--preset", "nothing"], "Unknown preset"),
        (["--run", "nowhere"], "holds no training"),
        (["--run", "nowhere", "--preset", NAME], "not both"),
    ],
)
def test_mistakes_are_one_line(tmp_path, capsys, options, words):
    path = tmp_path / "a.tflite"
    assert main(["export", *options, str(path)]) == 2
    text = capsys.readouterr().err
    assert words in text and text.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_name_ends_in_tflite(tmp_path, capsys):
    assert main(["export", str(tmp_path / "a.onnx")]) == 2
    assert ".tflite" in capsys.readouterr().err
