import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrestore.export.sidecar import (
    FIELDS,
    check_sidecar,
    read_sidecar,
    sidecar_path,
)
from kerasrestore.models.presets import presets

VALID = {
    "format": 1,
    "name": "small",
    "task": "denoise",
    "channels": 3,
    "color_order": "RGB",
    "scale": 1,
    "value_range": [0.0, 1.0],
    "size_multiple": 4,
    "receptive_field": 71,
    "halo": 36,
    "tile": [96, 128],
    "sigma_input": False,
    "sigma_range": [0, 55],
    "quantization": "float32",
    "io": {"image": "float32", "restored": "float32"},
    "macs": 1,
    "memory_bytes": 1,
    "op_counts": {"CONV_2D": 1},
    "sha256": "0" * 64,
    "license": "",
    "quality": {},
    "versions": {},
}
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


def test_a_valid_one():
    assert set(VALID) == set(FIELDS)
    check_sidecar(VALID)
    # What a newer version may add does no harm.
    check_sidecar({**VALID, "border": "reflect"})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FIELDS)), anything)
def test_any_damage_gets_one_sentence(key, value):
    damaged = {**copy.deepcopy(VALID), key: value}
    try:
        check_sidecar(damaged)
    except ValueError as error:
        assert "not a valid sidecar" in str(error)
        assert "\n" not in str(error)
    else:
        # Then it is what the runner asks for.
        assert type(damaged[key]) is FIELDS[key]


@given(anything)
def test_something_else_altogether(value):
    with pytest.raises(ValueError, match="not a valid sidecar"):
        check_sidecar(value)


@pytest.mark.parametrize("key", FIELDS)
def test_a_missing_field(key):
    damaged = {k: v for k, v in VALID.items() if k != key}
    with pytest.raises(ValueError, match=key):
        check_sidecar(damaged)


def test_newer_formats_are_named():
    with pytest.raises(ValueError, match="format is 2"):
        check_sidecar({**VALID, "format": 2})


def test_shipped_sidecars_are_what_their_cards_say():
    for preset in presets():
        tflite = preset.checked_file("tflite")
        sidecar = read_sidecar(tflite)
        assert sidecar_path(tflite) == preset.checked_file("sidecar")
        assert sidecar["channels"] == preset.channels
        assert sidecar["task"] == preset.task
        assert sidecar["sigma_input"] == preset.sigma_input
        assert sidecar["license"] == preset.license
        assert sidecar["quality"] == preset.quality
