"""Files written whole or not at all, and locks, with other processes at work
that may be killed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from testing import ROOT

from kerasrestore import files
from kerasrestore.files import (
    remove_temporaries,
    replace_folder,
    write_atomically,
)
from kerasrestore.locks import locked

HOLD = """
import sys
from kerasrestore.locks import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
WRITE = """
import sys
from kerasrestore.files import write_atomically
def write(file):
    file.write(b"half")
    print("begun", flush=True)
    sys.stdin.read()
write_atomically(sys.argv[1], write)
"""


def test_threads_write_the_same_file(tmp_path):
    path = tmp_path / "a.bin"

    def write(level):
        content = bytes([level]) * 100_000
        for _ in range(10):
            write_atomically(path, lambda file: file.write(content))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    content = path.read_bytes()
    assert len(content) == 100_000 and len(set(content)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_longest_name(tmp_path):
    path = tmp_path / ("a" * 251 + ".bin")
    write_atomically(path, lambda file: file.write(b"whole"))
    assert path.read_bytes() == b"whole"


def test_what_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_atomically(path, write)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def start():
    started = []

    def begin(code, path):
        process = subprocess.Popen(
            [sys.executable, "-c", code, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        started.append(process)
        assert process.stdout.readline()
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.parametrize("ending", ["kill", "close"])
def test_a_lock_ends_with_its_process(tmp_path, start, ending):
    path = tmp_path / ".lock"
    process = start(HOLD, path)
    with pytest.raises(ValueError, match="taken"), locked(path, "It is taken."):
        pass
    if ending == "kill":
        process.kill()
    else:
        process.stdin.close()
    with locked(path):  # waits for the end
        assert path.exists()
    assert not list(tmp_path.iterdir())


def test_only_dead_writers_leave_what_is_removed(tmp_path, start):
    dead, alive = (start(WRITE, tmp_path / name) for name in ("a", "b"))
    dead.kill()
    dead.wait()
    (tmp_path / ".mine.tmp").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == 3
    assert remove_temporaries(tmp_path) == 1
    alive.stdin.close()
    assert alive.wait() == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [".mine.tmp", "b"]


def test_a_leftover_that_is_removed_too_early_is_made_again(
    tmp_path, monkeypatch
):
    """Between its creation and its lock, a file looks like a leftover."""
    lock, removed = files.try_lock, []

    def late(file):
        if not removed:
            removed.append(0)
            removed[0] = remove_temporaries(tmp_path)
        return lock(file)

    monkeypatch.setattr(files, "_OPEN_FILES_MOVE", True)
    monkeypatch.setattr(files, "try_lock", late)
    write_atomically(tmp_path / "a", lambda file: file.write(b"whole"))
    assert removed == [1] and (tmp_path / "a").read_bytes() == b"whole"
    assert len(list(tmp_path.iterdir())) == 1


def test_threads_replace_the_same_folder(tmp_path):
    target = tmp_path / "preset"

    def replace(level):
        for _ in range(10):
            with replace_folder(target) as folder:
                for name in "ab":
                    (folder / name).write_text(str(level))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(replace, range(8)))
    assert len({(target / name).read_text() for name in "ab"}) == 1
    assert list(tmp_path.iterdir()) == [target]
