import copy
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrestore.litert.sidecar import (
    FORMAT,
    LARGEST,
    SCHEMA,
    check_sidecar,
    read_model,
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
    "quantization_method": "none",
    "io": {"image": "float32", "restored": "float32"},
    "macs": 1,
    "memory_bytes": 1,
    "op_counts": {"CONV_2D": 1},
    "sha256": "0" * 64,
    "license": "",
    "quality": {},
    "versions": {},
}
OPTIONAL = {
    "border": "reflect",
    "rounding": "float32, half to even",
    "dynamic": True,
    "self_test": {
        "sigma": 27.5,
        "pixels": [[0, 127, [0.1, 0.2, 0.3]]],
        "tolerance": 0.01,
    },
}
schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
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


@pytest.fixture
def model(tmp_path):
    """A file that is no model, with a sidecar that fits it."""
    path = tmp_path / "small.tflite"
    path.write_bytes(b"model")
    sha256 = hashlib.sha256(b"model").hexdigest()
    path.with_suffix(".json").write_text(
        json.dumps({**VALID, "sha256": sha256})
    )
    return path


def refusal(damaged):
    with pytest.raises(ValueError, match="not a valid sidecar") as error:
        check_sidecar(damaged)
    text = str(error.value)
    assert text.isprintable() and len(text) < 400
    return text


def test_the_schema_speaks_of_what_is_valid():
    assert set(schema["required"]) == set(VALID)
    assert set(schema["properties"]) == {*VALID, *OPTIONAL}
    assert schema["properties"]["format"]["const"] == FORMAT
    check_sidecar(VALID)
    check_sidecar({**VALID, **OPTIONAL})
    # What a newer version may add does no harm.
    check_sidecar({**VALID, "contrast": 3})


def test_every_rule_says_what_is_wanted():
    rules = [schema]
    while rules:
        rule = rules.pop()
        assert rule["description"]
        rules += rule.get("properties", {}).values()
        items = rule.get("items", [])
        rules += items if isinstance(items, list) else [items]
        if "additionalProperties" in rule:
            rules.append(rule["additionalProperties"])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted({*VALID, *OPTIONAL})), anything)
def test_any_damage_gets_one_sentence(key, value):
    whole = {**copy.deepcopy(VALID), **OPTIONAL}
    damaged = {**whole, key: value}
    try:
        check_sidecar(damaged)
    except ValueError:
        refusal(damaged)
    else:
        # Then it is what the runner asks for: JSON's numbers are one kind.
        kind = int | float if type(value) is float else type(whole[key])
        assert isinstance(value, kind)


@given(anything)
def test_something_else_altogether(value):
    refusal(value)


@pytest.mark.parametrize("key", VALID)
def test_a_missing_field(key):
    text = refusal({k: v for k, v in VALID.items() if k != key})
    assert f"it has no '{key}'" in text


@pytest.mark.parametrize("key", {**VALID, **OPTIONAL})
def test_a_field_of_another_kind(key):
    assert key in refusal({**VALID, key: object()})


def self_test(*pixel):
    return {"self_test": {**OPTIONAL["self_test"], "pixels": [list(pixel)]}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "format is 2, this version of kerasrestore reads 1"),
        ({"format": True}, "'format' is True"),
        ({"name": "two\nlines"}, "'name'"),
        ({"name": ""}, "'name'"),
        ({"task": "No Task"}, "'task' is 'No Task', wanted is a name like"),
        ({"channels": 2}, "'channels' is 2, wanted is 1 or 3"),
        ({"channels": True}, "'channels'"),
        ({"color_order": "BGR"}, "RGB for 3"),
        ({"color_order": "gray"}, "wanted is RGB for 3 channel"),
        ({"channels": 1}, "wanted is gray for 1 channel"),
        ({"scale": 0}, "from 1 to 8"),
        ({"scale": 9}, "from 1 to 8"),
        ({"value_range": [0, 255]}, r"\[0, 1\]"),
        ({"value_range": [False, True]}, "value_range"),
        ({"size_multiple": 0}, "size_multiple"),
        ({"size_multiple": 5}, "multiples of 5"),
        ({"tile": [96]}, "'tile'"),
        ({"tile": [97, 96]}, "multiples of 4"),
        ({"tile": [96, 10**9]}, r"'tile\[1\]' is 1000000000"),
        ({"tile": [96, True]}, r"'tile\[1\]' is True"),
        ({"tile": [96, 96.5]}, r"'tile\[1\]' is 96.5"),
        ({"tile": [72, 96]}, "does not fit a tile"),
        ({"halo": -4}, "halo"),
        ({"halo": 32}, "receptive field of 71"),
        ({"halo": 34}, "does not fit"),
        ({"receptive_field": -1}, "receptive_field"),
        ({"receptive_field": 81}, "receptive field of 81"),
        ({"receptive_field": 0}, "sees the whole tile"),
        ({"memory_bytes": -1}, "memory_bytes"),
        ({"macs": 10**400}, "macs"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "0" * 64 + "\n"}, "sha256"),
        ({"sigma_range": [50, 5]}, "the lower first"),
        ({"sigma_range": [0, 256]}, "from 0 to 255"),
        ({"sigma_input": True}, "do not agree on 'sigma'"),
        ({"io": {"image": "float32"}}, "'io' has no 'restored'"),
        ({"io": {**VALID["io"], "image": "int8"}}, "'io.image' is 'int8'"),
        ({"io": {**VALID["io"], "sigma": "float32"}}, "do not agree"),
        ({"quantization": "int4"}, "int4"),
        ({"quantization_method": None}, "quantization_method"),
        ({"border": "zero"}, "'border' is 'zero'"),
        ({"rounding": "half up"}, "rounding"),
        ({"op_counts": {"x" * 900: -1}}, "wanted is a count"),
        ({"versions": {"keras": 3}}, "'versions.keras' is 3"),
        (
            {
                "self_test": {
                    **OPTIONAL["self_test"],
                    "pixels": [[96, 0, [0.1]]],
                }
            },
            "out of a tile",
        ),
        (self_test(96, 0, [0, 0, 0]), "out of a tile"),
        (self_test(0, 128, [0, 0, 0]), "out of a tile"),
        (self_test(0, 0, [0.1]), "out of a tile"),
        (self_test(0, 0, 5), "a value for each channel"),
    ],
)
def test_what_no_runner_could_use(changes, words):
    with pytest.raises(ValueError, match=words):
        check_sidecar({**VALID, **changes})
    refusal({**VALID, **changes})


def test_reading(model):
    content, sidecar = read_model(model)
    assert content == b"model" and sidecar["name"] == "small"
    assert read_sidecar(model) == sidecar


def test_whole_numbers_may_have_a_point(model):
    side = model.with_suffix(".json")
    text = side.read_text().replace("[96, 128]", "[96.0, 1.28e2]")
    side.write_text(text)
    assert [type(n) for n in read_sidecar(model)["tile"]] == [int, int]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "\x00",
        "\xff\xfe",
        "[" * 200_000,
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": -Infinity}',
        '{"a": ' + "9" * 5000 + "}",
        " " * (LARGEST + 1),
    ],
)
def test_texts_that_are_no_sidecar(model, text):
    model.with_suffix(".json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"small\.json") as error:
        read_sidecar(model)
    assert "\n" not in str(error.value)


def test_missing_files(model):
    with pytest.raises(ValueError, match="is a sidecar"):
        read_sidecar(model.with_suffix(".json"))
    model.with_suffix(".json").unlink()
    with pytest.raises(ValueError, match=r"no sidecar small\.json"):
        read_sidecar(model)
    model.unlink()
    with pytest.raises(ValueError, match="not a file"):
        read_sidecar(model)


def test_a_flipped_byte(model):
    model.write_bytes(b"nodel")
    with pytest.raises(ValueError, match="checksum"):
        read_sidecar(model)


def test_shipped_sidecars_are_what_their_cards_say():
    for preset in presets():
        kind = preset.tflite_kind()
        tflite = preset.tflite()
        sidecar = read_sidecar(tflite)
        assert sidecar_path(tflite) == preset.checked_file(f"sidecar_{kind}")
        assert sidecar["channels"] == preset.channels
        assert sidecar["task"] == preset.task
        assert sidecar["sigma_input"] == preset.sigma_input
        assert sidecar["license"] == preset.license
        assert sidecar["quality"] == preset.card["exports"][kind]["quality"]
