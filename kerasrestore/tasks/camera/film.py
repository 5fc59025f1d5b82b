"""Noise of film, scanners and other sources that are not one camera."""

import numpy as np

from kerasrestore.tasks.camera.filters import LUMA, blur, rms


def gaussian_noise(image, rng, sigma):
    """White Gaussian noise, independent in all channels.

    Args:
        image: float32 array `(H, W, C)` in [0, 1].
        rng: `numpy.random.Generator`.
        sigma: lowest and highest standard deviation on the 0..255 scale.

    Returns:
        float32 array `(H, W, C)`, not clipped.
    """
    level = np.float32(rng.uniform(*sigma) / 255)
    return image + level * rng.standard_normal(image.shape, dtype=np.float32)


def film_noise(image, rng, sigma):
    """Grain, noise equal in all channels, photon noise and the like.

    Half of the images have noise that is equal in all channels, as gray
    pictures stored in colour have it; the others luminance noise with a
    little colour, a random covariance of the channels, or Poisson noise. Half
    of all are blurred to a grain of 0.5 to 2 pixels.

    Args:
        image: float32 array `(H, W, C)` in [0, 1].
        rng: `numpy.random.Generator`.
        sigma: lowest and highest standard deviation on the 0..255 scale.

    Returns:
        float32 array `(H, W, C)`, not clipped.
    """
    channels = image.shape[-1]
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    kind = rng.choice(4, p=(0.5, 0.15, 0.2, 0.15))
    if kind == 0:
        noise[:] = noise[..., :1]
    elif kind == 1 and channels == 3:
        noise = noise[..., :1] + np.float32(0.2) * noise
    elif kind == 2 and channels == 3:
        mix = rng.normal(size=(3, 3)).astype(np.float32)
        noise = noise @ (mix / np.linalg.norm(mix, axis=0))
    elif kind == 3:
        noise *= np.sqrt(image + np.float32(0.01))
    if rng.random() < 0.5:
        noise = blur(noise, rng.uniform(0.5, 2.0))
    # Weak noise more often than strong noise: scans are seldom that bad.
    low, high = sigma
    level = (low + (high - low) * rng.random() ** 1.5) / 255
    return image + noise * np.float32(level / max(rms(noise), 1e-6))


def monochrome(noisy, clean, rng):
    """Both as one black-and-white picture, now and then toned.

    Args:
        noisy: float32 array `(H, W, 3)`.
        clean: the same without noise.
        rng: `numpy.random.Generator`.

    Returns:
        Both, float32 arrays `(H, W, 3)`.
    """
    toned = rng.random() < 0.4
    low, high = rng.uniform(0.0, 0.1, 3), rng.uniform(0.7, 1.2, 3)
    power = np.float32(rng.uniform(0.8, 1.25, 3))
    result = []
    for photo in (noisy, clean):
        gray = (photo @ LUMA)[..., None]
        if toned:
            # Clean gray lies in [0, 1]; noise may go beyond.
            tone = np.sign(gray) * np.abs(gray) ** power
            gray = np.float32(low) + np.float32(high - low) * tone
        result.append(np.repeat(gray, 3, -1) if gray.shape[-1] == 1 else gray)
    noisy, clean = result
    return noisy, np.clip(clean, 0, 1)
