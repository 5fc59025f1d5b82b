"""Noise of film, scanners and other sources than a digital camera."""

import numpy as np

from kerasrestore.tasks.camera.filters import LUMA, blur, rms


def gaussian_noise(image, rng, sigma):
    """Adds white Gaussian noise, independent in all channels.

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
    """Adds film grain or noise correlated between the channels.

    Half of the images have noise that is equal in all channels, as in gray
    images stored as RGB; the others have luma noise with a little chroma
    noise, noise with a random covariance of the channels, or noise with a
    variance proportional to the signal, like Poisson noise. For half of all
    images, the noise is blurred to a grain of 0.5 to 2 pixels (sigma).

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
    # Weak noise is drawn more often: few scans are very noisy.
    low, high = sigma
    level = (low + (high - low) * rng.random() ** 1.5) / 255
    return image + noise * np.float32(level / max(rms(noise), 1e-6))


def monochrome(noisy, clean, rng):
    """Converts both to black and white, sometimes with a colour tone.

    Args:
        noisy: float32 array `(H, W, 3)`.
        clean: the same image without noise.
        rng: `numpy.random.Generator`.

    Returns:
        Both images, float32 arrays `(H, W, 3)`.
    """
    toned = rng.random() < 0.4
    low, high = rng.uniform(0.0, 0.1, 3), rng.uniform(0.7, 1.2, 3)
    power = np.float32(rng.uniform(0.8, 1.25, 3))
    result = []
    for photo in (noisy, clean):
        gray = (photo @ LUMA)[..., None]
        if toned:
            # Clean gray is in [0, 1], but noisy gray may be outside.
            tone = np.sign(gray) * np.abs(gray) ** power
            gray = np.float32(low) + np.float32(high - low) * tone
        result.append(np.repeat(gray, 3, -1) if gray.shape[-1] == 1 else gray)
    noisy, clean = result
    return noisy, np.clip(clean, 0, 1)
