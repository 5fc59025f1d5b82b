import json
import shutil

import pytest
from small_tflite import write_small


@pytest.fixture(scope="session")
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
