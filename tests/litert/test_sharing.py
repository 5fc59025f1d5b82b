"""One restorer for many threads and processes."""

import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from testing import run_python

from kerasrestore import LiteRTRestorer

IMAGES = [np.full((8, 8, 3), level, "uint8") for level in range(200)]


@pytest.fixture(scope="module")
def restorer(made):
    return LiteRTRestorer(made(), threads=2)


@pytest.fixture(scope="module")
def wanted(restorer):
    return [restorer.restore(image) for image in IMAGES]


def test_threads(restorer, wanted):
    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(restorer.restore, IMAGES))
    np.testing.assert_array_equal(found, wanted)


def test_processes(restorer, wanted):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(restorer.restore, IMAGES, chunksize=50)
    np.testing.assert_array_equal(found, wanted)


def test_a_pickle_needs_no_file(made, tmp_path, wanted):
    path = tmp_path / "small.tflite"
    for suffix in (".tflite", ".json"):
        content = made().with_suffix(suffix).read_bytes()
        path.with_suffix(suffix).write_bytes(content)
    pickled = pickle.dumps(LiteRTRestorer(path, threads=1))
    path.unlink()
    found = pickle.loads(pickled).restore(IMAGES[7])
    np.testing.assert_array_equal(found, wanted[7])


def test_forked_while_a_thread_restores(made):
    """In a process of its own: warnings of forking are not what is tested."""
    code = """
import os, signal, sys, threading
import numpy as np
from kerasrestore import LiteRTRestorer
restorer = LiteRTRestorer(sys.argv[1], threads=4)
image = np.full((200, 100, 3), 90, "uint8")
wanted = restorer.restore(image)
stop = threading.Event()
def work():
    while not stop.is_set():
        restorer.restore(image)
thread = threading.Thread(target=work)
thread.start()
codes = []
for _ in range(4):
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(int((restorer.restore(image) != wanted).any()))
    codes.append(os.waitpid(child, 0)[1])
stop.set()
thread.join()
print(codes)
"""
    assert run_python(code, made()).strip() == "[0, 0, 0, 0]"
