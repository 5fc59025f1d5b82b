"""Denoising of additive white Gaussian noise."""

import numpy as np

from kerasrestore.tasks.task import Task

# Number of noise levels for int8 calibration, evenly spaced over the range.
CALIBRATED = 8


class Denoise(Task):
    """Additive white Gaussian noise and its evaluation protocol.

    Benchmark noise is drawn in float64 with `default_rng([seed, index])`.
    Scores are computed over all channels, without shaving the border; colour
    files are converted to gray ground truth by MATLAB's rgb2gray.

    Args:
        sigma: standard deviation of the noise on the 0..255 scale; a number,
            or a pair `(low, high)` for a level drawn uniformly per patch.
        quantize: whether to clip the noisy image and round it to 8 bits, as
            in the released data of RNAN and PANet. Off by default.

    Raises:
        ValueError: if sigma is neither a number nor a pair, or is negative
            or not finite, or if the pair is not in ascending order.

    Example:
    >>> import numpy as np
    >>> task = Denoise(sigma=25)
    >>> clean = np.full((64, 64, 3), 0.5, "float32")
    >>> noisy, sigma = task.degrade(clean, np.random.default_rng(0))
    >>> float(sigma), round(float(np.std(noisy) * 255))
    (25.0, 25)

    References:
        - RNAN, tables 2 (colour), 3 (gray) and 8; PANet, table 1; NLRN,
          tables 4 and 5; DANet, tables 2 (gray) and 3 (colour).
        - The noisy images released with RNAN and PANet are clipped and
          rounded (`quantize=True`); those of DnCNN, NLRN and most others are
          not.
    """

    name = "denoise"
    degradation = "gaussian"
    setting_argument = "sigma"
    setting_help = "the noise level sigma, 0 to 255"
    setting_format = "sigma {}"
    setting_required = True
    usual_setting = 25
    benchmark_settings = (15, 25, 50)

    def __init__(self, sigma=(0.0, 55.0), quantize=False):
        try:
            pair = sigma if isinstance(sigma, (tuple, list)) else (sigma,) * 2
            low, high = map(float, pair)
        except (TypeError, ValueError):
            low = high = float("nan")  # rejected below
        if not (0.0 <= low <= high < float("inf")):
            raise ValueError(
                "sigma must be a number of at least 0 or a pair (low, high) on "
                f"the 0..255 scale, got {sigma!r}."
            )
        self.sigma = (low, high)
        self.quantize = bool(quantize)

    @property
    def setting(self):
        low, high = self.sigma
        if low != high:
            raise ValueError(
                "A benchmark requires one noise level, got the range "
                f"{low:g}..{high:g}; use Denoise(sigma=25), for example."
            )
        return low

    @classmethod
    def calibration_tasks(cls, model, sigma_range=(0, 55)):
        levels = np.linspace(*sigma_range, CALIBRATED)
        return tuple(cls(float(level)) for level in levels)

    @property
    def label(self):
        return f"sigma{self.setting:g}"

    @property
    def sigma_range(self):
        return self.sigma

    @property
    def quantize_input(self):
        return self.quantize

    def validation_tasks(self):
        low, high = self.sigma
        if low == high:
            return (self,)
        return tuple(
            Denoise(sigma, self.quantize)
            for sigma in self._settings_within(low, high)
        )

    def _degrade_patch(self, clean, rng):
        low, high = self.sigma
        sigma = np.float32(low if low == high else rng.uniform(low, high))
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return self._finish(clean + noise * (sigma / np.float32(255))), sigma

    def _degrade_image(self, clean, rng):
        noise = rng.normal(0.0, self.setting, clean.shape)
        noisy = (clean.astype(np.float64) + noise) / 255.0
        return self._finish(noisy.astype(np.float32))

    def draw_tensors(self, shape, seed=None):
        import keras

        low, high = self.sigma
        sigma = keras.random.uniform(shape[:1], low, high, seed=seed)
        # The same integer seed would correlate noise levels and noise.
        again = seed + 1 if isinstance(seed, int) else seed
        return {
            "sigma": sigma,
            "noise": keras.random.normal(shape, seed=again),
        }

    def pair_tensors(self, clean, drawn):
        from keras import ops

        sigma = drawn["sigma"]
        noisy = clean + drawn["noise"] * (sigma / 255.0)[:, None, None, None]
        if self.quantize:
            noisy = ops.round(ops.clip(noisy, 0.0, 1.0) * 255.0) / 255.0
        return noisy, clean, sigma

    def _finish(self, noisy):
        if not self.quantize:
            return noisy
        levels = np.rint(np.clip(noisy, 0.0, 1.0) * np.float32(255))
        return levels / np.float32(255)

    def get_config(self):
        """Constructor arguments that recreate this task."""
        return {"sigma": list(self.sigma), "quantize": self.quantize}
