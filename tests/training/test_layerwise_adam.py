import keras
import numpy as np
import pytest
from keras import ops
from testing import ROOT, run_python
from training.small_training import assert_equal, checkpoint, train

from kerasrestore.training import FitSettings
from kerasrestore.training.averaging import AveragingAdam
from kerasrestore.training.layerwise_adam import LayerwiseAdam, find_layers

NAMES = ("first/kernel", "first/bias", "block/inner/kernel", "last/kernel")


class Named:
    def __init__(self, path):
        self.path = path


def found(**values):
    variables = [Named(name) for name in NAMES]
    return find_layers(
        variables, {k.replace("__", "/"): v for k, v in values.items()}, "rate"
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"first": 2}, [("first", 2), ("first", 2), None, None]),
        ({"inner": 2}, [None, None, ("block/inner", 2), None]),
        ({"block__inner": 2}, [None, None, ("block/inner", 2), None]),
        # With all that is inside, as one layer.
        ({"b*": 2}, [None, None, ("block", 2), None]),
        # The last one counts.
        (
            {"*": 2, "last": 3},
            [("first", 2), ("first", 2), ("block", 2), ("last", 3)],
        ),
        ({}, [None] * 4),
    ],
)
def test_layers_are_found_by_pattern(values, expected):
    assert found(**values) == expected


@pytest.mark.parametrize("name", ["kernel", "firs", "inner/last"])
def test_a_pattern_without_a_layer(name):
    told = f"'{name}', which has its own rate; there are first, inner, last"
    with pytest.raises(ValueError, match=told):
        find_layers([Named(one) for one in NAMES], {name: 1}, "rate")


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, name="first"),
            keras.layers.Dense(2, name="last"),
        ]
    )


def moved(gradient_of, **options):
    """How far a step moves each weight, and the velocities of Adam."""
    model = network()
    before = [ops.convert_to_numpy(one) for one in model.trainable_variables]
    optimizer = LayerwiseAdam(1e-2, **options)
    optimizer.build(model.trainable_variables)
    gradients = [
        ops.full(one.shape, gradient_of.get(one.path.split("/")[-2], 1.0))
        for one in model.trainable_variables
    ]
    optimizer.apply(gradients, model.trainable_variables)
    steps = [
        np.abs(ops.convert_to_numpy(one) - old).max()
        for one, old in zip(model.trainable_variables, before, strict=True)
    ]
    velocities = [ops.convert_to_numpy(one) for one in optimizer._velocities]
    return steps, velocities


def test_a_layer_has_its_own_rate():
    steps, _ = moved({}, layer_rates={"last": 0.1})
    np.testing.assert_allclose(steps, [1e-2, 1e-2, 1e-3, 1e-3], rtol=1e-3)
    steps, _ = moved({}, layer_rates={"last": 0.0})
    np.testing.assert_allclose(steps, [1e-2, 1e-2, 0, 0], rtol=1e-3)


def test_the_gradient_of_a_layer_is_bounded_as_a_whole():
    # 12 + 4 ones have the norm 4; 8 + 2 of them the square root of 10.
    _, free = moved({})
    _, bound = moved({}, layer_clips={"first": 2.0})
    for index, factor in enumerate((0.5, 0.5, 1, 1)):
        np.testing.assert_allclose(
            bound[index], free[index] * factor**2, rtol=1e-5
        )
    _, same = moved({}, layer_clips={"first": 4.1, "last": 3.2})
    for one, other in zip(free, same, strict=True):
        np.testing.assert_allclose(one, other)


def test_layers_are_bounded_before_the_gradient_as_a_whole():
    _, both = moved(
        {"last": 1e6}, layer_clips={"last": 3.0}, global_clipnorm=5.0
    )
    # 4 and 3 make 5: the other layer does not suffer.
    _, free = moved({})
    np.testing.assert_allclose(both[0], free[0], rtol=1e-5)
    _, other = moved({"last": 1e6}, global_clipnorm=5.0)
    assert other[0].max() < 1e-6 * free[0].max()


def test_gradients_that_are_missing_or_zero():
    model = network()
    optimizer = LayerwiseAdam(1e-2, layer_clips={"*": 1.0})
    variables = model.trainable_variables
    zeros = [ops.zeros(one.shape) for one in variables]
    optimizer.build(variables)
    before = [ops.convert_to_numpy(one) for one in variables]
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([None, *zeros[1:]], variables)
    for one, old in zip(variables, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(one), old)


def test_configuration():
    options = {"layer_rates": {"a": 0.5}, "layer_clips": {"b*": 2.0}}
    config = AveragingAdam(1e-3, use_ema=True, **options).get_config()
    again = AveragingAdam.from_config(config).get_config()
    assert {key: again[key] for key in options} == options


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"layer_rates": {"a": -1}}, "layer_rates must be .* at least 0"),
        ({"layer_rates": {"a": "b"}}, "got 'b' for 'a'"),
        ({"layer_clips": {"a": 0}}, "layer_clips must be numbers above 0"),
        ({"layer_clips": {"a": float("inf")}}, "layer_clips must be"),
    ],
)
def test_settings_out_of_range(options, told):
    with pytest.raises(ValueError, match=told):
        FitSettings(1, 1e-3, **options)


def test_fit_tells_of_a_pattern_without_a_layer(folder, tmp_path):
    with pytest.raises(ValueError, match=r"'nothing'.*there are .*stem"):
        train(folder, tmp_path / "out", layer_rates={"nothing": 0.1})
    assert not (tmp_path / "out").exists()


def test_a_training_with_both_resumes_exactly(folder, tmp_path):
    options = {
        "layer_rates": {"middle*": 0.1},
        "layer_clips": {"stem": 1e-3},
        "ema": 0.9,
    }
    train(folder, tmp_path / "whole", **options)
    for steps in (2, 6):
        train(folder, tmp_path / "parts", steps=steps, **options)
    assert_equal(tmp_path / "whole", tmp_path / "parts")
    train(folder, tmp_path / "other", ema=0.9)
    one, two = checkpoint(tmp_path / "whole"), checkpoint(tmp_path / "other")
    assert one.keys() == two.keys()
    assert (one["model/stem/kernel"] != two["model/stem/kernel"]).any()


JAX = """
import sys
sys.modules["tensorflow"] = None  # any import of it fails
sys.path.insert(0, sys.argv[1])
import numpy as np
from training import test_layerwise_adam as tests
tests.test_a_layer_has_its_own_rate()
tests.test_the_gradient_of_a_layer_is_bounded_as_a_whole()
# Compiled, without state.
model = tests.network()
before = model.get_weights()
optimizer = tests.LayerwiseAdam(
    0.1, layer_rates={"last": 0.0}, layer_clips={"first": 1e-30}
)
model.compile(optimizer, "mse", jit_compile=True)
model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
for one, other in zip(before, model.get_weights(), strict=True):
    # A gradient of nearly 0 is below the epsilon of Adam.
    np.testing.assert_allclose(one, other, atol=1e-12)
"""


def test_jax():
    run_python(JAX, ROOT / "tests", KERAS_BACKEND="jax")
