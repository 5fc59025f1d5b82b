"""PSNR and SSIM as Keras metrics, to watch while a model trains."""

import keras
from keras import ops

from kerasrestore.imaging.luma import OFFSET, WEIGHTS
from kerasrestore.metrics.ssim import C1, C2, WINDOW, gaussian_window


class _ImageMetric(keras.metrics.Mean):
    """Mean over images of `_values`, after what the protocols prescribe."""

    def __init__(self, luma, shave, quantize, name, dtype):
        if shave < 0:
            raise ValueError(f"shave is at least 0, got {shave}.")
        super().__init__(name=name, dtype=dtype)
        self.luma = bool(luma)
        self.shave = int(shave)
        self.quantize = bool(quantize)

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = self._values(self._prepared(y_true), self._prepared(y_pred))
        return super().update_state(values, sample_weight=sample_weight)

    def _prepared(self, image):
        image = ops.cast(image, "float32")
        if self.quantize:
            image = ops.round(ops.clip(image, 0.0, 1.0) * 255.0) / 255.0
        if self.luma:
            # Element by element, like the window of SSIM: accelerators may
            # do matrix products and convolutions in less than float32.
            parts = [
                image[..., channel : channel + 1] * (weight / 255.0)
                for channel, weight in enumerate(WEIGHTS)
            ]
            image = sum(parts) + OFFSET / 255.0
        if self.shave:
            inner = slice(self.shave, -self.shave)
            image = image[:, inner, inner]
        return image

    def get_config(self):
        return {
            **super().get_config(),
            "luma": self.luma,
            "shave": self.shave,
            "quantize": self.quantize,
        }


@keras.saving.register_keras_serializable(package="kerasrestore")
class PSNR(_ImageMetric):
    """Mean peak signal-to-noise ratio of images in [0, 1].

    Args:
        luma: whether to measure on Y, as `psnr_y` does; else over all
            channels, as `psnr_rgb` and `psnr_gray` do.
        shave: pixels left out on each side.
        quantize: whether to clip and round both images to 8 bits first, as
            published figures are made.
        name: name of the metric.
        dtype: dtype of the running mean.

    Call arguments:
        y_true: ground truth `(batch, height, width, channels)` in [0, 1].
        y_pred: restored images of the same shape.

    Returns:
        Decibels, the mean of the images' own values. Equal images count as
        120 dB, for the mean of an infinite value would tell nothing.

    Raises:
        ValueError: if `shave` is negative.

    Example:
    >>> import numpy as np
    >>> clean = np.full((1, 8, 8, 3), 0.5, "float32")
    >>> round(float(PSNR()(clean, clean + 0.01)), 2)
    40.0
    """

    def __init__(
        self, luma=False, shave=0, quantize=False, name="psnr", dtype="float32"
    ):
        super().__init__(luma, shave, quantize, name, dtype)

    @staticmethod
    def _values(clean, restored):
        error = ops.mean(ops.square(clean - restored), axis=(1, 2, 3))
        return -10.0 * ops.log10(ops.maximum(error, 1e-12))


@keras.saving.register_keras_serializable(package="kerasrestore")
class SSIM(_ImageMetric):
    """Mean structural similarity of images in [0, 1].

    Args:
        luma: whether to measure on Y, as `ssim_y` does; else the mean over
            the channels, as `ssim_rgb` and `ssim_gray` do.
        shave: pixels left out on each side.
        quantize: whether to clip and round both images to 8 bits first, as
            published figures are made.
        name: name of the metric.
        dtype: dtype of the running mean.

    Call arguments:
        y_true: ground truth `(batch, height, width, channels)` in [0, 1].
        y_pred: restored images of the same shape.

    Returns:
        The mean of the images' own similarities.

    Raises:
        ValueError: if `shave` is negative.

    Example:
    >>> import numpy as np
    >>> clean = np.random.default_rng(0).random((1, 16, 16, 3))
    >>> round(float(SSIM()(clean, clean)), 4)
    1.0
    """

    def __init__(
        self, luma=False, shave=0, quantize=False, name="ssim", dtype="float32"
    ):
        super().__init__(luma, shave, quantize, name, dtype)

    @staticmethod
    def _values(clean, restored):
        # Around the middle of the range, where differences of squares lose
        # fewer digits.
        a, b = clean - 0.5, restored - 0.5
        mean_a, mean_b = _blur(a), _blur(b)
        var_a = _blur(a * a) - mean_a * mean_a
        var_b = _blur(b * b) - mean_b * mean_b
        covariance = _blur(a * b) - mean_a * mean_b
        mean_a, mean_b = mean_a + 0.5, mean_b + 0.5
        c1, c2 = C1 / 255.0**2, C2 / 255.0**2
        similarity = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
        similarity /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
        return ops.mean(similarity, axis=(1, 2, 3))


def _blur(image):
    """Gaussian window over every place where it fits, axis by axis."""
    last = WINDOW - 1
    places = [slice(k, k - last if k < last else None) for k in range(WINDOW)]
    kernel = gaussian_window()
    image = sum(w * image[:, p] for w, p in zip(kernel, places, strict=True))
    return sum(w * image[:, :, p] for w, p in zip(kernel, places, strict=True))
