import numpy as np
import pytest
from goldens import golden, needs_goldens
from testing import random_image

from kerasrestore.imaging.luma import rgb_to_y, rgb_to_y_bytes
from kerasrestore.metrics import (
    psnr_gray,
    psnr_rgb,
    psnr_y,
    ssim_gray,
    ssim_rgb,
    ssim_y,
)


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
    with pytest.raises(ValueError, match="the same shape"):
        metric(np.zeros((20, 20, 3)), np.zeros((20, 21, 3)))


@pytest.mark.parametrize("metric", [psnr_gray, ssim_gray])
def test_gray_wants_gray(metric):
    with pytest.raises(ValueError, match="_rgb"):
        metric(np.zeros((20, 20, 3)), np.zeros((20, 20, 3)))
    with pytest.raises(ValueError, match="the same shape"):
        metric(np.zeros((20, 20)), np.zeros((21, 20)))
    with pytest.raises(ValueError, match="the same shape"):
        metric(np.zeros((20, 20, 3)), np.zeros((20, 20)))
    with pytest.raises(ValueError, match="the same shape"):
        metric(np.zeros((20, 20, 1)), np.zeros((20, 20)))


def test_too_small_for_ssim():
    with pytest.raises(ValueError, match="11 pixels"):
        ssim_gray(np.zeros((10, 20)), np.zeros((10, 20)))


def test_the_y_of_matlab():
    # rgb2ycbcr([r g b] / 255) * 255, worked out by hand.
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]]])
    found = rgb_to_y(rgb.astype("uint8"))[0]
    last = 16 + (654.81 + 2571.06 + 748.98) / 255
    np.testing.assert_allclose(found, [81.481, 144.553, 40.966, last])
    rounded = rgb_to_y_bytes(rgb.astype("uint8"))
    assert rounded.dtype == np.uint8
    np.testing.assert_array_equal(rounded[0], [81, 145, 41, 32])
    with pytest.raises(ValueError, match="use gray images directly"):
        rgb_to_y(np.zeros((4, 4)))


@pytest.mark.parametrize("shave", [0, 2, 3])
def test_y_and_shave(shave):
    a, b = pair((21, 27, 3))
    inner = slice(shave, -shave or None)
    weights = np.array([65.481, 128.553, 24.966]) / 255
    y_a, y_b = ((x[inner, inner] @ weights) + 16 for x in (a, b))
    mse = np.mean((y_a - y_b) ** 2)
    wanted = 10 * np.log10(255**2 / mse)
    assert psnr_y(a, b, shave=shave) == pytest.approx(wanted)
    wanted = literal_ssim(y_a, y_b)
    assert ssim_y(a, b, shave=shave) == pytest.approx(wanted, abs=1e-9)
    for metric in (psnr_rgb, ssim_rgb):
        wanted = metric(a[inner, inner], b[inner, inner])
        assert metric(a, b, shave=shave) == wanted
    for metric in (psnr_gray, ssim_gray):
        wanted = metric(a[inner, inner, 0], b[inner, inner, 0])
        assert metric(a[..., 0], b[..., 0], shave=shave) == wanted


def test_borders_that_leave_nothing():
    image = np.zeros((20, 8, 3))
    with pytest.raises(ValueError, match="less than half of each side"):
        psnr_y(image, image, shave=4)
    with pytest.raises(ValueError, match="less than half of each side"):
        psnr_rgb(image, image, shave=-1)


@needs_goldens
def test_values_of_the_released_evaluation_code():
    arrays, _ = golden("metrics")
    a, b = arrays["a"], arrays["b"]
    # The released code works in single precision: 2e-5 is one digit.
    np.testing.assert_allclose(rgb_to_y(a), arrays["y_a"], atol=2e-5)
    found = {
        "psnr_rgb": psnr_rgb(a, b),
        "ssim_rgb": ssim_rgb(a, b),
        "psnr_gray_ch0": psnr_gray(a[..., 0], b[..., 0]),
        "ssim_gray_ch0": ssim_gray(a[..., 0], b[..., 0]),
    }
    for shave in (2, 3, 4):
        found[f"psnr_y_shave{shave}"] = psnr_y(a, b, shave)
        found[f"ssim_y_shave{shave}"] = ssim_y(a, b, shave)
    for name, value in found.items():
        assert value == pytest.approx(float(arrays[name]), abs=1e-6), name
