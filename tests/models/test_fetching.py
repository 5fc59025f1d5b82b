"""Files of presets from folders and web servers, whole or not at all."""

import functools
import json
import shutil
import subprocess
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from testing import ROOT, preset_folder

from kerasrestore import DANetMobile
from kerasrestore.cli.main import main
from kerasrestore.models import fetching
from kerasrestore.models.presets import Preset, find_preset

WEIGHTS = "model.weights.h5"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return preset_folder(tmp_path_factory.mktemp("presets"))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASRESTORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def bare(whole, tmp_path, cache):
    """The preset as in an installed package, without its weights."""
    folder = shutil.copytree(whole, tmp_path / "installed" / "small")
    (folder / WEIGHTS).unlink()
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def address(whole):
    handler = functools.partial(Quiet, directory=str(whole.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(capsys, *words):
    code = main(["fetch", *map(str, words)])
    captured = capsys.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_missing_files_are_fetched(bare, whole, address, capsys, kind):
    with pytest.raises(ValueError, match="kerasrestore fetch small"):
        DANetMobile.from_preset(bare)
    source = whole.parent if kind == "folder" else address
    code, lines, _ = run(capsys, bare, "--from", source)
    assert code == 0 and lines[-1].endswith("1 of them fetched")
    assert DANetMobile.from_preset(bare).name == "small"
    # A second time there is nothing to do, and no source is needed.
    code, lines, _ = run(capsys, bare)
    assert code == 0 and lines == [lines[-1]] and "checked" in lines[0]


def test_a_file_of_another_version_is_not_kept(bare, whole, tmp_path, capsys):
    other = shutil.copytree(whole.parent, tmp_path / "other")
    (other / "small" / WEIGHTS).write_bytes(b"something else")
    code, _, err = run(capsys, bare, "--from", other)
    assert code == 2 and "does not match the checksum" in err[0]
    kept = list(fetching.cache_folder().rglob("*"))
    assert not [path for path in kept if path.is_file()]
    # What was damaged in the cache is fetched again.
    run(capsys, bare, "--from", whole.parent)
    place = next(fetching.cache_folder().rglob(WEIGHTS))
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(ValueError, match="kerasrestore fetch small"):
        DANetMobile.from_preset(bare)
    assert run(capsys, bare, "--from", whole.parent)[0] == 0
    assert DANetMobile.from_preset(bare).name == "small"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give --from"),
        (["--from", "/nowhere/at/all"], "could not be read (No such file"),
        (["--from", "http://127.0.0.1:9"], "check the name and the network"),
    ],
)
def test_without_a_place_that_has_them(bare, capsys, words, told):
    code, _, err = run(capsys, bare, *words)
    assert code == 2 and told in err[0] and len(err) == 1


def test_a_preset_at_an_address(address, whole, cache):
    model = DANetMobile.from_preset(f"{address}/small")
    assert model.name == "small"
    found = find_preset(f"{address}/small/")
    assert found.card == Preset(whole).card
    assert found.path.is_relative_to(cache)
    for role in found.files:
        found.checked_file(role)
    with pytest.raises(ValueError, match=r"answers 404"):
        find_preset(f"{address}/nothing")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../outside"},
        {"name": 3},
        {"files": None},
        {"files": {"weights": {"file": "a.h5"}}},
        {"files": {"weights": {"file": "a.h5", "sha256": "../x"}}},
    ],
)
def test_cards_of_strangers(address, whole, cache, change):
    path = whole.parent / "bad"
    path.mkdir(exist_ok=True)
    card = json.loads((whole / "card.json").read_text())
    (path / "card.json").write_text(json.dumps({**card, **change}))
    with pytest.raises(ValueError, match="no valid card"):
        find_preset(f"{address}/bad")
    assert not cache.exists()


def test_files_stay_in_the_cache(whole, cache):
    entry = Preset(whole).files["weights"]
    path = fetching.fetch_file("../../small", WEIGHTS, entry["sha256"], whole)
    assert path.is_relative_to(cache)
    assert fetching.cached_file("small", WEIGHTS, entry["sha256"]) == path


def test_endless_files_are_refused(whole, cache, monkeypatch):
    monkeypatch.setattr(fetching, "LARGEST_FILE", 1000)
    entry = Preset(whole).files["weights"]
    with pytest.raises(ValueError, match="larger than"):
        fetching.fetch_file("small", WEIGHTS, entry["sha256"], whole)
    assert not [path for path in cache.rglob("*") if path.is_file()]


FETCH = """
import sys
from kerasrestore.models.fetching import fetch_file
print("ready", flush=True)
sys.stdin.read()
print(fetch_file("small", *sys.argv[1:]))
"""


def test_of_two_processes_one_fetches(whole, cache):
    asked = []

    class Slow(Quiet):
        def do_GET(self):
            asked.append(self.path)
            time.sleep(0.5)
            super().do_GET()

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Slow, directory=str(whole))
    )
    threading.Thread(target=server.serve_forever).start()
    entry = Preset(whole).files["weights"]
    source = f"http://127.0.0.1:{server.server_port}"
    command = (sys.executable, "-c", FETCH, WEIGHTS, entry["sha256"], source)
    try:
        pair = [
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
            for _ in range(2)
        ]
        for process in pair:
            assert process.stdout.readline() == "ready\n"
        for process in pair:
            process.stdin.close()
        paths = {process.stdout.read() for process in pair}
        for process in pair:
            assert process.wait() == 0
            process.stdout.close()
    finally:
        server.shutdown()
        server.server_close()
    assert asked == [f"/{WEIGHTS}"]
    assert len(paths) == 1
    assert [path.name for path in (cache / "presets" / "small").iterdir()] == [
        WEIGHTS
    ]
