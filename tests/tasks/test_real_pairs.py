import numpy as np
import pytest

from kerasrestore.tasks import RealPairs


def test_pairs_are_not_made():
    task = RealPairs()
    patch = np.zeros((8, 8, 3), "float32")
    with pytest.raises(ValueError, match="PairSampler"):
        task.degrade(patch, np.random.default_rng(0))
    with pytest.raises(ValueError, match="PairSampler"):
        task.degrade_tensors(patch[None])
    with pytest.raises(ValueError, match="evaluate on pairs"):
        task.degrade_benchmark(patch.astype("uint8"), 0)


def test_config():
    task = RealPairs("super_resolution", factor=3)
    assert RealPairs(**task.get_config()).get_config() == task.get_config()
    assert (task.setting, task.shave, task.scale) == (3, 3, 1)


@pytest.mark.parametrize(
    "arguments", [("jpeg",), ("denoise", 2), ("super_resolution",)]
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="got"):
        RealPairs(*arguments)
