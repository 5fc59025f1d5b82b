"""Nothing reaches the network unless it is asked to."""

import pytest
from PIL import Image
from testing import run_python, smooth_image

# Of a child process: whatever opens a socket fails, as do names of hosts.
BLOCK = """
import socket, sys

class Blocked(socket.socket):
    def __init__(self, family=-1, *arguments, **options):
        super().__init__(family, *arguments, **options)
        if self.family != getattr(socket, "AF_UNIX", None):
            raise AssertionError("a socket was opened")

def blocked(*arguments, **options):
    raise AssertionError("the network was used")

socket.socket = Blocked
for name in ("create_connection", "getaddrinfo", "gethostbyname"):
    setattr(socket, name, blocked)
"""
COMMAND = """
from kerasrestore.cli.main import main
assert main(sys.argv[1:]) == 0
"""
EVERYTHING = """
import importlib, pkgutil
import keras, kerasrestore
for name in kerasrestore.__all__:
    getattr(kerasrestore, name)
for module in pkgutil.walk_packages(kerasrestore.__path__, "kerasrestore."):
    if not module.name.endswith(("__main__", "tfmot.worker")):
        importlib.import_module(module.name)
print("imported")
"""


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(smooth_image(30, 40)).save(path)
    return path


def test_the_block_works():
    code = "\ntry:\n socket.create_connection(('192.0.2.1', 9))\n"
    code += "except AssertionError:\n print('blocked')\n"
    code += "try:\n socket.socket()\nexcept AssertionError:\n print('too')"
    assert run_python(BLOCK + code).split() == ["blocked", "too"]


def test_importing_all_modules():
    assert run_python(BLOCK + EVERYTHING).endswith("imported\n")


def test_presets_are_listed():
    assert "denoise" in run_python(BLOCK + COMMAND, "presets")


@pytest.mark.parametrize("runtime", ["litert", "keras"])
def test_photos_are_restored(photo, tmp_path, runtime):
    target = tmp_path / "b.png"
    run_python(BLOCK + COMMAND, "restore", photo, target, "--runtime", runtime)
    with Image.open(target) as image:
        assert image.size == (40, 30)


def test_fetching_is_what_asks(tmp_path):
    code = "\nfrom kerasrestore.models.presets import find_preset\n"
    code += "try:\n find_preset('https://192.0.2.1/preset')\n"
    code += "except (AssertionError, ValueError):\n print('asked')"
    found = run_python(BLOCK + code, KERASRESTORE_CACHE=str(tmp_path))
    assert found == "asked\n" and not any(tmp_path.iterdir())
