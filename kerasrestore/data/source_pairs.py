"""Images of a data source of tensorflow-datasets."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrestore.data.pairs import ImagePair


@dataclass(frozen=True)
class SourceImage:
    """One image of a data source, an image of `ImagePair`.

    Attributes:
        source: what `tfds.data_source` gives.
        index: number of the example.
        feature: name of the feature that is the image.
    """

    source: Any
    index: int
    feature: str

    def load(self):
        """The image, uint8 `(H, W, 3)`."""
        image = self.source[self.index][self.feature]
        return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image


def source_pairs(source, degraded="lr", clean="hr"):
    """The images of a data source as pairs.

    For sets that tensorflow-datasets has builders of its own for, whole
    images a record, such as its `div2k`:

        source = tfds.data_source(
            "div2k/bicubic_x2",
            split="train",
            builder_kwargs={"file_format": "array_record"},
        )
        records = write_records("div2k_x2", source_pairs(source), data_dir)

    `PairSampler` takes the pairs too, and decodes whole images.

    Args:
        source: data source whose examples are dictionaries, a sequence.
        degraded: name of the feature with low-quality images, or `None`.
        clean: name of that with their ground truth, or `None`.

    Returns:
        List of `ImagePair`, named by their numbers.

    Raises:
        ValueError: if the source is empty or has no such feature.

    Example:
    >>> source = [{"hr": np.zeros((4, 6, 3), "uint8")}]
    >>> (pair,) = source_pairs(source, degraded=None)
    >>> pair.name, pair.load_clean().shape
    ('0000', (4, 6, 3))
    """
    if not len(source):
        raise ValueError("The data source is empty; give one with images.")
    features = list(source[0])
    for feature in (degraded, clean):
        if feature is not None and feature not in features:
            raise ValueError(
                f"The data source has the features {', '.join(features)}, "
                f"got {feature!r}; name those that are images."
            )

    def image(index, feature):
        return feature and SourceImage(source, index, feature)

    return [
        ImagePair(f"{index:04d}", image(index, degraded), image(index, clean))
        for index in range(len(source))
    ]
