import importlib

import pytest
from testing import ROOT


@pytest.fixture(scope="session")
def scripts():
    """Imports a script of `mobile/models` by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "mobile" / "models")
        yield importlib.import_module


@pytest.fixture(scope="session")
def files(scripts, tmp_path_factory):
    """What `export_models.py` gives both demos, and what lay there before."""
    folder = tmp_path_factory.mktemp("models") / "files"
    folder.mkdir()
    (folder / "stale.tflite").write_bytes(b"old")
    assert scripts("export_models").main(["--out", str(folder)]) == 0
    return folder
