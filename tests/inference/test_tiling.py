import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrestore.inference.tiling import (
    TilePlan,
    blend_weights,
    reflect,
    run_tiles,
)

RADIUS = 3


def box(tile):
    """A network of known radius: box blur, zeros beyond its input."""
    padded = np.pad(tile, ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0)))
    size = 2 * RADIUS + 1
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (size, size), (0, 1)
    )
    return windows.mean((-1, -2)).astype(np.float32)


def run(plan, image, network=box, scale=1):
    height, width, channels = image.shape
    bands = run_tiles(
        plan,
        lambda rows, columns: image[np.ix_(rows, columns)],
        network,
        channels,
        scale=scale,
    )
    output = np.concatenate(list(bands))
    assert output.shape == (height * scale, width * scale, channels)
    return output


def whole(image):
    pad = ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0))
    rows = reflect(-RADIUS, image.shape[0] + RADIUS, image.shape[0])
    columns = reflect(-RADIUS, image.shape[1] + RADIUS, image.shape[1])
    extended = image[np.ix_(rows, columns)]
    assert extended.shape == np.pad(image, pad).shape
    return box(extended)[RADIUS:-RADIUS, RADIUS:-RADIUS]


sizes = st.integers(1, 60)


@settings(max_examples=80, deadline=None)
@given(sizes, sizes, sizes, sizes, st.integers(RADIUS, 9))
def test_a_halo_of_the_radius_is_exact(height, width, down, across, halo):
    image = np.random.default_rng(0).random((height, width, 2), np.float32)
    tile = (2 * halo + down, 2 * halo + across)
    plan = TilePlan(height, width, tile, halo)
    np.testing.assert_allclose(run(plan, image), whole(image), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, st.integers(1, 20), st.integers(0, 9), st.data())
def test_feathered_tiles_of_the_identity(height, width, core, halo, data):
    feather = data.draw(st.integers(0, min(halo, core // 2)))
    image = np.random.default_rng(0).random((height, width, 1), np.float32)
    plan = TilePlan(height, width, (core + 2 * halo,) * 2, halo, feather)
    found = run(plan, image, network=lambda tile: tile)
    np.testing.assert_allclose(found, image, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(2, 20), st.data())
def test_weights_add_up_to_one(size, core, data):
    feather = data.draw(st.integers(0, core // 2))
    plan = TilePlan(size, 1, (core + 2 * feather,) * 2, feather, feather)
    total = np.zeros(size)
    for span in plan.rows:
        weights = blend_weights(span, size, feather)
        first = max(0, span.start - feather) if span.start else 0
        total[first : first + len(weights)] += weights
        assert (weights >= 0).all()
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_feathering_hides_a_step():
    # Tiles that disagree by one: hard cuts show it, feathers spread it.
    image = np.zeros((8, 64, 1), np.float32)
    level = [0.0]

    def network(tile):
        level[0] = 1.0 - level[0]
        return tile + np.float32(level[0])

    hard = run(TilePlan(8, 64, (24, 24), 8), image, network)
    soft = run(TilePlan(8, 64, (24, 24), 8, 4), image, network)
    assert np.abs(np.diff(hard, axis=1)).max() == 1
    assert np.abs(np.diff(soft, axis=1)).max() <= 0.13


def test_enlarging_networks():
    image = np.random.default_rng(0).random((19, 23, 1), np.float32)
    enlarged = np.kron(image[..., 0], np.ones((3, 3)))[..., None]

    def network(tile):
        return tile.repeat(3, axis=0).repeat(3, axis=1)

    for feather in (0, 2):
        plan = TilePlan(19, 23, (16, 14), 4, feather)
        found = run(plan, image, network, scale=3)
        np.testing.assert_allclose(found, enlarged, atol=1e-6)


@given(st.integers(1, 9), st.integers(0, 40))
def test_reflection_is_that_of_numpy(size, beyond):
    line = np.arange(size)
    np.testing.assert_array_equal(
        reflect(-beyond, size + beyond, size),
        np.pad(line, beyond, mode="reflect"),
    )


@settings(deadline=None)
@given(sizes, sizes, st.integers(1, 30), st.integers(0, 5))
def test_every_pixel_has_one_core(height, width, core, halo):
    plan = TilePlan(height, width, (core + 2 * halo,) * 2, halo)
    for spans, size in ((plan.rows, height), (plan.columns, width)):
        covered = [p for span in spans for p in range(span.start, span.stop)]
        assert covered == list(range(size))
        assert all(span.read == span.start - halo for span in spans)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 5, (8, 8), 2), "at least one pixel"),
        ((5, 5, (8, 8), 4), "leaves nothing"),
        ((5, 5, (8, 8), 2, 3), "feather"),
    ],
)
def test_impossible_plans(arguments, words):
    with pytest.raises(ValueError, match=words):
        TilePlan(*arguments)
