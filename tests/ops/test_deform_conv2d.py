import keras
import numpy as np
import pytest
from goldens import golden
from keras import ops
from testing import run_python

from kerasrestore.ops import deform_conv2d, deform_sampler


def cut(monkeypatch, blocks):
    """Has the positions taken in so many blocks."""
    monkeypatch.setattr(deform_sampler, "block_count", lambda *_: blocks)


def reference(
    x, offset, mask, kernel, bias, strides, padding, dilation, groups
):
    """The definition, one output value after the other, in float64."""
    _, height, width, _ = x.shape
    rows, columns, channels, filters = kernel.shape
    taps = rows * columns
    output = np.zeros((*offset.shape[:3], filters)) + bias

    def pixel(n, row, column):
        if 0 <= row < height and 0 <= column < width:
            return x[n, row, column]
        return np.zeros(channels)

    for n, p, q in np.ndindex(*offset.shape[:3]):
        for tap in range(taps):
            for c in range(channels):
                k = c // (channels // groups) * taps + tap
                dy, dx = offset[n, p, q, 2 * k : 2 * k + 2]
                y = p * strides[0] - padding[0] + tap // columns * dilation[0]
                z = q * strides[1] - padding[1] + tap % columns * dilation[1]
                y, z = y + dy, z + dx
                top, left = int(np.floor(y)), int(np.floor(z))
                value = 0.0
                for row in (top, top + 1):
                    for column in (left, left + 1):
                        share = (1 - abs(y - row)) * (1 - abs(z - column))
                        value += share * pixel(n, row, column)[c]
                output[n, p, q] += (
                    kernel[tap // columns, tap % columns, c]
                    * value
                    * mask[n, p, q, k]
                )
    return output


def random_case(
    seed=0,
    shape=(2, 5, 6, 4),
    kernel=(3, 3),
    filters=3,
    strides=(1, 1),
    padding=(1, 1),
    dilation=(1, 1),
    groups=1,
    amplitude=1.5,
):
    rng = np.random.default_rng(seed)
    sizes = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(
            shape[1:3], kernel, strides, padding, dilation, strict=True
        )
    ]
    taps = kernel[0] * kernel[1] * groups
    # Away from whole pixels, where the interpolation has a kink.
    whole = rng.integers(-4, 5, (shape[0], *sizes, 2 * taps))
    offset = np.rint(whole * amplitude / 4) + rng.uniform(0.1, 0.9, whole.shape)
    arrays = {
        "x": rng.normal(size=shape),
        "offset": offset,
        "mask": rng.random((shape[0], *sizes, taps)),
        "kernel": rng.normal(size=(*kernel, shape[-1], filters)),
        "bias": rng.normal(size=filters),
    }
    options = {
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation,
        "offset_groups": groups,
    }
    return arrays, options


CASES = [
    {},
    {"amplitude": 9.0},
    {"groups": 2, "strides": (2, 2)},
    {"kernel": (1, 2), "padding": (0, 1), "filters": 1},
    {"kernel": (3, 1), "strides": (1, 3), "padding": (2, 0)},
    {"dilation": (2, 1), "padding": (2, 1), "groups": 4, "shape": (1, 7, 4, 4)},
]


@pytest.mark.parametrize("blocks", [1, 5])
@pytest.mark.parametrize("case", CASES)
def test_against_the_definition(case, blocks, monkeypatch):
    cut(monkeypatch, blocks)
    arrays, options = random_case(**case)
    wanted = reference(*arrays.values(), *options.values())
    single = {name: value.astype("float32") for name, value in arrays.items()}
    output = deform_conv2d(**single, **options)
    assert keras.backend.standardize_dtype(output.dtype) == "float32"
    np.testing.assert_allclose(np.asarray(output), wanted, atol=2e-5)


@pytest.mark.parametrize(
    "name", ["dcnv2_small", "dcnv2_large_offsets", "dcnv2_groups2_stride2"]
)
def test_released_vectors(name):
    arrays, _ = golden(name)
    output = deform_conv2d(
        arrays["input"],
        arrays["offset"],
        arrays["mask"],
        arrays["weight"],
        arrays["bias"],
        strides=int(arrays["stride"]),
        padding=int(arrays["padding"]),
        dilation_rate=int(arrays["dilation"]),
        offset_groups=int(arrays["deform_groups"]),
    )
    noise = np.abs(arrays["output"] - arrays["output_f64"]).max()
    np.testing.assert_allclose(
        np.asarray(output), arrays["output_f64"], atol=20 * noise, rtol=0
    )


def test_without_offsets_it_is_a_convolution():
    arrays, _ = random_case(shape=(2, 9, 7, 4))
    x, kernel = (arrays[k].astype("float32") for k in ("x", "kernel"))
    zeros = np.zeros((2, 9, 7, 18), "float32")
    np.testing.assert_allclose(
        np.asarray(deform_conv2d(x, zeros, None, kernel)),
        np.asarray(ops.conv(x, kernel, padding="same")),
        atol=1e-5,
    )


@pytest.fixture
def float64():
    """JAX computes in float32 unless it is told."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    with jax.enable_x64(True):
        yield


def gradients(function, arrays):
    """Gradients of a scalar function of named tensors."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(jax.grad(function))(arrays)
    import tensorflow as tf

    arrays = {name: tf.constant(value) for name, value in arrays.items()}
    with tf.GradientTape() as tape:
        tape.watch(arrays)
        value = function(arrays)
    return tape.gradient(value, arrays)


@pytest.mark.parametrize("blocks", [1, 5])
@pytest.mark.parametrize("case", CASES)
def test_gradients_against_differences(case, blocks, monkeypatch, float64):
    cut(monkeypatch, blocks)
    arrays, options = random_case(**case)
    rng = np.random.default_rng(1)
    weight = rng.normal(size=(*arrays["offset"].shape[:3], len(arrays["bias"])))

    def loss(arrays):
        return ops.sum(deform_conv2d(**arrays, **options) * weight)

    if keras.backend.backend() == "jax":
        import jax

        loss = jax.jit(loss)
    found = gradients(loss, arrays)
    step = 1e-6
    for name, value in arrays.items():
        direction = rng.normal(size=value.shape)
        ahead, back = (
            float(loss({**arrays, name: value + sign * step * direction}))
            for sign in (1, -1)
        )
        wanted = (ahead - back) / (2 * step)
        got = np.sum(np.asarray(found[name]) * direction)
        np.testing.assert_allclose(got, wanted, rtol=1e-6, err_msg=name)


def compiled(function, *arrays):
    """Compiled by XLA, and under TensorFlow also for unknown sizes."""
    if keras.backend.backend() == "jax":
        import jax

        return [jax.jit(function)(*arrays)]
    import tensorflow as tf

    unknown = [
        tf.TensorSpec((None, None, None, array.shape[-1])) for array in arrays
    ]
    return [
        tf.function(function, autograph=False, **options)(*arrays)
        for options in ({"jit_compile": True}, {"input_signature": unknown})
    ]


@pytest.mark.parametrize("blocks", [1, 3])
def test_compiled_and_with_unknown_sizes(blocks, monkeypatch):
    cut(monkeypatch, blocks)
    arrays, _ = random_case(shape=(2, 7, 6, 4))
    arrays = {name: value.astype("float32") for name, value in arrays.items()}
    rest = {name: arrays.pop(name) for name in ("kernel", "bias")}
    wanted = deform_conv2d(**arrays, **rest)
    for output in compiled(
        lambda *maps: deform_conv2d(*maps, **rest), *arrays.values()
    ):
        np.testing.assert_allclose(
            np.asarray(output), np.asarray(wanted), atol=1e-5
        )


def test_half_precision_keeps_coordinates():
    # bfloat16 knows no odd numbers beyond 256.
    x = np.random.default_rng(0).normal(size=(1, 2, 600, 1))
    x = ops.cast(x, "bfloat16")
    kernel = ops.ones((1, 1, 1, 1), "bfloat16")
    offset = ops.zeros((1, 2, 600, 2), "bfloat16")
    output = deform_conv2d(x, offset, None, kernel, padding=0)
    assert keras.backend.standardize_dtype(output.dtype) == "bfloat16"
    assert bool(ops.all(output == x))


def test_fractions_keep_their_digits_in_large_images():
    # Added to a position beyond 512 first, they would be off by 3e-5.
    x = np.random.default_rng(0).normal(size=(1, 1, 600, 1)).astype("float32")
    offset = np.zeros((1, 1, 600, 2), "float32")
    offset[..., 1] = 0.3
    output = deform_conv2d(
        x, offset, None, np.ones((1, 1, 1, 1), "float32"), padding=0
    )
    share = float(offset[0, 0, 0, 1])
    after = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0)))[:, :, 1:]
    wanted = (1 - share) * x.astype("float64") + share * after
    np.testing.assert_allclose(np.asarray(output), wanted, atol=1e-6)


def test_an_offset_that_is_no_number_spoils_its_own_position_alone():
    arrays, _ = random_case()
    arrays = {name: value.astype("float32") for name, value in arrays.items()}
    wanted = np.array(deform_conv2d(**arrays))
    arrays["offset"][0, 2, 3, 5] = np.nan
    output = np.asarray(deform_conv2d(**arrays))
    assert np.isnan(output[0, 2, 3]).all()
    wanted[0, 2, 3] = np.nan
    np.testing.assert_allclose(output, wanted, atol=1e-6)


def test_blocks_follow_the_size():
    assert deform_sampler.block_count(64 * 64, 9, 64) == 1
    assert deform_sampler.block_count(512 * 512, 9, 64) == 18
    assert deform_sampler.block_count(None, 9, 64) == 18
    middle = deform_sampler.block_count(128 * 128, 9, 64)
    assert 1 < middle < 18
    samples = deform_sampler.SAMPLE_COPIES * 128 * 128 * 9 * 64
    assert samples / middle <= deform_sampler.BLOCK_FLOATS


MEMORY = """
import resource
import keras, numpy as np
from keras import ops
from kerasrestore.ops.deform_conv2d import deform_conv2d

def run(side, channels=64):
    maps = [
        ops.zeros((1, side, side, count)) for count in (channels, 18, 9)
    ]
    kernel = ops.zeros((3, 3, channels, channels))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if keras.backend.backend() == "jax":
        import jax
        np.asarray(jax.jit(deform_conv2d)(*maps, kernel))
    else:
        import tensorflow as tf
        np.asarray(tf.function(deform_conv2d)(*maps, kernel))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (after - before) * 1024 / (side * side * channels * 4)

run(80)
print(run(256))
"""


def test_memory_is_a_few_inputs():
    times = float(run_python(MEMORY).split()[-1])
    assert times < 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": np.zeros((5, 6, 4))}, r"x of the shape \(5, 6, 4\)"),
        ({"x": np.zeros((2, 5, 6, 3))}, "an input with 3"),
        ({"x": np.zeros((2, 6, 6, 4))}, "height of the offsets"),
        ({"x": np.zeros((2, 5, 7, 4))}, "width of the offsets"),
        ({"offset": np.zeros((2, 5, 6, 9))}, "18 channels in offset, got 9"),
        ({"x": np.zeros((1, 5, 6, 4))}, "1 images and offsets for 2"),
        ({"mask": np.zeros((2, 5, 6, 18))}, "9 channels in mask, got 18"),
        ({"mask": np.zeros((2, 5, 5, 9))}, "one value for every offset"),
        ({"bias": np.zeros(4)}, r"\(3,\), got \(4,\)"),
        ({"offset_groups": 3}, "3 groups"),
        ({"offset_groups": 2}, "36 channels in offset"),
        ({"offset_groups": 0}, "offset_groups expects whole numbers"),
        ({"strides": 0}, "strides expects whole numbers"),
        ({"strides": 2}, "height of the offsets"),
        ({"padding": -1}, "padding expects whole numbers"),
        ({"dilation_rate": (1, 2, 3)}, "dilation_rate must be a number"),
        ({"dilation_rate": 1.5}, "dilation_rate expects whole numbers"),
    ],
)
def test_bad_arguments(changes, words):
    arrays, options = random_case()
    with pytest.raises(ValueError, match=words):
        deform_conv2d(**{**arrays, **options, **changes})
