"""Image folders, published datasets, and training patches."""

from kerasrestore.data.datasets import open_dataset
from kerasrestore.data.images import list_images, load_image, rgb_to_gray
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.pair_sampler import PairSampler
from kerasrestore.data.pairs import ImagePair, folder_pairs
from kerasrestore.data.patches import PatchSampler
from kerasrestore.data.records.record_pair_sampler import RecordPairSampler
from kerasrestore.data.records.record_patch_sampler import RecordPatchSampler
from kerasrestore.data.records.records import (
    Records,
    open_records,
    prepare_records,
    write_records,
)
from kerasrestore.data.source_pairs import source_pairs
from kerasrestore.imaging.luma import rgb_to_y, rgb_to_y_bytes

__all__ = [
    "LAYOUTS",
    "ImagePair",
    "PairSampler",
    "PatchSampler",
    "RecordPairSampler",
    "RecordPatchSampler",
    "Records",
    "folder_pairs",
    "list_images",
    "load_image",
    "open_dataset",
    "open_records",
    "prepare_records",
    "rgb_to_gray",
    "rgb_to_y",
    "rgb_to_y_bytes",
    "source_pairs",
    "write_records",
]
