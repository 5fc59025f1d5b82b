"""Removal of additive white Gaussian noise."""

import numpy as np


class Denoise:
    """Additive white Gaussian noise: how it is drawn and how it is scored.

    Args:
        sigma: standard deviation of the noise on the 0..255 scale; a number,
            or a pair `(low, high)` from which every patch draws its own
            uniformly.
        quantize: clip and round the noisy image to 8 bits, as the released
            RNAN and PANet data were made. Off by default.

    Raises:
        ValueError: if sigma is neither a number nor a pair, is negative, not
            finite, or a pair out of order.

    Example:
    >>> import numpy as np
    >>> task = Denoise(sigma=25)
    >>> clean = np.full((64, 64, 3), 0.5, "float32")
    >>> noisy, sigma = task.degrade(clean, np.random.default_rng(0))
    >>> float(sigma), round(float(np.std(noisy) * 255))
    (25.0, 25)
    """

    name = "denoise"

    def __init__(self, sigma=(0.0, 55.0), quantize=False):
        try:
            pair = sigma if isinstance(sigma, (tuple, list)) else (sigma,) * 2
            low, high = map(float, pair)
        except (TypeError, ValueError):
            low = high = float("nan")  # refused below, like NaN itself
        if not (0.0 <= low <= high < float("inf")):
            raise ValueError(
                "sigma is a number of at least 0 or a pair (low, high) on the "
                f"0..255 scale, got {sigma!r}."
            )
        self.sigma = (low, high)
        self.quantize = bool(quantize)

    def degrade(self, clean, rng):
        """Draws a noisy version of one training patch.

        Args:
            clean: float32 array `(H, W, C)` in [0, 1].
            rng: `numpy.random.Generator`.

        Returns:
            The noisy patch, float32, not clipped unless `quantize`; and the
            sigma that was drawn, 0..255 scale.
        """
        low, high = self.sigma
        sigma = np.float32(low if low == high else rng.uniform(low, high))
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return self._finish(clean + noise * (sigma / np.float32(255))), sigma

    def degrade_benchmark(self, clean, index, seed=0):
        """The noisy version of a benchmark image, the same on every machine.

        Args:
            clean: uint8 array `(H, W)` or `(H, W, C)`.
            index: position of the image in its set, files sorted by name.
            seed: first word of the generator's seed.

        Returns:
            float32 array of the same shape on the [0, 1] scale, not clipped
            unless `quantize`.

        Raises:
            ValueError: if sigma is a range: benchmarks have one noise level.
        """
        low, high = self.sigma
        if low != high:
            raise ValueError(
                "A benchmark has one noise level, got the range "
                f"{low:g}..{high:g}; use Denoise(sigma=25), for example."
            )
        noise = np.random.default_rng([seed, index]).normal(
            0.0, low, clean.shape
        )
        noisy = (clean.astype(np.float64) + noise) / 255.0
        return self._finish(noisy.astype(np.float32))

    def _finish(self, noisy):
        if not self.quantize:
            return noisy
        levels = np.rint(np.clip(noisy, 0.0, 1.0) * np.float32(255))
        return levels / np.float32(255)

    def get_config(self):
        """Arguments that build this task again."""
        return {"sigma": list(self.sigma), "quantize": self.quantize}
