import numpy as np
import pytest
from blur_restorer import Blur, blurred
from testing import random_image


class ResourceExhaustedError(Exception):
    """As TensorFlow calls it."""


class Cramped(Blur):
    """Runs out of memory with tiles beyond a size."""

    most = 24
    error = MemoryError()

    def restore_tile(self, tile, sigma):
        if max(tile.shape[1:3]) > self.most:
            raise self.error
        return super().restore_tile(tile, sigma)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ResourceExhaustedError("OOM when allocating"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory"),
    ],
)
@pytest.mark.parametrize("tile", [None, 64])
def test_smaller_tiles_go_on(error, tile):
    image = random_image((70, 90, 3))
    model = Cramped(error=error)
    np.testing.assert_allclose(
        model.restore(image, tile=tile), blurred(image), atol=1e-6
    )
    assert max(max(sides) for sides in model.tiles) <= 24


def test_ensemble_and_sigma_maps_go_on():
    image = random_image((70, 90, 3))
    wanted = Blur(sigma_input=True).restore(image, sigma=5, ensemble=True)
    found = Cramped(sigma_input=True).restore(
        image, sigma=np.full((70, 90), 5.0), ensemble=True
    )
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("attributes", [{"most": 3}, {"fixed_tile": (32, 32)}])
def test_nothing_smaller_is_left(attributes):
    with pytest.raises(MemoryError, match="the smallest that"):
        Cramped(**attributes).restore(random_image((70, 90, 3)))


def test_other_errors_are_not_hidden():
    with pytest.raises(RuntimeError, match="another"):
        Cramped(error=RuntimeError("another")).restore(
            random_image((70, 90, 3))
        )
