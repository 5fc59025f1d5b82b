import numpy as np
import pytest
from testing import random_image

from kerasrestore.metrics import psnr_gray, psnr_rgb, ssim_gray, ssim_rgb


def literal_ssim(a, b):
    """Wang et al. 2004, window by window, as the paper writes it."""
    y, x = np.mgrid[-5:6, -5:6]
    window = np.exp(-(x**2 + y**2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for top in range(a.shape[0] - 10):
        for left in range(a.shape[1] - 10):
            p = a[top : top + 11, left : left + 11].astype(float)
            q = b[top : top + 11, left : left + 11].astype(float)
            mp, mq = (window * p).sum(), (window * q).sum()
            vp = (window * (p - mp) ** 2).sum()
            vq = (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            c1, c2 = 2.55**2, 7.65**2
            values.append(
                (2 * mp * mq + c1)
                * (2 * cov + c2)
                / ((mp**2 + mq**2 + c1) * (vp + vq + c2))
            )
    return np.mean(values)


def pair(shape):
    a = random_image(shape, "uint8")
    noise = np.random.default_rng(1).normal(0, 30, shape)
    return a, np.clip(a + noise, 0, 255).astype("uint8")


def test_psnr():
    a, b = pair((20, 30, 3))
    mse = np.mean((a.astype(float) - b) ** 2)
    assert psnr_rgb(a, b) == pytest.approx(10 * np.log10(255**2 / mse))
    assert psnr_gray(a[..., 0], b[..., 0]) == psnr_gray(a[..., :1], b[..., :1])
    assert psnr_rgb(a, a) == float("inf")


def test_ssim():
    a, b = pair((17, 23))
    assert ssim_gray(a, b) == pytest.approx(literal_ssim(a, b), abs=1e-9)
    assert ssim_gray(a, a) == pytest.approx(1)
    a, b = pair((13, 12, 3))
    wanted = np.mean([literal_ssim(a[..., c], b[..., c]) for c in range(3)])
    assert ssim_rgb(a, b) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("metric", [psnr_rgb, ssim_rgb])
def test_colour_wants_colour(metric):
    with pytest.raises(ValueError, match="_gray"):
        metric(np.zeros((20, 20)), np.zeros((20, 20)))
    with pytest.raises(ValueError, match="one shape"):
        metric(np.zeros((20, 20, 3)), np.zeros((20, 21, 3)))


@pytest.mark.parametrize("metric", [psnr_gray, ssim_gray])
def test_gray_wants_gray(metric):
    with pytest.raises(ValueError, match="_rgb"):
        metric(np.zeros((20, 20, 3)), np.zeros((20, 20, 3)))
    with pytest.raises(ValueError, match="one shape"):
        metric(np.zeros((20, 20)), np.zeros((21, 20)))


def test_too_small_for_ssim():
    with pytest.raises(ValueError, match="11 pixels"):
        ssim_gray(np.zeros((10, 20)), np.zeros((10, 20)))
