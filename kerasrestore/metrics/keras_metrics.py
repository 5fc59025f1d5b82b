"""PSNR and SSIM as Keras metrics, for monitoring training."""

import keras
from keras import ops

from kerasrestore.imaging.luma import OFFSET, WEIGHTS
from kerasrestore.metrics.ssim import C1, C2, WINDOW, gaussian_window


class _ImageMetric(keras.metrics.Mean):
    """Mean of `_values` over images preprocessed by the protocol."""

    def __init__(self, luma, shave, quantize, name, dtype):
        if shave < 0:
            raise ValueError(f"shave must be at least 0, got {shave}.")
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
            # Elementwise, like the window of SSIM: accelerators may compute
            # matrix products and convolutions in less than float32.
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
        luma: whether to compute it on Y, like `psnr_y`, or over all channels,
            like `psnr_rgb` and `psnr_gray`.
        shave: width of the border left out, in pixels.
        quantize: whether to clip and round both images to 8 bits first, as
            for published results.
        name: name of the metric.
        dtype: dtype of the running mean.

    Call arguments:
        y_true: ground truth `(batch, height, width, channels)` in [0, 1].
        y_pred: restored images of the same shape.

    Returns:
        Mean over the images of their PSNR in decibels. The PSNR of an image
        is capped at 120 dB, so that identical images do not make the mean
        infinite.

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
        luma: whether to compute it on Y, like `ssim_y`, or as the mean over
            all channels, like `ssim_rgb` and `ssim_gray`.
        shave: width of the border left out, in pixels.
        quantize: whether to clip and round both images to 8 bits first, as
            for published results.
        name: name of the metric.
        dtype: dtype of the running mean.

    Call arguments:
        y_true: ground truth `(batch, height, width, channels)` in [0, 1].
        y_pred: restored images of the same shape.

    Returns:
        Mean over the images of their SSIM.

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
        # Centred on zero, so that the differences of squares lose fewer digits.
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
    """Separable Gaussian window, at every position where it fits."""
    last = WINDOW - 1
    places = [slice(k, k - last if k < last else None) for k in range(WINDOW)]
    kernel = gaussian_window()
    image = sum(w * image[:, p] for w, p in zip(kernel, places, strict=True))
    return sum(w * image[:, :, p] for w, p in zip(kernel, places, strict=True))
