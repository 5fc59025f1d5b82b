"""Vectors of the released research code.

The small ones in `goldens` are always tested. A folder of many more is found
through the environment variable KERASRESTORE_GOLDENS or beside the checkout in
`shared/goldens`; tests of those are skipped elsewhere.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

OWN = Path(__file__).parent / "goldens"
HOME = Path(
    os.environ.get("KERASRESTORE_GOLDENS")
    or Path(__file__).parents[2] / "shared" / "goldens"
)
needs_goldens = pytest.mark.skipif(
    not HOME.is_dir(),
    reason="no vectors of the released code; name their folder in "
    "KERASRESTORE_GOLDENS",
)


def golden(name):
    """Arrays and description of one golden."""
    folder = OWN if (OWN / f"{name}.json").is_file() else HOME
    if not folder.is_dir():
        pytest.skip(f"no vector {name}; see KERASRESTORE_GOLDENS")
    info = json.loads((folder / f"{name}.json").read_text())
    with np.load(folder / f"{name}.npz") as archive:
        return dict(archive), info


def released_state(name):
    """Names and arrays of the released state that a golden was made with,
    drawn by the rule of its description."""
    arrays, info = golden(name)
    state = {
        key.removeprefix("param/"): value
        for key, value in arrays.items()
        if key.startswith("param/")
    }
    if "entries" not in info or state:
        return state
    rng = np.random.default_rng(info["seed"])
    digest = hashlib.sha256()
    for entry in info["entries"]:
        drawn = rng.standard_normal(entry["shape"])
        array = (entry["mean"] + entry["std"] * drawn).astype(np.float32)
        digest.update(array.tobytes())
        state[entry["name"]] = array
    assert digest.hexdigest() == info["sha256_concat_float32"]
    for key, values in info.get("fixed", {}).items():
        state[key] = np.asarray(values, np.float32)
    for alias, key in info.get("aliases", {}).items():
        state[alias] = state[key]
    return state


def tolerance(info):
    """Twenty times the float noise of the released code itself."""
    return 20 * info["max_abs_f32_vs_f64"]
