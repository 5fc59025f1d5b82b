"""Attention maps against the layers' own outputs and plain loops."""

import json

import keras
import numpy as np
import pytest
from testing import ROOT, enliven, random_image, run_python

from kerasrestore import NLRN, RNAN, DANetMobile, PANet
from kerasrestore.layers import (
    NonLocalBlock,
    PyramidAttention,
    RecurrentNonLocalBlock,
)
from kerasrestore.visualize import attention_maps
from kerasrestore.visualize.recorded_calls import recorded_calls

SIZE = (6, 5)


def panet(**options):
    return enliven(PANet(num_blocks=2, features=8, levels=3, **options))


def only_call(model, image, kind):
    """The layer, its input and its output."""
    _, [(_, layer, calls)] = recorded_calls(model, image, kind)
    features = calls[0][0][0]
    return layer, features, np.asarray(layer(features), np.float64)[0]


def every_map(model, image):
    """Maps of all queries: dictionary from position to list."""
    return {
        place: attention_maps(model, image, place)
        for place in np.ndindex(*image.shape[:2])
    }


def patch_at(x, row, column, size):
    """Patch around a place, zero beyond the map, by a plain loop."""
    margin = size // 2
    patch = np.zeros((size, size, x.shape[-1]))
    for down, right in np.ndindex(size, size):
        y, z = row + down - margin, column + right - margin
        if 0 <= y < x.shape[0] and 0 <= z < x.shape[1]:
            patch[down, right] = x[y, z]
    return patch


@pytest.mark.parametrize("patch_size", [1, 3])
def test_pyramid_weights_are_the_dense_ones(patch_size):
    image = random_image((*SIZE, 3))
    model = panet(patch_size=patch_size)
    layer, features, output = only_call(model, image, PyramidAttention)
    query, keys, values = (
        [np.asarray(x, np.float64)[0] for x in keras.tree.flatten(part)]
        for part in layer.embed(features)
    )
    maps = every_map(model, image)

    asked = patch_at(query[0], 2, 4, patch_size)
    logits = []
    for key in keys:
        for place in np.ndindex(*key.shape[:2]):
            patch = patch_at(key, *place, patch_size)
            norm = max(np.sqrt((patch**2).sum()), 1e-4)
            logits.append(10.0 * (asked * patch).sum() / norm)
    wanted = np.exp(logits) / np.exp(logits).sum()
    given = np.concatenate([one.weights.ravel() for one in maps[2, 4]])
    np.testing.assert_allclose(given, wanted, rtol=1e-9)
    assert np.ptp(given) > 0.01  # not a map that nothing depends on

    # All maps together give the output of the layer.
    margin = patch_size // 2
    total = np.zeros((SIZE[0] + 2 * margin, SIZE[1] + 2 * margin, 8))
    for (row, column), levels in maps.items():
        for value, level in zip(values, levels, strict=True):
            for place, weight in np.ndenumerate(level.weights):
                total[row : row + patch_size, column : column + patch_size] += (
                    weight * patch_at(value, *place, patch_size)
                )
    total = total[margin : margin + SIZE[0], margin : margin + SIZE[1]]
    overlap = 4.0 if patch_size == 3 else 1.0
    x = np.asarray(features, np.float64)[0]
    np.testing.assert_allclose(total / overlap + x, output, atol=1e-4)


def test_levels_share_one_softmax():
    maps = attention_maps(panet(), random_image((20, 30, 3)), (19, 0))
    assert [one.title for one in maps] == ["scale 1", "scale 0.9", "scale 0.8"]
    assert [one.weights.shape for one in maps] == [(20, 30), (18, 27), (16, 24)]
    assert {one.layer for one in maps} == {"attention_mid"}
    assert {one.box for one in maps} == {(0, 0, 20, 30)}
    assert sum(one.share for one in maps) == pytest.approx(1)


@pytest.mark.parametrize("normalize", ["keys", "queries"])
def test_non_local_weights_give_the_output(normalize):
    image = random_image((*SIZE, 1))
    layer = NonLocalBlock(normalize=normalize, name="non_local")
    inputs = keras.Input((*SIZE, 1))
    model = keras.Model(
        inputs, layer(keras.layers.Conv2D(6, 3, padding="same")(inputs))
    )
    model.channels, model.value_range = 1, (0.0, 1.0)
    model.sigma_input = False
    enliven(model)
    layer, features, output = only_call(model, image, NonLocalBlock)
    value = np.asarray(layer.embed(features)[2], np.float64)[0]
    maps = every_map(model, image)
    weights = np.array([one[0].weights.ravel() for one in maps.values()])
    sums = weights.sum(axis=1 if normalize == "keys" else 0)
    np.testing.assert_allclose(sums, 1, rtol=1e-9)
    attended = (weights @ value).reshape(1, *SIZE, -1).astype("float32")
    wanted = np.asarray(layer.out(attended) + features)[0]
    np.testing.assert_allclose(output, wanted, atol=1e-4)


def test_rnan_has_a_map_for_each_block():
    model = enliven(RNAN(features=8, local_blocks=1))
    maps = attention_maps(model, random_image((8, 10, 3)), (3, 9))
    assert len({one.layer for one in maps}) == len(maps) > 1
    for one in maps:
        assert one.weights.shape == (8, 10)
        assert one.share == pytest.approx(1)


@pytest.mark.parametrize(
    ("window", "padding", "distance"),
    [
        (3, "circular", "embedded_gaussian"),
        (5, "zero", "embedded_gaussian"),
        (7, "circular", "euclidean"),  # larger than the map
        (3, "zero", "embedded_dot"),
        (None, "circular", "gaussian"),
        (None, "zero", "dot"),
    ],
)
def test_recurrent_weights_give_the_output(window, padding, distance):
    image = random_image((*SIZE, 1))
    model = enliven(
        NLRN(
            num_steps=3,
            window=window,
            padding=padding,
            distance=distance,
            filters=6,
            key_filters=4,
        )
    )
    _, [(_, block, calls)] = recorded_calls(
        model, image, RecurrentNonLocalBlock
    )
    maps = every_map(model, image)
    for step, (args, _) in enumerate(calls):
        output = np.asarray(block(*args)[0], np.float64)[0]
        features = np.asarray(args[0], np.float64)[0]
        value = np.asarray(block.value_embedding(args[0]), np.float64)[0]
        for place, found in maps.items():
            one = found[step]
            assert one.title == f"step {step + 1}"
            top, left, bottom, right = one.box
            assert one.weights.shape == (bottom - top, right - left)
            attended = np.zeros(6)
            for (down, across), weight in np.ndenumerate(one.weights):
                row, column = top + down, left + across
                if padding == "circular":
                    row, column = row % SIZE[0], column % SIZE[1]
                if 0 <= row < SIZE[0] and 0 <= column < SIZE[1]:
                    attended += weight * value[row, column]
            np.testing.assert_allclose(
                features[place] + attended, output[place], atol=2e-4, rtol=1e-4
            )


def test_both_backends_agree(tmp_path):
    image = random_image((9, 11, 3))
    np.save(tmp_path / "image.npy", image)
    models = {
        "panet": panet(),
        "nlrn": enliven(NLRN(channels=3, num_steps=2, window=5, filters=6)),
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    found = run_python(
        "import json, sys\n"
        "import keras, kerasrestore\n"
        "import numpy as np\n"
        "from kerasrestore.visualize import attention_maps\n"
        "assert keras.backend.backend() == 'jax'\n"
        "image = np.load(sys.argv[1] + '/image.npy')\n"
        "found = {}\n"
        "for name in ('panet', 'nlrn'):\n"
        "    path = f'{sys.argv[1]}/{name}.keras'\n"
        "    model = keras.saving.load_model(path)\n"
        "    maps = attention_maps(model, image, (2, 8))\n"
        "    found[name] = [one.weights.tolist() for one in maps]\n"
        "print(json.dumps(found))\n",
        tmp_path,
        KERAS_BACKEND="jax",
    )
    for name, maps in json.loads(found.splitlines()[-1]).items():
        ours = attention_maps(models[name], image, (2, 8))
        assert len(maps) == len(ours)
        for one, other in zip(ours, maps, strict=True):
            np.testing.assert_allclose(one.weights, other, atol=1e-5)


def test_the_model_is_left_as_it_was():
    model, image = panet(), random_image((1, 8, 8, 3))
    before = np.asarray(model(image))
    attention_maps(model, image[0], (0, 0))
    assert "call" not in vars(model.get_layer("attention_mid"))
    np.testing.assert_array_equal(np.asarray(model(image)), before)


def test_kinds_of_images():
    model, image = panet(), random_image((8, 8, 3), "uint8")
    wanted = attention_maps(model, image / 255.0, (1, 2))[0].weights
    same = attention_maps(model, image, (1, 2))[0].weights
    np.testing.assert_allclose(same, wanted, rtol=1e-4)
    path = ROOT / "tests/samples/coffee.png"
    nlrn = NLRN(num_steps=1, window=3, filters=4, key_filters=4)
    with pytest.raises(ValueError, match="takes images of 1 channel"):
        attention_maps(nlrn, path, (1, 2))


def test_what_does_not_fit():
    image = random_image((8, 8, 3))
    with pytest.raises(ValueError, match="nothing to show"):
        attention_maps(DANetMobile(widths=(8, 16)), image, (1, 2))
    for position in ((8, 0), (0, -1), (1, 2, 3), "ab", 3):
        with pytest.raises(ValueError, match=r"position is \(row, column\)"):
            attention_maps(panet(), image, position)
    with pytest.raises(ValueError, match="takes no noise level"):
        attention_maps(panet(), image, (1, 2), sigma=25)
    with pytest.raises(ValueError, match="One image"):
        attention_maps(panet(), image[None].astype("uint8"), (1, 2))
    with pytest.raises(ValueError, match="One image"):
        attention_maps(panet(), image[None], (1, 2))
