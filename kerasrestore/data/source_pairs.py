"""Images from a tensorflow-datasets data source."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrestore.data.pairs import ImagePair


@dataclass(frozen=True)
class SourceImage:
    """One image of a data source, usable as an image of an `ImagePair`.

    Attributes:
        source: data source, as returned by `tfds.data_source`.
        index: index of the example.
        feature: name of the image feature.
    """

    source: Any
    index: int
    feature: str

    def load(self):
        """The image, uint8 `(H, W, 3)`."""
        image = self.source[self.index][self.feature]
        return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image


def source_pairs(source, degraded="lr", clean="hr"):
    """Pairs the images of a data source.

    For datasets with a tensorflow-datasets builder that stores one image per
    record, such as `div2k`:

        source = tfds.data_source(
            "div2k/bicubic_x2",
            split="train",
            builder_kwargs={"file_format": "array_record"},
        )
        records = write_records("div2k_x2", source_pairs(source), data_dir)

    The pairs also work with `PairSampler`, which decodes whole images.

    Args:
        source: data source, a sequence of dictionaries.
        degraded: name of the feature with low-quality images, or `None`.
        clean: name of the feature with their ground truth, or `None`.

    Returns:
        List of `ImagePair`, named by index.

    Raises:
        ValueError: if the source is empty or lacks a feature.

    Example:
    >>> source = [{"hr": np.zeros((4, 6, 3), "uint8")}]
    >>> (pair,) = source_pairs(source, degraded=None)
    >>> pair.name, pair.load_clean().shape
    ('0000', (4, 6, 3))
    """
    if not len(source):
        raise ValueError("The data source is empty; use one with images.")
    features = list(source[0])
    for feature in (degraded, clean):
        if feature is not None and feature not in features:
            raise ValueError(
                f"The data source has the features {', '.join(features)}, "
                f"got {feature!r}; name its image features."
            )

    def image(index, feature):
        return feature and SourceImage(source, index, feature)

    return [
        ImagePair(f"{index:04d}", image(index, degraded), image(index, clean))
        for index in range(len(source))
    ]
