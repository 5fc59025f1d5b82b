import keras
import numpy as np
import pytest
from goldens import golden, needs_goldens, released_state
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from numeric import check_gradients, gradients
from numpy_layers import attend
from testing import run_python

from kerasrestore.ops.window_attention import window_attention


def sample(size=(5, 7), dtype="float64", batch=2):
    """Two queries, two keys and a value."""
    rng = np.random.default_rng(0)
    return [
        rng.normal(size=(batch, *size, channels)).astype(dtype)
        for channels in (3, 2, 3, 2, 4)
    ]


def joint(q, r, k, s, v, *options, **more):
    return window_attention([q, r], [k, s], v, *options, **more)


def reference(q, r, k, s, v, *options):
    """The definition, with the matrix of all logits."""
    return np.stack(
        [
            attend(
                sum(
                    a[n].reshape(-1, a.shape[-1])
                    @ b[n].reshape(-1, b.shape[-1]).T
                    for a, b in ((q, k), (r, s))
                ),
                v[n],
                *options,
            )
            for n in range(len(v))
        ]
    )


@pytest.mark.parametrize("weighting", ["softmax", "mean"])
@pytest.mark.parametrize("padding", ["circular", "zero"])
@pytest.mark.parametrize(
    ("size", "window", "block_size"),
    [
        ((1, 1), 1, 16),
        ((1, 1), 5, 16),
        ((5, 7), 3, 2),
        ((5, 7), 5, 16),
        # Windows that go round the map, more than once along the height.
        ((2, 7), 7, 3),
        ((3, 4), 11, 2),
        ((17, 9), 7, 4),
        ((5, 7), None, 3),
        ((1, 1), None, 3),
    ],
)
def test_definition(size, window, block_size, padding, weighting):
    arrays = sample(size, "float32")
    found = joint(*arrays, window, padding, weighting, block_size=block_size)
    wanted = reference(
        *[x.astype(float) for x in arrays], window, padding, weighting
    )
    np.testing.assert_allclose(found, wanted, atol=3e-6)


@settings(deadline=None, max_examples=25)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    radius=st.integers(0, 6),
    block_size=st.integers(1, 10),
    padding=st.sampled_from(["circular", "zero"]),
)
def test_any_size(height, width, radius, block_size, padding):
    arrays = sample((height, width), "float32", batch=1)
    found = joint(*arrays, 2 * radius + 1, padding, block_size=block_size)
    wanted = reference(
        *[x.astype(float) for x in arrays], 2 * radius + 1, padding
    )
    np.testing.assert_allclose(found, wanted, atol=3e-6)


def test_half_precision_attends_everywhere_in_float32():
    arrays = [ops.cast(x, "bfloat16") for x in sample()]
    exact = [np.asarray(ops.cast(x, "float32"), float) for x in arrays]
    for weighting in ("softmax", "mean"):
        found = joint(*arrays, None, weighting=weighting)
        assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
        np.testing.assert_allclose(
            np.asarray(ops.cast(found, "float32")),
            reference(*exact, None, "circular", weighting),
            rtol=2**-8,
            atol=1e-5,
        )


@pytest.mark.parametrize("weighting", ["softmax", "mean"])
@pytest.mark.parametrize("padding", ["circular", "zero"])
@pytest.mark.parametrize(
    ("size", "window", "block_size"),
    [((4, 5), 3, 2), ((3, 4), 5, 2), ((2, 3), 7, 16), ((3, 4), None, 16)],
)
def test_gradients(size, window, block_size, padding, weighting):
    def function(*x):
        return joint(*x, window, padding, weighting, block_size=block_size)

    if keras.backend.backend() == "jax":
        import jax

        # Outside of a compiled function a loop is compiled on every call.
        function = jax.jit(function)
    else:
        import tensorflow as tf

        function = tf.function(function, autograph=False)
    check_gradients(function, *sample(size))


def test_blocks_change_neither_result_nor_gradients():
    arrays = sample((21, 18), "float32")

    def run(block_size):
        def function(*x):
            return joint(*x, 9, block_size=block_size)

        return [function(*arrays), *gradients(function, *arrays)]

    for found, wanted in zip(run(5), run(21), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_full_attention_where_the_window_is_the_map():
    # Every pixel once, whatever the centre: training patches of the paper.
    arrays = sample((9, 9), "float32")
    np.testing.assert_allclose(
        joint(*arrays, 9), joint(*arrays, None), atol=2e-6
    )


def test_large_logits_stay_finite():
    query, _, key, _, value = sample(dtype="float32")
    for padding in ("circular", "zero"):
        y = window_attention(1e4 * query, 1e4 * key, value, 3, padding)
        assert np.isfinite(np.asarray(y)).all()
    slopes = gradients(
        lambda *x: window_attention(*x, 3), 1e4 * query, 1e4 * key, value
    )
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_half_precision_is_computed_in_float32():
    arrays = [ops.cast(x, "bfloat16") for x in sample((20, 20))]
    found = joint(*arrays, 15)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    exact = [np.asarray(ops.cast(x, "float32"), float) for x in arrays]
    np.testing.assert_allclose(
        np.asarray(ops.cast(found, "float32")),
        reference(*exact, 15, "circular"),
        # What the rounding of the result itself comes to.
        rtol=2**-8,
        atol=1e-5,
    )


def test_sizes_known_at_run_time_alone():
    image = keras.Input((None, None, 3))
    model = keras.Model(image, Attention()(image))
    for size in ((1, 1), (4, 9), (20, 17), (33, 5)):
        x = np.random.default_rng(0).random((2, *size, 3), "float32")
        np.testing.assert_allclose(
            model.predict_on_batch(x),
            window_attention(x, x, x, 5),
            atol=1e-6,
        )


class Attention(keras.layers.Layer):
    def call(self, x):
        return window_attention(x, x, x, 5)

    def compute_output_shape(self, input_shape):
        return input_shape


PEAK = """
import resource, sys
import keras, numpy as np
from kerasrestore.ops.window_attention import window_attention

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

rng = np.random.default_rng(0)
query, key, value = (
    rng.random((1, 160, 120, channels), "float32") for channels in (64, 64, 128)
)
def attend(query, key, value):
    return window_attention(query, key, value, 45)
if keras.backend.backend() == "jax":
    import jax
    attend = jax.jit(attend)
else:
    import tensorflow as tf
    attend = tf.function(attend)
attend(query[:, :48], key[:, :48], value[:, :48])
before = peak()
assert np.isfinite(np.asarray(attend(query, key, value))).all()
print(peak() - before)
"""


def test_memory_is_that_of_a_block():
    # All the windows laid out would be 19,200 * 2,025 * 192 numbers, 30 GB,
    # and the logits alone 156 MB.
    extra = int(run_python(PEAK, KERAS_BACKEND=keras.backend.backend()))
    assert extra < 120e6


@needs_goldens
@pytest.mark.parametrize(
    ("name", "window", "padding"),
    [
        ("nlrn_nonlocal_full", None, "zero"),
        ("nlrn_nonlocal_window", 7, "zero"),
        ("nlrn_nonlocal_window_circular", 7, "circular"),
    ],
)
def test_released_block(name, window, padding):
    arrays, _ = golden(name)
    state = released_state(name)
    x = arrays["input"]

    def embed(part):
        kernel = state[f"non_local_{part}/kernel"]
        return x @ kernel[0, 0] + state[f"non_local_{part}/bias"]

    y = window_attention(
        embed("theta"), embed("phi"), embed("g"), window, padding
    )
    np.testing.assert_allclose(x + y, arrays["output"], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"query": np.zeros((2, 5, 3))}, "batch, height, width, channels"),
        ({"key": np.zeros((2, 5, 7, 4))}, "batch, height, width, channels"),
        ({"value": np.zeros((2, 5, 6, 4))}, "batch, height, width, channels"),
        ({"query": [np.zeros((2, 5, 7, 3))] * 2}, "2 queries and 1 keys"),
        ({"query": [], "key": []}, "0 queries"),
        ({"window": 4}, "use 5"),
        ({"window": 0}, "window expects whole numbers"),
        ({"window": 2.5}, "window expects whole numbers"),
        ({"padding": "reflect"}, "padding must be"),
        ({"weighting": "sum"}, "weighting must be"),
        ({"block_size": 0}, "block_size expects whole numbers"),
    ],
)
def test_bad_arguments(change, words):
    query, _, key, _, value = sample()
    arguments = {"query": query, "key": key, "value": value, "window": 3}
    with pytest.raises(ValueError, match=words):
        window_attention(**{**arguments, **change})
