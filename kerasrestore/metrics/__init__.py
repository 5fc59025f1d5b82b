"""PSNR and SSIM, named by protocol."""

from kerasrestore.metrics.psnr import psnr_gray, psnr_rgb
from kerasrestore.metrics.ssim import ssim_gray, ssim_rgb

__all__ = ["psnr_gray", "psnr_rgb", "ssim_gray", "ssim_rgb"]
