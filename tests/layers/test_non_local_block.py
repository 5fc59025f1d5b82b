import numpy as np
import pytest
from goldens import golden, needs_goldens, released_state, tolerance
from layer_testing import run_layer_test

from kerasrestore.layers.non_local_block import NonLocalBlock
from kerasrestore.models.rnan.released_names import non_local_state


def numpy_block(layer, x, normalize):
    """The block in NumPy, in double precision, image by image."""

    def point(conv, values):
        kernel, bias = (np.asarray(v, float) for v in conv.weights)
        return values @ kernel[0, 0] + bias

    outputs = []
    for image in np.asarray(x, float):
        positions = image.reshape(-1, image.shape[-1])
        logits = point(layer.theta, positions) @ point(layer.phi, positions).T
        axis = 1 if normalize == "keys" else 0
        weight = np.exp(logits - logits.max(axis=axis, keepdims=True))
        weight /= weight.sum(axis=axis, keepdims=True)
        y = point(layer.out, weight @ point(layer.g, positions))
        outputs.append((y + positions).reshape(image.shape))
    return np.stack(outputs)


@pytest.mark.parametrize("normalize", ["keys", "queries"])
@pytest.mark.parametrize("inner_channels", [None, 5])
def test_layer(tmp_path, normalize, inner_channels):
    shape = (2, 5, 7, 6)
    layer = run_layer_test(
        lambda **options: NonLocalBlock(inner_channels, normalize, **options),
        tmp_path,
        6,
        # It adds the same to all logits of a softmax.
        idle=["phi/bias" if normalize == "keys" else "theta/bias"],
    )
    x = np.random.default_rng(1).standard_normal(shape).astype("float32")
    np.testing.assert_allclose(
        layer(x), numpy_block(layer, x, normalize), atol=1e-5
    )
    inner = inner_channels or 3
    assert layer.count_params() == 4 * 6 * inner + 3 * inner + 6
    macs = 35 * 4 * 6 * inner + 35**2 * 2 * inner
    assert layer.count_macs(shape) == 2 * macs
    # So few positions are attended all at once.
    assert layer.workspace_bytes(shape) == 4 * 2 * 35 * (3 * 35 + 4 * inner)
    # Beyond that the pairs no longer grow with the square.
    large = [layer.workspace_bytes((1, side, side, 6)) for side in (200, 400)]
    assert large[1] < 1.5 * large[0]


def test_start_is_the_identity_and_inner_channels_are_half():
    x = np.random.default_rng(1).random((1, 5, 7, 64), "float32")
    layer = NonLocalBlock()
    np.testing.assert_array_equal(layer(x), x)
    assert layer.count_params() == 8352
    assert tuple(layer.g.kernel.shape) == (1, 1, 64, 32)
    assert not np.any(layer.out.kernel) and not np.any(layer.out.bias)
    for conv in (layer.theta, layer.phi, layer.g):
        size = np.abs(np.asarray(conv.kernel)).max()
        assert 0.9 / 8 < size <= 1 / 8
        assert 0 < np.abs(np.asarray(conv.bias)).max() <= 1 / 8


@needs_goldens
@pytest.mark.parametrize("normalize", ["queries", "keys"])
def test_released_block(normalize):
    arrays, info = golden("rnan_nonlocal_block")
    layer = NonLocalBlock(normalize=normalize)
    layer.build(arrays["input"].shape)
    state = released_state("rnan_nonlocal_block")
    variables = non_local_state("", layer)
    assert set(variables) == set(state)
    for name, variable in variables.items():
        array = state[name]
        variable.assign(
            array.T if array.ndim == 1 else array.transpose(2, 3, 1, 0)
        )
    far = np.abs(np.asarray(layer(arrays["input"])) - arrays["output"]).max()
    if normalize == "queries":
        assert far < tolerance(info)
    else:
        # The paper's softmax is as far off as the released code says.
        np.testing.assert_allclose(far, info["sens_softmax_last"], rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inner_channels": 0}, "inner_channels"),
        ({"normalize": "both"}, "'both'"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        NonLocalBlock(**options)
