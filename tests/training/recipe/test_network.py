import pytest

from kerasrestore.training.recipe.network import (
    Network,
    describe_argument,
    parse_arguments,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("levels=3", 3),
        ("levels=-1", -1),
        ("attention=pre", "pre"),
        ("attention=pre,mid", ["pre", "mid"]),
        ("attention=('pre', 'mid')", ["pre", "mid"]),
        ("attention=()", []),
        ("features=1e2", 100.0),
        ("num_blocks=None", None),
        ("num_blocks=none", None),
        ("resize_rule='scale'", "scale"),
    ],
)
def test_values(text, value):
    name = text.partition("=")[0]
    assert parse_arguments("PANet", [text]) == {name: value}


def test_truth():
    for text, value in (("True", True), ("false", False)):
        assert parse_arguments("RNAN", [f"mask={text}"]) == {"mask": value}
    for text in ("0", "no", "'False'"):
        with pytest.raises(ValueError, match="mask must be True or False"):
            parse_arguments("RNAN", [f"mask={text}"])


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["levels"], "takes NAME=VALUE, got 'levels'; PANet has attention, "),
        (["level=3"], "PANet has no argument 'level'; --model can set att"),
        (["kwargs=3"], "no argument 'kwargs'"),
        (["levels=3", "levels=4"], "--model levels is given twice"),
        (["levels=(1"], "levels must be a number, a word, .* got '\\(1'"),
        (["levels=__import__('os')"], "levels must be a number"),
        (["levels={1: 2}"], "levels must be a number"),
        (["levels=b'a'"], "levels must be a number"),
        (["levels="], "levels must be a number"),
    ],
)
def test_refused(texts, told):
    with pytest.raises(ValueError, match=told) as error:
        parse_arguments("PANet", texts)
    assert "\n" not in str(error.value)


def test_what_is_described_is_read_again():
    for value in (3, 0.5, None, True, "pre", ["pre", "mid"], [8, 16], [1], []):
        name = "mask" if value is True else "features"
        text = describe_argument((name, value))
        assert parse_arguments("RNAN", [text]) == {name: value}, text


FIXED = {"--task": ("task", "denoise"), "--setting": ("scale", 1)}
OWN = {"num_blocks": None, "attention": ("mid",), "features": 8}


def build(arguments, given=()):
    options = {name: f"--{name}" for name in given}
    network = Network("PANet", {"num_blocks": 2, **arguments}, options)
    return network.build(FIXED, OWN)


def test_arguments_override_options_that_are_not_given():
    model = build({"attention": ["pre", "post"], "levels": 2})
    assert model.attention == ("pre", "post")
    assert (model.levels, model.features, model.num_blocks) == (2, 8, 2)


def test_options_that_are_given():
    assert build({"features": 8}, ["features"]).features == 8
    assert build({"attention": ["mid"]}, ["attention"]).attention == ("mid",)
    with pytest.raises(ValueError, match="features=4 contradicts features=8"):
        build({"features": 4}, ["features"])


def test_what_other_options_decide():
    assert build({"task": "denoise", "scale": 1}).scale == 1
    with pytest.raises(ValueError, match="'denoise', which --task sets; leave"):
        build({"task": "jpeg"})


def test_what_the_constructor_refuses():
    with pytest.raises(ValueError, match="levels"):
        build({"levels": 100})
    told = "PANet cannot be built with num_blocks=2, attention=5"
    with pytest.raises(ValueError, match=told):
        build({"attention": 5})
