"""Folders of images, published sets, and the patches that models train on."""

from kerasrestore.data.datasets import open_dataset
from kerasrestore.data.images import list_images, load_image, rgb_to_gray
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.luma import rgb_to_y, rgb_to_y_bytes
from kerasrestore.data.pair_sampler import PairSampler
from kerasrestore.data.pairs import ImagePair, folder_pairs
from kerasrestore.data.patches import PatchSampler

__all__ = [
    "LAYOUTS",
    "ImagePair",
    "PairSampler",
    "PatchSampler",
    "folder_pairs",
    "list_images",
    "load_image",
    "open_dataset",
    "rgb_to_gray",
    "rgb_to_y",
    "rgb_to_y_bytes",
]
