"""Licences of all dependencies are known and allowed."""

import importlib.util
import re

import pytest
from testing import ROOT

ALLOWED = {
    "Apache-2.0", "BSD", "ISC", "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0",
    "public domain",
}  # fmt: skip


@pytest.fixture(scope="module")
def script():
    path = ROOT / "docs" / "scripts" / "make_licences.py"
    spec = importlib.util.spec_from_file_location("make_licences", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_none_is_unknown_or_forbidden(script):
    found = {
        name: licence
        for name in script.dependencies()
        if (licence := script.licence(name)) is not None
    }
    assert len(found) > 30
    wrong = {
        name: licence
        for name, licence in found.items()
        if not set(licence.split(" and ")) <= ALLOWED
    }
    assert not wrong


def test_the_table_has_what_setup_cfg_names(script):
    text = script.TABLE.read_text()
    rows = dict(re.findall(r"^\| ([\w-]+) \| .* \| (.+) \|$", text, re.M))
    missing = set(script.direct()) - set(rows) - {"huggingface-hub"}
    assert not missing
    for name in script.direct():
        found = script.licence(name)
        assert found is None or found == rows[name], name


def test_forbidden_ones_are_seen(script, monkeypatch):
    class Told(dict):
        def get_all(self, name):
            return ["License :: OSI Approved :: GNU Affero General Public"]

    metadata = script.importlib.metadata
    monkeypatch.setattr(metadata, "metadata", lambda name: Told())
    monkeypatch.setattr(metadata, "files", lambda name: ())
    assert not set(script.licence("x").split(" and ")) <= ALLOWED
    monkeypatch.setattr(Told, "get_all", lambda self, name: None)
    assert script.licence("x") == "unknown"
    assert "unknown" not in ALLOWED
