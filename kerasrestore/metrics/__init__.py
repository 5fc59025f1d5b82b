"""PSNR and SSIM, named by protocol.

Functions on NumPy arrays make the published figures; `PSNR` and `SSIM` are
Keras metrics for training. They are looked up when they are used, so that
measuring needs no Keras.
"""

from kerasrestore.metrics.psnr import psnr_gray, psnr_rgb, psnr_y
from kerasrestore.metrics.shave import shave_border
from kerasrestore.metrics.ssim import ssim_gray, ssim_rgb, ssim_y

__all__ = [
    "PSNR",
    "SSIM",
    "psnr_gray",
    "psnr_rgb",
    "psnr_y",
    "shave_border",
    "ssim_gray",
    "ssim_rgb",
    "ssim_y",
]


def __getattr__(name):
    if name not in ("PSNR", "SSIM"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kerasrestore.metrics import keras_metrics

    return getattr(keras_metrics, name)
