import pickle

import numpy as np
import pytest
from small_tflite import BYTES, TILE, change, refusal, write_sidecar
from testing import image_folder, random_image, run_python

from kerasrestore import LiteRTRestorer
from kerasrestore.cli.main import main
from kerasrestore.litert import litert_model
from kerasrestore.models.presets import file_sha256

KINDS = {
    "float16": ({"quantization": "float16"}, 2e-3),
    "dynamic": ({"quantization": "dynamic"}, 2e-2),
    "int8": ({"quantization": "int8"}, 6e-2),
    "free_sides": ({"dynamic": True}, 1e-5),
}


def test_attributes(made):
    restorer = LiteRTRestorer(made(), threads=1, task="denoise")
    assert restorer.name == "small" and restorer.task == "denoise"
    assert restorer.fixed_tile == TILE
    assert restorer.halo == 6


def test_no_keras_and_no_tensorflow(made, tmp_path):
    image = random_image((50, 60, 3))
    np.save(tmp_path / "in.npy", image)
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = sys.modules["jax"] = None
import numpy as np, kerasrestore
restorer = kerasrestore.LiteRTRestorer(sys.argv[1])
np.save(sys.argv[3], restorer.restore(np.load(sys.argv[2])))
"""
    run_python(code, made(), tmp_path / "in.npy", tmp_path / "out.npy")
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"),
        LiteRTRestorer(made()).restore(image),
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_quantization(made, kind):
    options, tolerance = KINDS[kind]
    image = random_image((41, 33, 3))
    wanted = LiteRTRestorer(made()).restore(image)
    found = LiteRTRestorer(made(**options)).restore(image)
    np.testing.assert_allclose(found, wanted, atol=tolerance)
    assert np.abs(found - image).max() > 10 * tolerance


def test_bytes(made):
    exact, bytes_ = LiteRTRestorer(made()), LiteRTRestorer(made(**BYTES))
    image = random_image((41, 33, 3), "uint8")
    difference = bytes_.restore(image).astype(int) - exact.restore(image)
    assert np.abs(difference).max() <= 6
    # Floats are clipped and rounded on the way in, and bytes on the way out.
    values = random_image((41, 33, 3)) * 2 - 0.5
    rounded = np.rint(values.clip(0, 1) * np.float32(255)).astype("uint8")
    found = bytes_.restore(values)
    np.testing.assert_array_equal(
        found, bytes_.restore(rounded) / np.float32(255)
    )
    # Half to even.
    half = np.full((8, 8, 3), 0.5, "float32")
    assert half[0, 0, 0] * 255 == 127.5
    np.testing.assert_array_equal(
        bytes_.restore(half), bytes_.restore(np.full_like(half, 128 / 255))
    )


def test_floats_beyond_the_range(made):
    image = random_image((20, 20, 3)) * 4 - 2
    found = LiteRTRestorer(made()).restore(image)
    assert found.min() < 0 and found.max() > 1


@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_sigma(made, quantization):
    path = made(sigma_input=True, quantization=quantization)
    restorer = LiteRTRestorer(path)
    image = random_image((30, 30, 3))
    one, two = (restorer.restore(image, sigma=level) for level in (5, 50))
    # The network's part grows with sigma.
    ratio = np.abs(two - image).mean() / np.abs(one - image).mean()
    assert ratio == pytest.approx(10, rel=0.2)
    with pytest.raises(ValueError, match="noise level"):
        restorer.restore(image)


def test_gray_and_enlarging(made):
    gray = LiteRTRestorer(made(channels=1))
    assert gray.restore(random_image((30, 20))).shape == (30, 20)
    large = LiteRTRestorer(made(scale=2))
    assert large.restore(random_image((30, 20, 3))).shape == (60, 40, 3)


def test_threads_and_progress(made):
    image = random_image((60, 50, 3))
    seen = []
    one = LiteRTRestorer(made(), threads=1).restore(
        image, progress=lambda done, total: seen.append((done, total))
    )
    total = 5 * 13  # cores of 12 x 4 pixels
    assert seen == [(done, total) for done in range(total + 1)]
    four = LiteRTRestorer(made(), threads=4).restore(image)
    np.testing.assert_allclose(one, four, atol=1e-6)
    for threads in (0, -1, True, "two", 2.0, 10**6):
        with pytest.raises(ValueError, match="threads"):
            LiteRTRestorer(made(), threads=threads)


def test_tiles(made, small):
    free = made(dynamic=True)
    image = random_image((60, 50, 3))
    restorer = LiteRTRestorer(free, tile=(40, 32))
    assert restorer.fixed_tile == (40, 32)
    np.testing.assert_allclose(
        restorer.restore(image), LiteRTRestorer(free).restore(image), atol=1e-5
    )
    with pytest.raises(ValueError, match="fixed tile of 32x40"):
        restorer.restore(image, tile=64)
    for tile, words in ((12, "more than 12"), (33, "multiples of 2")):
        with pytest.raises(ValueError, match=words):
            LiteRTRestorer(free, tile=tile)
    assert "fixed tile of 16x24" in refusal(small, tile=40)
    assert LiteRTRestorer(small, tile=TILE).fixed_tile == TILE


def test_memory_forecast(made, small):
    # What the trial measures counts more than what a sidecar declares.
    change(small, memory_bytes=10**9)
    assert LiteRTRestorer(small).memory_forecast(*TILE) < 10**8
    restorer = LiteRTRestorer(small, trial=False)
    forecast = restorer.memory_forecast(*TILE)
    # Loading took some of it.
    assert 10**9 - 10**8 < forecast <= 10**9 + 10**7
    with pytest.raises(MemoryError, match="memory limit"):
        restorer.restore(np.zeros((8, 8, 3)), memory_limit="1GB")
    copies = 4 * 3 * np.prod(TILE) * 3
    for model in (restorer, pickle.loads(pickle.dumps(restorer))):
        model.restore(np.zeros((8, 8, 3)))
        assert model.memory_forecast(*TILE) == copies
    # A forked process starts its own interpreter.
    litert_model._after_fork()
    assert restorer.memory_forecast(*TILE) > 10**9


def test_memory_of_a_preset():
    """In a fresh process, so that nothing is freed that could be taken."""
    code = """
import numpy as np
from kerasrestore import LiteRTRestorer
from kerasrestore.inference.memory import process_bytes
restorer = LiteRTRestorer.from_preset(threads=2)
before = process_bytes()
forecast = restorer.memory_forecast(*restorer.fixed_tile)
restorer.restore(np.zeros((20, 20, 3), "uint8"))
taken = process_bytes() - before
print(taken <= forecast, taken, forecast)
"""
    said = run_python(code)
    assert said.startswith("True"), said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tile": [28, 16]}, "takes {'image': (1, 24, 16, 3)}"),
        ({"channels": 1, "color_order": "gray"}, "(1, 24, 16, 1)"),
        ({"scale": 2, "task": "super_resolution"}, "(1, 48, 32, 3)"),
        ({"dynamic": True}, "(1, -1, -1, 3)"),
        (
            {
                "sigma_input": True,
                "io": {
                    "image": "float32",
                    "restored": "float32",
                    "sigma": "float32",
                },
            },
            "'sigma': (1,)",
        ),
        (
            {"io": {"image": "uint8", "restored": "float32"}},
            "has 'image' as float32, but its sidecar declares uint8",
        ),
        (
            {"io": {"image": "float32", "restored": "uint8"}},
            "has 'restored' as float32",
        ),
        ({"sha256": "0" * 64}, "checksum"),
    ],
)
@pytest.mark.parametrize("trial", [True, False])
def test_what_does_not_belong_together(small, changes, words, trial):
    change(small, **changes)
    assert words in refusal(small, trial=trial)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"names": ("picture", "restored")}, "picture"),
        ({"names": ("image", "result")}, "result"),
        ({**BYTES, "byte_range": (0.0, 2.0)}, "instead of 1/255 and 0"),
        ({**BYTES, "byte_range": (-0.5, 0.5)}, "instead of 1/255 and 0"),
    ],
)
def test_what_no_exporter_of_ours_writes(copied, options, words):
    assert words in refusal(copied(**options), trial=False)


def test_free_sides_that_the_sidecar_does_not_tell(copied):
    path = copied(dynamic=True)
    write_sidecar(path)
    assert "(1, -1, -1, 3)" in refusal(path)


def test_values_that_are_not_numbers(copied):
    path = copied(sigma_input=True)
    restorer = LiteRTRestorer(path)
    with pytest.raises(ValueError, match="not finite numbers"):
        restorer.restore_tile(
            np.full((1, *TILE, 3), 3e38, "float32"), np.float32(1e9)
        )


def test_another_task(small, capsys, tmp_path):
    text = refusal(small, task="jpeg")
    assert "is made for denoise, not for jpeg" in text
    data = image_folder(tmp_path / "data", 1)
    words = ["evaluate", "--model", small, "--data", data, "--task", "jpeg"]
    assert main([str(word) for word in (*words, "--setting", 10)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "made for denoise, not for jpeg" in captured.err


def test_no_model_at_all(small):
    for content in (b"", b"this is a text", bytes(10_000)):
        small.write_bytes(content)
        change(small, sha256=file_sha256(small))
        for trial in (True, False):
            assert "LiteRT can run" in refusal(small, trial=trial)


def test_the_command_line_prints_one_line(small, capsys, tmp_path):
    data = image_folder(tmp_path / "data", 1)
    words = ["evaluate", "--model", small, "--data", data, "--setting", "25"]
    small.write_bytes(small.read_bytes()[:-1])
    assert main([str(word) for word in words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("kerasrestore: ")
    assert captured.err.count("\n") == 1 and "checksum" in captured.err
