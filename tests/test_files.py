from concurrent.futures import ThreadPoolExecutor

import pytest

from kerasrestore.files import write_atomically


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
