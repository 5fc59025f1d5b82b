"""PSNR and SSIM, named by protocol.

The NumPy functions reproduce published results; `PSNR` and `SSIM` are Keras
metrics for training. Names are imported on first use, so that evaluation does
not require Keras.
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
