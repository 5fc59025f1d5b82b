"""Sensor noise, and its propagation through a camera's processing."""

import numpy as np

from kerasrestore.imaging.resizing import resized
from kerasrestore.tasks.camera.bayer import (
    PHASES,
    demosaic_bilinear,
    demosaic_malvar,
    mosaic,
)
from kerasrestore.tasks.camera.filters import blur, rms, split_luma
from kerasrestore.tasks.camera.raw_pipeline import RawPipeline

DEMOSAICS = (demosaic_malvar, demosaic_bilinear, None)
DEMOSAIC_SHARES = (0.5, 0.25, 0.25)
ROW_NOISE_SHARE = 0.1
FILTER_SHARE = 0.3
RESIZE_SHARE = 0.25
# Pixels (sigma) over which the shift in brightness is averaged.
SHIFT_BLUR = 6.0


def photograph(image, rng, shot, denoised):
    """Simulates a photograph of an image, with and without noise.

    Clipping and gamma turn noise into a shift in brightness, up in shadows and
    down in midtones and highlights. It is part of the photograph without
    noise too, as if that were the mean of many shots: otherwise models learn
    to change the brightness of noisy photographs, often wrongly.

    Args:
        image: float32 array `(H, W, 3)` in [0, 1].
        rng: `numpy.random.Generator`.
        shot: lowest and highest variance of the shot noise of a white pixel
            on the [0, 1] scale of the sensor.
        denoised: fraction of photographs with in-camera denoising.

    Returns:
        `(noisy, clean)`: the photograph with and without noise, float32
        arrays `(H, W, 3)` in [0, 1], not rounded.

    References:
        - Brooks et al., "Unprocessing Images for Learned Raw Denoising",
          CVPR 2019: sensor, noise variances, development.
        - Zamir et al., "CycleISP", CVPR 2020: noise before demosaicing,
          photographs after it.
    """
    height, width = image.shape[:2]
    shrunk = rng.random() < RESIZE_SHARE
    if shrunk:
        # The photograph is simulated at a larger size and downscaled
        # afterwards. The image gains no detail there, but the noise does.
        factor = rng.uniform(1.0, 2.5)
        image = np.clip(
            resized(image, round(height * factor), round(width * factor)), 0, 1
        )
    denoising = rng.random() < denoised
    if denoising:
        # Cameras denoise their noisier photographs.
        shot = (np.sqrt(shot[0] * shot[1]), shot[1])
    noisy, opposite, clean = _develop(image, rng, shot)
    shifted = _shifted(clean, noisy, opposite)
    if denoising:
        noisy = clean + denoise_in_camera(noisy - shifted, rng)
    else:
        clean = shifted
    if rng.random() < FILTER_SHARE:
        noisy, clean = _filtered(noisy, clean, rng)
    if shrunk:
        noisy, clean = (
            resized(photo, height, width) for photo in (noisy, clean)
        )
    photos = (noisy, 2 * clean - noisy, clean)
    noisy, opposite, clean = (np.clip(photo, 0, 1) for photo in photos)
    return noisy, np.clip(_shifted(clean, noisy, opposite), 0, 1)


def _shifted(clean, noisy, opposite):
    """A photograph with the shift in brightness due to its noise.

    Args:
        clean: the photograph without noise, float32 array `(H, W, 3)`.
        noisy, opposite: the same with noise, and with its negative.
    """
    return clean + blur((noisy + opposite) / 2 - clean, SHIFT_BLUR)


def _develop(image, rng, shot):
    """The photograph with noise, with its negative, and without noise."""
    pipeline = RawPipeline(rng)
    linear = pipeline.unprocess(image)
    demosaic = DEMOSAICS[rng.choice(len(DEMOSAICS), p=DEMOSAIC_SHARES)]
    if demosaic is None:
        samples = linear
    else:
        phase = PHASES[rng.integers(len(PHASES))]
        samples = mosaic(linear, phase)
    noise = sensor_noise(samples, rng, shot)
    return tuple(
        pipeline.develop(raw if demosaic is None else demosaic(raw, phase))
        for raw in (
            np.clip(samples + noise, 0, 1),
            np.clip(samples - noise, 0, 1),
            samples,
        )
    )


def sensor_noise(samples, rng, shot):
    """Shot and read noise of linear samples, sometimes with row noise.

    Args:
        samples: float32 array `(H, W)` or `(H, W, 3)` in [0, 1].
        rng: `numpy.random.Generator`.
        shot: range of the variance of the shot noise, drawn log-uniformly.

    Returns:
        float32 array of the same shape.

    References:
        Brooks et al., equation 12: ln(read) = 2.18 ln(shot) + 1.2 + N(0, 0.26).
    """
    low, high = np.log(shot)
    log_shot = rng.uniform(low, high)
    log_read = 2.18 * log_shot + 1.2 + rng.normal(0, 0.26)
    variance = samples * np.float32(np.exp(log_shot))
    deviation = np.sqrt(variance + np.float32(np.exp(log_read)))
    noise = deviation * rng.standard_normal(samples.shape, dtype=np.float32)
    if rng.random() < ROW_NOISE_SHARE:
        rows = (len(samples),) + (1,) * (samples.ndim - 1)
        share = np.float32(rng.uniform(0.1, 0.4))
        noise += (
            share
            * deviation.mean()
            * rng.standard_normal(rows, dtype=np.float32)
        )
    return noise


def denoise_in_camera(noise, rng):
    """Simulates the noise that remains after in-camera denoising.

    It is weaker and blurred, chroma more than luma: fine luma grain with
    large chroma blotches. The denoiser is assumed to be ideal, blurring the
    noise but not the photograph.

    Args:
        noise: float32 array `(H, W, 3)`.
        rng: `numpy.random.Generator`.

    Returns:
        float32 array `(H, W, 3)`.
    """
    height, width = noise.shape[:2]
    luma, chroma = split_luma(noise)
    luma = blur(luma, rng.uniform(0.4, 1.2))
    # Blotches: the chroma noise at a fraction of the resolution.
    factor = np.exp(rng.uniform(np.log(8.0), np.log(28.0)))
    small = [max(4, round(side / factor)) for side in (height, width)]
    chroma = resized(resized(chroma, *small), height, width)
    level = np.exp(rng.normal(np.log(4.0 / 255), 0.6))
    ratio = rng.uniform(0.3, 1.2)
    return _weakened(luma, level) + _weakened(chroma, level * ratio)


def _weakened(noise, level):
    """Scales noise down to an RMS of `level`; weaker noise is unchanged."""
    return noise * np.float32(min(1.0, level / max(rms(noise), 1e-6)))


def _filtered(noisy, clean, rng):
    """Both photographs, blurred or sharpened alike."""
    if rng.random() < 0.5:
        sigma = rng.uniform(0.4, 1.2)
        return blur(noisy, sigma), blur(clean, sigma)
    sigma, amount = rng.uniform(0.6, 1.5), np.float32(rng.uniform(0.2, 1.0))
    return tuple(
        np.clip(photo + amount * (photo - blur(photo, sigma)), 0, 1)
        for photo in (noisy, clean)
    )
