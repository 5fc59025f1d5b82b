"""Realistic noise of photographs."""

import numpy as np

from kerasrestore.tasks.camera.film import (
    film_noise,
    gaussian_noise,
    monochrome,
)
from kerasrestore.tasks.camera.filters import LUMA, rms
from kerasrestore.tasks.camera.photo_file import (
    MONOCHROME_SHARE,
    ROUNDED_SHARE,
    jpeg_round_trip,
    rounded,
)
from kerasrestore.tasks.camera.sensor import photograph
from kerasrestore.tasks.task import Task

SHARES = {"camera": 0.6, "gaussian": 0.2, "film": 0.1, "clean": 0.1}


class CameraNoise(Task):
    """Mixture of noise from cameras, film and image files.

    Camera noise is simulated on the sensor and passed through the camera's
    processing: the image is converted to linear raw data and sampled through
    a Bayer mosaic, noise is added, and the result is developed, optionally
    denoised, sharpened, blurred or downscaled, rounded and compressed.

    The restoration target is the noise-free output of the same processing
    before rounding and JPEG, not the original image: a model should not undo
    demosaicing and development. Like the mean of many shots, it is as bright
    as the noisy photograph.

    Args:
        shot: lowest and highest variance of the shot noise of a white pixel
            on the [0, 1] scale of the sensor, or one variance for all images.
        shares: fraction of images of each kind, with a sum of 1: `"camera"`,
            `"gaussian"` (white noise; half of these images are clipped,
            rounded and possibly compressed), `"film"` (grain, or noise equal
            in all channels; likewise) and `"clean"` (the target is the
            input). Kinds not given have a fraction of 0.
        denoised: fraction of camera photographs with in-camera denoising.
        sigma: lowest and highest noise level of `"gaussian"` and `"film"`, on
            the 0..255 scale.
        jpeg: fraction of images rounded to 8 bits that are also compressed as
            JPEG.
        quality: lowest and highest JPEG quality, or one quality for all;
            drawn mostly from the upper half of the range.

    Raises:
        ValueError: if a value is out of range, a kind is unknown or the
            shares do not add up to 1.

    Example:
    >>> task = CameraNoise(shares={"camera": 1.0})
    >>> image = np.full((64, 64, 3), 0.5, "float32")
    >>> noisy, clean, level = task.training_pair(
    ...     image, np.random.default_rng(0)
    ... )
    >>> noisy.shape, clean.shape, bool(level > 0)
    ((64, 64, 3), (64, 64, 3), True)

    References:
        - Brooks et al., "Unprocessing Images for Learned Raw Denoising",
          CVPR 2019.
        - Guo et al., "Toward Convolutional Blind Denoising of Real
          Photographs", CVPR 2019 (CBDNet): JPEG.
        - Zhang et al., "Practical Blind Denoising via Swin-Conv-UNet and
          Data Synthesis", 2023 (SCUNet): the mixture.
    """

    name = "denoise"
    degradation = "camera"
    setting_argument = "shot"
    setting_help = (
        "the variance of the shot noise of a white pixel on the sensor, "
        "1e-8 to 1"
    )
    published = False
    # The grid of JPEG blocks may be shifted by up to seven pixels.
    halo = 8

    def __init__(
        self,
        shot=(1e-4, 2.2e-2),
        shares=None,
        denoised=0.65,
        sigma=(0.0, 55.0),
        jpeg=0.8,
        quality=(50, 99),
    ):
        shares = dict(SHARES if shares is None else shares)
        unknown = sorted(shares.keys() - SHARES.keys())
        if (
            unknown
            or min(shares.values(), default=0) < 0
            or abs(sum(shares.values()) - 1) > 1e-6
        ):
            raise ValueError(
                f"The shares of {', '.join(SHARES)} must be at least 0 and add "
                f"up to 1, got {shares}."
            )
        self.shares = shares
        self.shot = _range("shot", shot, 1e-8, 1.0)
        self.sigma = _range("sigma", sigma, 0.0, 255.0)
        self.quality = tuple(int(q) for q in _range("quality", quality, 1, 100))
        self.denoised = _range("denoised", (0.0, denoised), 0.0, 1.0)[1]
        self.jpeg = _range("jpeg", (0.0, jpeg), 0.0, 1.0)[1]

    def training_pair(self, clean, rng):
        return self._pair(clean, rng, aligned=False)

    def degrade_benchmark(self, clean, index, seed=0):
        return self.benchmark_pair(clean, index, seed)[0]

    def benchmark_pair(self, clean, index, seed=0):
        image = self._checked(clean) / np.float32(255)
        flat = image.ndim == 2
        noisy, target, _ = self._pair(
            image[..., None] if flat else image,
            np.random.default_rng([seed, index]),
            aligned=True,
        )
        target = np.rint(target * np.float32(255)).astype(np.uint8)
        return (noisy[..., 0], target[..., 0]) if flat else (noisy, target)

    def strength(self, degraded, target):
        levels = np.asarray(target, np.float32)
        return rms(np.asarray(degraded) * np.float32(255) - levels)

    @property
    def label(self):
        kinds = [kind for kind, share in self.shares.items() if share]
        return kinds[0] if len(kinds) == 1 else self.name

    @property
    def degradation_label(self):
        kinds = "+".join(kind for kind, share in self.shares.items() if share)
        usual = CameraNoise(shares=self.shares).get_config()
        changed = [
            f" {name}={_text(value)}"
            for name, value in self.get_config().items()
            if value != usual[name]
        ]
        return kinds + "".join(changed)

    @property
    def sigma_range(self):
        return self.sigma

    def validation_tasks(self):
        config = self.get_config()
        return tuple(
            CameraNoise(**{**config, "shares": {kind: 1.0}})
            for kind, share in self.shares.items()
            if share
        )

    def _degrade_patch(self, clean, rng):
        noisy, _, level = self.training_pair(clean, rng)
        return noisy, level

    def _pair(self, clean, rng, aligned):
        """The noisy image, its target and their RMS difference (0..255)."""
        # Independent streams, so that one draw does not shift the others.
        kinds, pixels, file = rng.spawn(3)
        clean = np.asarray(clean, np.float32)
        kind = kinds.choice(list(self.shares), p=list(self.shares.values()))
        gray_photo = kinds.random() < MONOCHROME_SHARE
        to_8_bits = kinds.random() < ROUNDED_SHARE or kind == "camera"
        as_jpeg = kinds.random() < self.jpeg
        if kind == "camera":
            noisy, target = self._photograph(clean, pixels)
        elif kind == "gaussian":
            noisy, target = gaussian_noise(clean, pixels, self.sigma), clean
        elif kind == "film":
            noisy, target = film_noise(clean, pixels, self.sigma), clean
        else:
            return clean, clean, np.float32(0)
        if gray_photo and clean.shape[-1] == 3:
            noisy, target = monochrome(noisy, target, pixels)
        if to_8_bits:
            noisy = rounded(noisy)
            if as_jpeg:
                noisy = jpeg_round_trip(noisy, file, self.quality, aligned)
        return noisy, target, np.float32(255 * rms(noisy - target))

    def _photograph(self, clean, rng):
        if clean.shape[-1] == 3:
            return photograph(clean, rng, self.shot, self.denoised)
        # A gray photograph is the luma of a colour one.
        colour = np.repeat(clean, 3, axis=-1)
        return tuple(
            (photo @ LUMA)[..., None]
            for photo in photograph(colour, rng, self.shot, self.denoised)
        )

    def draw_tensors(self, shape, seed=None):
        from kerasrestore.tasks.camera.tensors.draws import draw

        return draw(shape, seed)

    def pair_tensors(self, clean, drawn):
        """See `Task.pair_tensors`; the images need to be square, at least 20
        pixels a side."""
        from kerasrestore.tasks.camera.tensors.mixture import noisy_pair

        height, width = clean.shape[1:3]
        if height != width or not isinstance(height, int) or height < 20:
            raise ValueError(
                "Camera noise of tensors needs square images of a known side "
                f"of at least 20 pixels, got {tuple(clean.shape)}; reshape "
                "them or degrade NumPy patches."
            )
        return noisy_pair(self, clean, drawn)

    def get_config(self):
        """Constructor arguments that recreate this task."""
        return {
            "shot": list(self.shot),
            "shares": dict(self.shares),
            "denoised": self.denoised,
            "sigma": list(self.sigma),
            "jpeg": self.jpeg,
            "quality": list(self.quality),
        }


def _range(name, pair, lowest, highest):
    if not isinstance(pair, (tuple, list)):
        pair = (pair, pair)
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError):
        low = high = float("nan")  # rejected below
    if not lowest <= low <= high <= highest:
        raise ValueError(
            f"{name} must be within {lowest:g}..{highest:g}, in ascending "
            f"order if it is a range, got {pair!r}."
        )
    return low, high


def _text(value):
    if not isinstance(value, list):
        return f"{value:g}"
    return "..".join(f"{one:g}" for one in dict.fromkeys(value))
