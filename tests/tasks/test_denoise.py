import numpy as np
import pytest
from testing import random_image

from kerasrestore.tasks import Denoise


def test_benchmark_noise_by_the_protocol():
    clean = random_image((20, 30, 3), "uint8")
    noise = np.random.default_rng([7, 3]).normal(0, 25, clean.shape)
    found = Denoise(25).degrade_benchmark(clean, 3, seed=7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found * 255, clean + noise, atol=1e-4)
    assert found.min() < 0 and found.max() > 1


def test_quantized_inputs():
    clean = random_image((20, 30, 3), "uint8")
    noise = np.random.default_rng([0, 0]).normal(0, 25, clean.shape)
    found = Denoise(25, quantize=True).degrade_benchmark(clean, 0) * 255
    wanted = np.clip(clean + noise, 0, 255).round()
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_training_noise():
    clean = np.full((64, 64, 3), 0.5, np.float32)
    rng = np.random.default_rng(0)
    noisy, sigma = Denoise(25).degrade(clean, rng)
    assert sigma == 25 and noisy.dtype == np.float32
    assert np.std(noisy - clean) * 255 == pytest.approx(25, rel=0.03)
    drawn = [Denoise((5, 55)).degrade(clean, rng) for _ in range(300)]
    sigmas = np.array([sigma for _, sigma in drawn])
    assert 5 <= sigmas.min() < 10 and 50 < sigmas.max() <= 55
    for noisy, sigma in drawn[:20]:
        assert np.std(noisy - clean) * 255 == pytest.approx(sigma, rel=0.05)


@pytest.mark.parametrize("sigma", [-1, (5, 2), float("nan"), float("inf")])
def test_bad_sigma(sigma):
    with pytest.raises(ValueError, match="sigma must be"):
        Denoise(sigma)


def test_benchmarks_have_one_level():
    with pytest.raises(ValueError, match="one noise level"):
        Denoise((0, 55)).degrade_benchmark(random_image((4, 4), "uint8"), 0)


def test_config():
    task = Denoise((5, 25), quantize=True)
    assert Denoise(**task.get_config()).get_config() == task.get_config()
