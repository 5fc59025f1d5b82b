"""PSNR and SSIM of a restored image by the protocols of the papers."""

import numpy as np

from kerasrestore import metrics


def score(restored, clean, *, on_y=False, shave=0, quantize=True):
    """PSNR and SSIM by the protocol of a task's tables; see `Task.score`.

    Args:
        restored, clean, quantize: as in `Task.score`.
        on_y: whether colour images are scored on their Y.
        shave: pixels to leave out on each side.

    Returns:
        Dictionary with `"psnr"` in decibels and `"ssim"`.

    Raises:
        ValueError: if the images differ in shape or have another dtype.
    """
    restored, clean = np.asarray(restored), np.asarray(clean)
    if clean.dtype != np.uint8:
        raise ValueError(
            f"The ground truth must be uint8, got {clean.dtype}; convert "
            "it first."
        )
    if np.issubdtype(restored.dtype, np.floating):
        restored = restored * np.float32(255)
        if quantize:
            restored = np.rint(restored.clip(0, 255))
    elif restored.dtype != np.uint8:
        raise ValueError(
            "The restored image must be uint8, or float on the [0, 1] "
            f"scale, got {restored.dtype}; convert it first."
        )
    if clean.ndim == 2 or clean.shape[-1] == 1:
        psnr, ssim = metrics.psnr_gray, metrics.ssim_gray
    elif on_y:
        psnr, ssim = metrics.psnr_y, metrics.ssim_y
    else:
        psnr, ssim = metrics.psnr_rgb, metrics.ssim_rgb
    return {
        "psnr": psnr(restored, clean, shave),
        "ssim": ssim(restored, clean, shave),
    }
