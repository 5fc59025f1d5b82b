"""PSNR and SSIM, named by protocol.

Functions on NumPy arrays give the published figures; `PSNR` and `SSIM` are
Keras metrics for training. Names are imported when they are first used, so
that measuring needs no Keras.
"""

from kerasrestore.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "kerasrestore.metrics.keras_metrics": ["PSNR", "SSIM"],
        "kerasrestore.metrics.psnr": ["psnr_gray", "psnr_rgb", "psnr_y"],
        "kerasrestore.metrics.shave": ["shave_border"],
        "kerasrestore.metrics.ssim": ["ssim_gray", "ssim_rgb", "ssim_y"],
    },
)
