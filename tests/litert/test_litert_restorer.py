import hashlib
import json
import os
import shutil
import sys

import numpy as np
import pytest
from small_tflite import TILE, write_sidecar, write_small
from testing import image_folder, random_image, run_python

from kerasrestore import LiteRTRestorer
from kerasrestore.cli.main import main
from kerasrestore.cli.restorers import load_restorer
from kerasrestore.litert.self_test import self_test_image
from kerasrestore.models.presets import default_preset, file_sha256, get_preset

KINDS = {
    "float16": ({"quantization": "float16"}, 2e-3),
    "dynamic": ({"quantization": "dynamic"}, 2e-2),
    "int8": ({"quantization": "int8"}, 6e-2),
    "free_sides": ({"dynamic": True}, 1e-5),
}
BYTES = {"quantization": "int8", "io": "uint8"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Gives a small model, made once for all tests."""
    folder = tmp_path_factory.mktemp("models")
    paths = {}

    def make(**options):
        key = json.dumps(options)
        if key not in paths:
            path = folder / f"small{len(paths)}.tflite"
            paths[key] = write_small(path, **options)
        return paths[key]

    return make


@pytest.fixture
def copied(made, tmp_path):
    """Gives a copy of a small model that may be spoiled."""

    def copy(**options):
        path = made(**options)
        for one in (path, path.with_suffix(".json")):
            shutil.copy(one, tmp_path / f"small{one.suffix}")
        return tmp_path / "small.tflite"

    return copy


@pytest.fixture
def small(copied):
    return copied()


def change(path, **changes):
    side = path.with_suffix(".json")
    value = {**json.loads(side.read_text()), **changes}
    side.write_text(json.dumps(value))


def refusal(path, **options):
    with pytest.raises(ValueError, match=r"small\.(tflite|json)") as error:
        LiteRTRestorer(path, **options)
    assert str(error.value).isprintable()
    return str(error.value)


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
    # The sidecar is right about a model that takes less.
    change(small, memory_bytes=10**9)
    restorer = LiteRTRestorer(small)
    assert restorer.memory_forecast(*TILE) == 10**9
    change(small, memory_bytes=0)
    measured = LiteRTRestorer(small).memory_forecast(*TILE)
    assert 10**5 < measured < 10**8
    with pytest.raises(MemoryError, match="memory limit"):
        restorer.restore(np.zeros((8, 8, 3)), memory_limit="1GB")


def test_memory_of_a_preset():
    """In a fresh process, so that nothing is freed that could be taken."""
    code = """
import numpy as np
from kerasrestore import LiteRTRestorer
from kerasrestore.inference.memory import process_bytes
restorer = LiteRTRestorer.from_preset(threads=2)
before = process_bytes()
restorer.restore(np.zeros((20, 20, 3), "uint8"))
taken = process_bytes() - before
print(taken <= restorer.memory_forecast(*restorer.fixed_tile), taken)
"""
    assert run_python(code).startswith("True")


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
            "has 'image' as float32, its sidecar speaks of uint8",
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
        ({**BYTES, "byte_range": (0.0, 2.0)}, "wanted are 1/255 and 0"),
        ({**BYTES, "byte_range": (-0.5, 0.5)}, "wanted are 1/255 and 0"),
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


class TestSelfTest:
    def test_image(self):
        image = np.rint(self_test_image((30, 40), 3) * 255)
        assert image[7, 11, 2] == (3 * 121 + 5 * 77 + 7 * 49 + 62) % 256

    @pytest.mark.parametrize(
        "options",
        [{}, BYTES, {"sigma_input": True}, {"scale": 2}, {"dynamic": True}],
    )
    def test_round_trip(self, copied, options):
        path = copied(**options)
        test = LiteRTRestorer(path, trial=False).make_self_test()
        change(path, self_test=test)
        LiteRTRestorer(path, threads=1)
        y, x, values = test["pixels"][5]
        values[-1] += 3 * test["tolerance"]
        change(path, self_test=test)
        assert f"at row {y}, column {x}" in refusal(path)

    def test_another_tile_has_another_answer(self, copied):
        path = copied(dynamic=True)
        change(
            path, self_test=LiteRTRestorer(path, trial=False).make_self_test()
        )
        assert LiteRTRestorer(path, tile=40).fixed_tile == (40, 40)

    def test_weights_that_were_changed(self, small):
        change(
            small, self_test=LiteRTRestorer(small, trial=False).make_self_test()
        )
        data = bytearray(small.read_bytes())
        # The sign of a weight: whoever wrote the checksum, it shows.
        middle = len(data) // 2 // 4 * 4 + 3
        data[middle] ^= 0x80
        small.write_bytes(data)
        change(small, sha256=hashlib.sha256(data).hexdigest())
        assert "self-test" in refusal(small)


class TestPresets:
    @pytest.fixture
    def folder(self, made, tmp_path):
        """A preset with a float32 and an int8 file."""
        target = tmp_path / "preset"
        target.mkdir()
        card = {**get_preset(default_preset()).card, "name": "mine"}
        files = {}
        for end, options in (
            ("_float32", {}),
            ("_int8", {"quantization": "int8"}),
        ):
            for role, suffix in (("tflite", ".tflite"), ("sidecar", ".json")):
                file = target / f"mine{end}{suffix}"
                shutil.copy(made(**options).with_suffix(suffix), file)
                files[role + end] = {
                    "file": file.name,
                    "sha256": file_sha256(file),
                }
        (target / "card.json").write_text(json.dumps({**card, "files": files}))
        return target

    def resign(self, folder, role, **changes):
        """Changes a sidecar and its checksum in the card."""
        card = json.loads((folder / "card.json").read_text())
        entry = card["files"][role]
        change(folder / entry["file"], **changes)
        entry["sha256"] = file_sha256(folder / entry["file"])
        (folder / "card.json").write_text(json.dumps(card))

    def test_quantization(self, folder):
        load = LiteRTRestorer.from_preset
        for wanted, found in (
            (None, "float32"),
            ("float32", "float32"),
            ("int8", "int8"),
        ):
            restorer = load(folder, quantization=wanted)
            assert restorer.sidecar["quantization"] == found
        with pytest.raises(ValueError, match="no float16 file; it has float32"):
            load(folder, quantization="float16")
        with pytest.raises(ValueError, match=r"mine has no .* float32, int8"):
            load(folder, quantization="big")

    def test_the_command_line(self, folder, capsys, tmp_path):
        photo = image_folder(tmp_path / "in", 1) / "image0.png"
        out = tmp_path / "out.png"
        words = ["restore", photo, out, "--preset", folder, "--quantization"]
        words = [str(word) for word in words]
        assert main([*words, "int8"]) == 0 and out.is_file()
        capsys.readouterr()
        for more, reason in (
            (["float16", "--overwrite"], "no float16 file"),
            (["int8", "--overwrite", "--runtime", "keras"], "--runtime keras"),
            (["int4", "--overwrite"], "int4"),
        ):
            assert main([*words, *more]) == 2
            error = capsys.readouterr().err
            assert reason in error and error.count("\n") == 1
        assert load_restorer(folder, "litert", quantization="int8").name
        words = ["evaluate", "--data", str(tmp_path), "--setting", "25"]
        words += ["--quantization", "int8", "--baseline", "degraded"]
        assert main(words) == 2
        assert "files of a preset" in capsys.readouterr().err

    def test_a_sidecar_that_is_not_the_cards(self, folder):
        change(folder / "mine_float32.tflite", license="mine")
        with pytest.raises(ValueError, match=r"mine_float32\.json.* checksum"):
            LiteRTRestorer.from_preset(folder)

    @pytest.mark.parametrize(
        ("role", "changes", "words"),
        [
            ("sidecar_float32", {"task": "jpeg"}, "task 'denoise'.* 'jpeg'"),
            ("sidecar_int8", {"quantization": "float32"}, "not int8"),
        ],
    )
    def test_card_and_sidecar_contradict(self, folder, role, changes, words):
        self.resign(folder, role, **changes)
        kind = "int8" if role.endswith("int8") else None
        with pytest.raises(ValueError, match=words):
            LiteRTRestorer.from_preset(folder, quantization=kind)


class TestTrial:
    def test_shipped_models_are_not_tried(self, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/nowhere")
        LiteRTRestorer.from_preset()

    def test_no_child_can_be_started(self, copied, monkeypatch):
        path = copied()
        change(path, name="another")  # tried already under its own name
        monkeypatch.setattr(sys, "executable", "/nowhere")
        assert "pass trial=False" in refusal(path)
        LiteRTRestorer(path, trial=False)

    def test_once_for_each_model(self, copied, monkeypatch):
        path = copied()
        change(path, name="once")
        LiteRTRestorer(path)
        monkeypatch.setattr(sys, "executable", "/nowhere")
        LiteRTRestorer(path)

    def test_the_folder_it_is_started_in_does_not_matter(
        self, copied, monkeypatch, tmp_path
    ):
        path = copied()
        change(path, name="elsewhere")
        (tmp_path / "json.py").write_text("raise SystemExit('a trap')")
        (tmp_path / "numpy.py").write_text("raise SystemExit('a trap')")
        monkeypatch.chdir(tmp_path)
        LiteRTRestorer(path)

    def test_time(self, copied, monkeypatch):
        path = copied()
        change(path, name="slow")
        monkeypatch.setattr("kerasrestore.litert.trial.SECONDS", 0)
        monkeypatch.setattr("kerasrestore.litert.trial.LONGEST", 0.01)
        assert "was stopped" in refusal(path)

    @pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")
    def test_memory(self, copied, monkeypatch):
        path = copied(dynamic=True)
        change(path, name="large", tile=[1024, 1024], memory_bytes=0)
        for name in ("SPARE_BYTES", "THREAD_BYTES"):
            monkeypatch.setattr(f"kerasrestore.litert.trial.{name}", 0)
        refusal(path)
        # What it takes is the sidecar's to tell.
        change(path, memory_bytes=10**9)
        assert LiteRTRestorer(path).memory_forecast(1024, 1024) == 10**9

    @pytest.mark.skipif(os.name != "posix", reason="no signals")
    def test_a_crash(self, copied, monkeypatch, tmp_path):
        path = copied()
        change(path, name="crash")
        # What would load LiteRT kills the process instead.
        trap = tmp_path / "traps" / "ai_edge_litert"
        trap.mkdir(parents=True)
        (trap / "__init__.py").write_text(
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
        )
        monkeypatch.syspath_prepend(trap.parent)
        assert "crashes LiteRT (SIGSEGV)" in refusal(path)
