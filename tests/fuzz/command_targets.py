"""Words of the command line."""

import contextlib
import io
import json
import os

from fuzz.target import Target

WORDS = (
    "restore", "evaluate", "export", "report", "presets", "fetch", "--help",
    "--json", "--preset", "--model", "--runtime", "litert", "keras", "--tile",
    "--overlap", "--sigma", "--strength", "--white-level", "--scale", "--task",
    "denoise", "jpeg", "super_resolution", "demosaic", "jpeg,denoise",
    "--pattern", "RGGB", "--format", "png", "tif", "avif", "--quality",
    "--bits", "8", "16", "--suffix", "_x", "--max-megapixels", "--ensemble",
    "--memory-limit", "2GB", "--overwrite", "--quiet", "--data", "--setting",
    "--gray", "--seed", "--paper", "panet:1", "--csv", "--plot", "--baseline",
    "bicubic", "--degradation", "camera", "--jpeg-quality", "--threads",
    "--runs", "--images", "--phone", "--out", "--to", "int8", "--io", "uint8",
    "--run", "--degraded", "--reference", "0", "1", "-1", "1e400", "nan",
    "inf", "-inf", "1e-300", "99999999999999999999", "0x10", "", " ", "\n",
    "é", "\ud800", "*", "[", "**", "../x", "~", "~nobody", "-", "--", "=",
    "--sigma=nan", "--tile=0", "--tile=-5", "--overlap=99999999", "@file",
    "a" * 300, "photo.png", "out.png", "out", ".", "none.png", "damaged.png",
)  # fmt: skip
# Most cases are near something that works, so that more than the parser runs.
SOUND = (
    ["restore", "photo.png", "out.png"],
    ["restore", "photo.png", "damaged.png", "out"],
    ["restore", ".", "out"],
    ["evaluate", "--data", "."],
    ["evaluate", "--data", ".", "--baseline", "degraded"],
    ["report", "model.tflite", "--runs", "1", "--threads", "1"],
    ["presets"],
    ["fetch", "none"],
)


def make(folder):
    import numpy as np
    from PIL import Image

    array = np.arange(40 * 30 * 3, dtype="u4").astype("u1")
    for index, words in enumerate(SOUND):
        case = folder / f"{index:02}"
        case.mkdir()
        (case / "words.json").write_text(json.dumps(words))
        Image.fromarray(array.reshape(30, 40, 3)).save(case / "photo.png")
        data = (case / "photo.png").read_bytes()
        (case / "damaged.png").write_bytes(data[:60])


def damage(path, rng):
    file = path / "words.json"
    words = json.loads(file.read_text())
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        at = rng.randrange(len(words) + 1)
        kind = rng.choice(("insert", "insert", "insert", "replace", "drop"))
        if kind == "insert":
            more = [rng.choice(WORDS) for _ in range(rng.choice((1, 2)))]
            words[at:at] = more
        elif at < len(words):
            words[at : at + 1] = [rng.choice(WORDS)] * (kind == "replace")
    file.write_text(json.dumps(words))


def run(path, out):
    """Runs a command, in a folder of its own."""
    from kerasrestore.cli.main import main

    words = json.loads((path / "words.json").read_text())
    for name in ("photo.png", "damaged.png"):
        (out / name).write_bytes((path / name).read_bytes())
    os.chdir(out)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            code = main(words)
        except SystemExit as end:
            # Of argparse, after it has printed a help.
            assert end.code == 0, (words, end.code)
            code = 0
    told = said.getvalue()
    # As the process writes it: to a terminal that takes UTF-8.
    told.encode("utf-8", "backslashreplace")
    assert code in (0, 1, 2), (words, code)
    assert "Traceback" not in told, (words, told)
    lines = [line for line in told.splitlines() if line]
    if code == 2:
        assert len(lines) == 1, (words, told)
        assert lines[0].startswith("kerasrestore: "), (words, told)
    left = [name for name in os.listdir(out) if name.startswith(".")]
    assert not left, (words, left)
    for name in os.listdir(out):
        _remove(out / name)


def _remove(path):
    import shutil

    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def targets():
    yield Target(
        "command", make, damage, run, seconds=120, memory=2**31, inputs=1500,
        loads=("kerasrestore.cli.main", "kerasrestore.photos"),
        warnings="ignore",
    )  # fmt: skip
