"""What the wheel holds: the package, its presets, and nothing else."""

import json
import re
import subprocess
import sys
import zipfile

import pytest
from testing import ROOT

LARGEST = 45 * 10**6
# Everything in the wheel is one of these.
WANTED = (
    r"kerasrestore/([a-z_0-9]+/)*[a-z_0-9]+\.py",
    r"kerasrestore/evaluation/papers/\w+\.csv",
    r"kerasrestore/litert/sidecar\.schema\.json",
    r"kerasrestore/models/\w+/presets/\w+/[\w.]+\.(csv|h5|jpg|json|png|tflite)",
    r"kerasrestore-[\w.]+\.dist-info/((licenses/)?LICENSE|METADATA|WHEEL|RECORD"
    r"|entry_points\.txt|top_level\.txt)",
)
# Left out of the wheel to keep it small; setup.cfg says which.
FETCHED = r"_bsd400/.*\.h5$|_gray_\w*/int8\.weights\.h5$"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy, as a build leaves folders in the source.
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "kerasrestore", "setup.cfg", "pyproject.toml",
         "README.md", "LICENSE"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    source = folder / "source"
    for name in tracked.split("\0"):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(ROOT / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
         "--no-build-isolation", "--wheel-dir", folder, source],
        check=True,
    )  # fmt: skip
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_nothing_else_is_in_it(names):
    others = [
        name
        for name in names
        if not any(re.fullmatch(pattern, name) for pattern in WANTED)
    ]
    assert not others


def test_all_modules_are_in_it(names):
    files = ROOT.glob("kerasrestore/**/*.py")
    wanted = {path.relative_to(ROOT).as_posix() for path in files}
    assert wanted - set(names) == set()


def test_it_stays_small(wheel):
    assert wheel.stat().st_size < LARGEST


def test_all_presets_have_their_files(names):
    cards = list((ROOT / "kerasrestore/models").glob("*/presets/*/card.json"))
    assert len(cards) > 10
    for path in cards:
        folder = path.parent.relative_to(ROOT).as_posix()
        assert f"{folder}/card.json" in names
        for entry in json.loads(path.read_text())["files"].values():
            assert re.fullmatch("[0-9a-f]{64}", entry["sha256"])
            name = f"{folder}/{entry['file']}"
            if not re.search(FETCHED, name):
                assert name in names
