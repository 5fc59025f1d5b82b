"""Imports go down the floors of docs/architecture.md; files stay small."""

import ast
import graphlib
import re

import pytest
from testing import ROOT

PACKAGE = ROOT / "kerasrestore"
# Its methods are short names for the functions that need the class.
FACADES = {"kerasrestore.models.restorer", "kerasrestore.photos.photo"}
MOST_LINES = 400
MOST_FILES = 14
# Folders of data, and of records that are only ever added to.
DATA = {"goldens", "presets", "samples", "decisions", "corpus"}


def floors():
    """Rooms from top to bottom, as the table of the document has them."""
    text = (ROOT / "docs/architecture.md").read_text()
    table = text.partition("## Rooms")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def modules():
    """Dictionary: name -> path of every module of the package."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imported(source, known, lazily=True):
    """Modules of the package that a module's text imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if not lazily and getattr(node, "col_offset", 0):
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.add(full if full in known else node.module)
    return names & set(known)


def room(module):
    """First part of a module's name below the package."""
    return (module.split(".") + [""])[1]


def upward(imports, order):
    """Imports that do not go down, one sentence each."""
    place = {name: index for index, name in enumerate(order)}
    return [
        f"{module} imports {target}"
        for module, targets in imports.items()
        for target in sorted(targets)
        if room(module) != room(target)
        and place[room(module)] > place.get(room(target), -1)
    ]


def circle(imports):
    """Modules that import each other in a circle, or an empty list."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def imports():
    known = modules()
    return {
        name: imported(path.read_text(), known, name not in FACADES)
        for name, path in known.items()
    }


def test_every_room_has_a_floor():
    there = {room(name) for name in modules()} - {""}
    assert len(floors()) == len(set(floors()))
    assert set(floors()) == there


def test_imports_go_down(imports):
    # The package's own names are above all rooms.
    assert not upward(imports, ["", *floors()])


def test_no_file_imports_in_a_circle(imports):
    assert not circle(imports)


def test_what_is_wrong_is_found():
    known = {"kerasrestore.ops.a", "kerasrestore.models.b"}
    source = "def run():\n    from kerasrestore.models import b\n"
    targets = imported(source, known)
    assert targets == {"kerasrestore.models.b"}
    assert not imported(source, known, lazily=False)
    imports = {"kerasrestore.ops.a": targets, "kerasrestore.models.b": set()}
    order = ["models", "ops"]
    assert upward(imports, order) == [
        "kerasrestore.ops.a imports kerasrestore.models.b"
    ]
    assert not upward(imports, order[::-1])
    assert not circle(imports)
    assert circle({**imports, "kerasrestore.models.b": {"kerasrestore.ops.a"}})


def test_files_are_short_and_folders_are_small():
    problems = []
    for top in ("kerasrestore", "recipes", "tests", "docs"):
        for folder in [ROOT / top, *(ROOT / top).rglob("*/")]:
            parts = {*folder.relative_to(ROOT).parts}
            if parts & {*DATA, "__pycache__"}:
                continue
            files = [path for path in folder.iterdir() if path.is_file()]
            if len(files) > MOST_FILES:
                problems.append(f"{folder}: {len(files)} files")
            for path in files:
                if path.suffix != ".py":
                    continue
                lines = len(path.read_text().splitlines())
                if lines > MOST_LINES:
                    problems.append(f"{path}: {lines} lines")
    assert not problems
