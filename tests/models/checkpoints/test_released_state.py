import keras
import numpy as np
import pytest

from kerasrestore.models.checkpoints.released_state import assign_released

RNG = np.random.default_rng(0)


@pytest.fixture
def variables():
    return {
        "conv.weight": keras.Variable(np.zeros((3, 2, 4, 5), "float32")),
        "conv.bias": keras.Variable(np.zeros(5, "float32")),
        "slope": keras.Variable(np.zeros((1, 1, 1), "float32")),
        "constant": np.array([0.5], "float32"),
    }


@pytest.fixture
def state():
    return {
        "conv.weight": RNG.normal(size=(5, 4, 3, 2)).astype("float32"),
        "conv.bias": RNG.normal(size=5).astype("float32"),
        "slope": np.array([0.25], "float32"),
        "constant": np.array([0.5], "float32"),
    }


def test_kernels_are_turned(variables, state):
    assign_released(variables, state, "pytorch")
    np.testing.assert_array_equal(
        variables["conv.weight"], state["conv.weight"].transpose(2, 3, 1, 0)
    )
    np.testing.assert_array_equal(variables["conv.bias"], state["conv.bias"])
    assert float(np.asarray(variables["slope"])[0, 0, 0]) == 0.25


def test_tensorflow_kernels_stay_as_they_are(variables, state):
    state["conv.weight"] = state["conv.weight"].transpose(2, 3, 1, 0)
    assign_released(variables, state, "tensorflow")
    np.testing.assert_array_equal(
        variables["conv.weight"], state["conv.weight"]
    )


def test_constants_may_be_left_out(variables, state):
    del state["constant"]
    assign_released(variables, state, "pytorch")


def test_names_that_share_a_variable(variables, state):
    variables["again"] = variables["conv.bias"]
    state["again"] = state["conv.bias"]
    assign_released(variables, state, "pytorch")
    state["again"] = state["conv.bias"] + 1
    with pytest.raises(ValueError, match="shares the variable: again"):
        assign_released(variables, state, "pytorch")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"conv.bias": None}, "missing: conv.bias"),
        ({"other": np.zeros(1)}, "unexpected: other"),
        (
            {"conv.weight": np.zeros((4, 5, 3, 2))},
            r"conv.weight \(4, 5, 3, 2\), expected \(5, 4, 3, 2\)",
        ),
        ({"conv.bias": np.zeros((5, 1))}, "wrong shape: conv.bias"),
        ({"conv.bias": np.full(5, np.nan)}, "not finite numbers: conv.bias"),
        ({"conv.bias": np.array(list("abcde"))}, "finite numbers: conv.bias"),
        ({"constant": np.array([0.4])}, "not the constant.*: constant"),
        (
            {f"x{index}": np.zeros(1) for index in range(11)},
            "unexpected: x0, .*x7, x8, x9, x10",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_loaded(
    variables, state, change, words
):
    state = {**state, **change}
    state = {name: value for name, value in state.items() if value is not None}
    with pytest.raises(ValueError, match=words):
        assign_released(variables, state, "pytorch")
    for variable in variables.values():
        if not isinstance(variable, np.ndarray):
            assert not np.any(np.asarray(variable))


def test_all_faults_at_once(variables, state):
    del state["slope"]
    state["more"] = np.zeros(1)
    with pytest.raises(ValueError, match=r"missing: slope; unexpected: more"):
        assign_released(variables, state, "pytorch")
