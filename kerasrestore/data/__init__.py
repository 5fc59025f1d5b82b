"""Folders of images and the patches that models train on."""

from kerasrestore.data.images import list_images, load_image, rgb_to_gray
from kerasrestore.data.patches import PatchSampler

__all__ = ["PatchSampler", "list_images", "load_image", "rgb_to_gray"]
