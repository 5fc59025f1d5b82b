import keras
import numpy as np
import pytest
from testing import random_image

from kerasrestore.metrics import (
    PSNR,
    SSIM,
    psnr_gray,
    psnr_rgb,
    psnr_y,
    ssim_gray,
    ssim_rgb,
    ssim_y,
)

SETTINGS = [
    (3, {}, psnr_rgb, ssim_rgb),
    (1, {"shave": 3}, psnr_gray, ssim_gray),
    (3, {"luma": True, "shave": 2}, psnr_y, ssim_y),
]


def images(channels, count=3):
    clean = random_image((count, 21, 34, channels))
    noise = np.random.default_rng(1).normal(0, 0.1, clean.shape)
    return clean, (clean + noise).astype("float32")


@pytest.mark.parametrize(("channels", "options", "psnr", "ssim"), SETTINGS)
@pytest.mark.parametrize("quantize", [False, True])
def test_agrees_with_numpy(channels, options, psnr, ssim, quantize):
    clean, restored = images(channels)
    shave = options.get("shave", 0)
    for metric, function in ((PSNR, psnr), (SSIM, ssim)):
        levels = [image * 255 for image in (restored, clean)]
        if quantize:
            levels = [np.rint(image.clip(0, 255)) for image in levels]
        wanted = [
            function(one, two, shave) for one, two in zip(*levels, strict=True)
        ]
        watched = metric(quantize=quantize, **options)
        watched.update_state(clean[:2], restored[:2])
        watched.update_state(clean[2:], restored[2:])
        assert float(watched.result()) == pytest.approx(
            np.mean(wanted), abs=1e-4
        )
        watched.reset_state()
        watched.update_state(clean[:1], restored[:1])
        assert float(watched.result()) == pytest.approx(wanted[0], abs=1e-4)


def test_dark_flat_images():
    # Where the variance is all but nothing, rounding shows.
    clean = np.full((1, 16, 16, 1), 0.02, "float32")
    restored = clean + random_image(clean.shape) * 0.004
    wanted = ssim_gray(restored[0] * 255, clean[0] * 255)
    assert float(SSIM()(clean, restored)) == pytest.approx(wanted, abs=1e-4)


def test_equal_images():
    clean, _ = images(3)
    assert float(PSNR()(clean, clean)) == pytest.approx(120, abs=1e-3)
    assert float(SSIM()(clean, clean)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("metric", [PSNR, SSIM])
def test_config_and_training(metric):
    one = metric(luma=True, shave=2, quantize=True, name="watched")
    two = metric.from_config(one.get_config())
    assert two.get_config() == one.get_config()
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(one)
    )
    assert type(again) is metric and again.get_config() == one.get_config()
    with pytest.raises(ValueError, match="at least 0"):
        metric(shave=-1)

    image = keras.Input((None, None, 3))
    model = keras.Model(image, keras.layers.Conv2D(3, 3, padding="same")(image))
    model.compile("sgd", "mse", metrics=[metric(name="watched")])
    clean, degraded = images(3, 4)
    before = metric()(clean, model.predict(degraded, verbose=0))
    logs = model.evaluate(degraded, clean, verbose=0, return_dict=True)
    assert logs["watched"] == pytest.approx(float(before), rel=1e-4)
    history = model.fit(degraded, clean, batch_size=2, verbose=0).history
    assert np.isfinite(history["watched"]).all()
