"""Files of models: sidecars, presets, checkpoints, records of trainings."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
from fuzz.damage import (
    damage_bytes,
    damage_number,
    damage_text,
    damage_zip,
)
from fuzz.target import Target

PRESET = "danet_mobile_denoise_color_blind_bsd400"
# What unpickling would run; none of it may ever happen.
HOSTILE = (
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"csubprocess\nPopen\n",
    b"X\x0a\0\0\0touch gone", b"\x85R", b"(cos\nsystem\nX\1\0\0\0ao", b"R",
    b"\x93", b"b", b"0", b"2", b"(", b"t", b"}", b"u", b"s", b"N", b"Q",
    b"h\0", b"q\0", b"\x81", b".",
)  # fmt: skip
FORBIDDEN = (
    "exec", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen",
    "pickle.find_class", "socket.connect", "shutil.rmtree", "os.remove",
)  # fmt: skip
_happened = []


def make_sidecar(folder):
    """Presets of the package, each with its files."""
    from kerasrestore.models.presets import get_preset

    target = folder / "a"
    target.mkdir()
    path = get_preset(PRESET).tflite()
    shutil.copy(path, target / "a.tflite")
    shutil.copy(path.with_suffix(".json"), target / "a.json")


def damage_sidecar(path, rng):
    side = path / "a.json"
    side.write_bytes(damage_text(side.read_bytes(), rng))


def run_sidecar(path, out):
    from kerasrestore.litert.sidecar import read_sidecar

    sidecar = read_sidecar(path / "a.tflite")
    assert sidecar["format"] == 1


def make_preset(folder):
    """A small preset with weights and a `.tflite`."""
    from testing import preset_folder

    preset_folder(folder)


def damage_preset(path, rng):
    """Damages the card, or a file whose checksum is mostly right again."""
    card = path / "card.json"
    if rng.random() < 0.6:
        card.write_bytes(damage_text(card.read_bytes(), rng))
        return
    content = json.loads(card.read_text())
    role = rng.choice(sorted(content["files"]))
    file = path / content["files"][role]["file"]
    damage = damage_text if file.suffix == ".json" else damage_bytes
    if rng.random() < 0.1:
        file.unlink()
        return
    file.write_bytes(damage(file.read_bytes(), rng))
    if rng.random() < 0.8:
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        content["files"][role]["sha256"] = sha256
        card.write_text(json.dumps(content))


def run_preset(path, out):
    """A preset through LiteRT; its own `.tflite` is tried in a process."""
    from kerasrestore import LiteRTRestorer

    restorer = LiteRTRestorer.from_preset(path, threads=1)
    image = np.full((20, 30, restorer.channels), 99, "uint8")
    options = {"sigma": 25.0} if restorer.sigma_input else {}
    restored = restorer.restore(image, **options)
    assert restored.dtype == np.uint8, restored.dtype


def run_keras_preset(path, out):
    """A preset with Keras."""
    from kerasrestore.models import Restorer

    model = Restorer.from_preset(path)
    assert model.count_params() < 10**9


def make_checkpoint(folder):
    from checkpoint_files import (
        described,
        some_arrays,
        write_legacy,
        write_safetensors,
        write_zip,
    )

    arrays = some_arrays()
    tensors, records = described(arrays)
    counted = {
        key: (raw, array.size)
        for (key, raw), array in zip(
            records.items(), arrays.values(), strict=True
        )
    }
    np.savez(folder / "a.npz", **arrays)
    np.savez_compressed(folder / "b.npz", **arrays)
    write_zip(folder / "a.pt", {"state_dict": tensors}, records, b"little")
    write_legacy(folder / "b.pth", tensors, counted)
    write_safetensors(folder / "a.safetensors", arrays)


def damage_checkpoint(path, rng):
    data = path.read_bytes()
    for _ in range(rng.choice((1, 1, 2, 3))):
        if path.suffix in (".pt", ".npz") and data[:2] == b"PK":
            try:
                data = damage_zip(data, rng, _damage_entry)
            except Exception:  # damaged before beyond reading
                data = damage_bytes(data, rng)
        elif data:
            data = _damage_entry(data, rng)
    path.write_bytes(data)


def _damage_entry(data, rng):
    kind = rng.choice(("bytes", "number", "hostile"))
    if kind == "bytes":
        return damage_bytes(data, rng)
    if kind == "number":
        return damage_number(data, rng, 0, 2000)
    at = rng.randrange(min(len(data), 1500) + 1)
    added = b"".join(rng.choice(HOSTILE) for _ in range(rng.randrange(1, 6)))
    cut = rng.choice((0, 0, len(added)))
    return data[:at] + added + data[at + cut :]


def _watch(event, arguments):
    # Modules that are loaded late are executed, too.
    module = event == "exec" and arguments[0].co_name == "<module>"
    if event in FORBIDDEN and not module:
        _happened.append(event)


def run_checkpoint(path, out):
    from kerasrestore.models.checkpoints.import_checkpoint import (
        read_checkpoint,
    )

    if not hasattr(sys, "fuzz_watches"):
        sys.addaudithook(_watch)
        sys.fuzz_watches = True
    _happened.clear()
    try:
        state = read_checkpoint(path)
    finally:
        assert not _happened, _happened
    assert all(isinstance(array, np.ndarray) for array in state.values())


def make_run_record(folder):
    from kerasrestore.training.recipe.run_record import RunRecord

    RunRecord(
        recipe="train", command="train", model="DANetMobile",
        config={"widths": [8, 16]},
        arguments={"task": "denoise", "seed": 0},
        versions={"keras": "3"},
    ).write(folder / "run")  # fmt: skip


def damage_run_record(path, rng):
    (file,) = path.iterdir()
    file.write_bytes(damage_text(file.read_bytes(), rng))


def run_run_record(path, out):
    from kerasrestore.training.recipe.load_run import Run

    run = Run(path)
    assert isinstance(run.record.config, dict)


def make_app_benchmark(folder):
    value = {
        "device": "Phone", "android": "15", "sdk": "35", "abi": "arm64-v8a",
        "model": "a.tflite", "sha256": "0" * 64, "accelerator": "CPU",
        "threads": "4", "pixels": 147456, "runs_ms": [21.5, 20.25, 22.0],
    }  # fmt: skip
    (folder / "a.json").write_text(json.dumps(value))


def damage_app_benchmark(path, rng):
    path.write_bytes(damage_text(path.read_bytes(), rng))


def run_app_benchmark(path, out):
    from kerasrestore.phone.app_benchmark import read_app_benchmark

    assert read_app_benchmark(path)["source"] == Path(path).name


LITERT = ("kerasrestore.litert.litert_restorer", "ai_edge_litert.interpreter")
KERAS = ("keras", "kerasrestore.registered", "h5py")


def targets():
    yield Target(
        "sidecar", make_sidecar, damage_sidecar, run_sidecar,
        inputs=3000, loads=LITERT,
    )  # fmt: skip
    yield Target(
        "preset", make_preset, damage_preset, run_preset,
        seconds=90, inputs=300, loads=LITERT, warnings="ignore",
    )  # fmt: skip
    yield Target(
        "keras_preset", make_preset, damage_preset, run_keras_preset,
        seconds=90, memory=2**31, inputs=300, loads=KERAS, warnings="ignore",
    )  # fmt: skip
    yield Target(
        "checkpoint", make_checkpoint, damage_checkpoint, run_checkpoint,
        inputs=5000,
        loads=("kerasrestore.models.checkpoints.import_checkpoint",),
    )  # fmt: skip
    yield Target(
        "run_record", make_run_record, damage_run_record, run_run_record,
        loads=("kerasrestore.training.recipe.load_run",),
    )  # fmt: skip
    yield Target(
        "app_benchmark", make_app_benchmark, damage_app_benchmark,
        run_app_benchmark, loads=("kerasrestore.phone.app_benchmark",),
    )  # fmt: skip
