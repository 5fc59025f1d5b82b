"""Builders of tensorflow-datasets: image sets as records of small tiles.

Once this module is imported, `tfds.data_source` knows `restoration_tiles`.
"""

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from kerasrestore.data.datasets import open_dataset
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.pairs import check_pair
from kerasrestore.data.records.tiles import TILE, VERSION, TileLayout

_INSTRUCTIONS = """
manual_dir is the folder that holds the folders of the sets. Where each set
comes from, its terms and how it has to lie there stands in
kerasrestore.data.LAYOUTS.
"""


@dataclasses.dataclass
class TileConfig(tfds.core.BuilderConfig):
    """What one folder of records is made from.

    Attributes:
        dataset: name of a published set, or `None` with `pairs`.
        split: its part, and the name of the records' only split.
        scale: scale of its low-quality images, as `open_dataset` takes it.
        partial: whether to take a set of which images are missing.
        pairs: list of `ImagePair` to take in place of a published set; all
            of them have the same one or two images.
    """

    dataset: str | None = None
    split: str = "train"
    scale: int | None = None
    partial: bool = False
    pairs: list | None = None


def tile_config(dataset, split, scale=None, partial=False):
    """The configuration for a part of a published set.

    Args:
        dataset: name of the set, one of `LAYOUTS`.
        split: its part.
        scale: scale of the low-quality images, or `None`.
        partial: whether to take a set of which images are missing.

    Returns:
        A `TileConfig` named `DIV2K_train_x2` or `Set5_test_partial`.

    Example:
    >>> tile_config("DIV2K", "train", 2).name
    'DIV2K_train_x2'
    """
    words = [dataset, split, *([f"x{scale}"] if scale else [])]
    return TileConfig(
        name="_".join(words + ["partial"] * partial),
        description=LAYOUTS[dataset].origin,
        dataset=dataset,
        split=split,
        scale=scale,
        partial=partial,
    )


def _configs():
    for layout in LAYOUTS.values():
        for split, part in layout.splits.items():
            scaled = any("{scale}" in glob for glob in part.degraded)
            alone = not any("{scale}" in glob for glob in part.clean)
            for scale in [None] * alone + [2, 3, 4] * scaled:
                yield tile_config(layout.name, split, scale)


class RestorationTiles(tfds.core.GeneratorBasedBuilder):
    """Image sets of this package's layouts, cut into tiles for random access.

    One configuration is one part of one set, `DIV2K_train`, `DIV2K_train_x2`
    or `SIDD_medium`; its records are in one split of the part's name. A
    record holds a tile of the ground truth, the same place of the low-quality
    image where the set has one, and where the tile comes from. Tiles do not
    overlap and hold raw pixels, so that a patch costs the few tiles that it
    touches and not an image. They lie in the order of the images and, within
    one, row by row, for the place of every tile is computed from
    `metadata.json`.

    The folder of the sets is the `manual_dir`; nothing is downloaded.
    `RecordPatchSampler` and `RecordPairSampler` train on the records, and
    `tfds.data_source` reads them anywhere else.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "Set5").mkdir()
    >>> for name in ("baby", "bird", "butterfly", "head", "woman"):
    ...     Image.new("RGB", (130, 100)).save(root / "Set5" / f"{name}.png")
    >>> builder = RestorationTiles(
    ...     config="Set5_test",
    ...     data_dir=root / "records",
    ...     file_format="array_record",
    ... )
    >>> builder.download_and_prepare(
    ...     download_config=tfds.download.DownloadConfig(manual_dir=root)
    ... )
    Downloading and preparing ...
    >>> source = builder.as_data_source("test")
    >>> len(source), source[1]["left"], source[1]["clean"].shape
    (20, 96, (96, 34, 3))
    """

    VERSION = tfds.core.Version(VERSION)
    BUILDER_CONFIGS = list(_configs())  # noqa: RUF012 (as TFDS wants it)
    MANUAL_DOWNLOAD_INSTRUCTIONS = _INSTRUCTIONS

    def _info(self):
        # A tile is bytes: as a list of integers, which is the default, it
        # would be three times as large and slow to read.
        dtype = np.float32 if self.builder_config.dataset == "DND" else np.uint8
        tile = tfds.features.Tensor(
            shape=(None, None, None), dtype=dtype, encoding="bytes"
        )
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            features=tfds.features.FeaturesDict(
                {
                    **dict.fromkeys(self._roles(), tile),
                    "name": tfds.features.Text(doc="name of the image"),
                    "top": tfds.features.Scalar(
                        np.int32, doc="first row of the tile"
                    ),
                    "left": tfds.features.Scalar(
                        np.int32, doc="first column of the tile"
                    ),
                    "height": tfds.features.Scalar(
                        np.int32, doc="rows of the whole image"
                    ),
                    "width": tfds.features.Scalar(
                        np.int32, doc="columns of the whole image"
                    ),
                }
            ),
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(),
        )

    def _roles(self):
        """Which images the records hold."""
        config = self.builder_config
        if config.pairs is not None:
            return _roles_of(config.pairs[0])
        part = LAYOUTS[config.dataset].splits[config.split]
        if part.reader == "dnd":
            return ["degraded"]
        if part.reader == "sidd_validation":
            return ["clean", "degraded"]
        scaled = any("{scale}" in glob for glob in part.degraded)
        paired = part.degraded and not (scaled and config.scale is None)
        return ["clean", "degraded"] if paired else ["clean"]

    def _split_generators(self, dl_manager):
        config = self.builder_config
        pairs = config.pairs
        if pairs is None:
            pairs = open_dataset(
                config.dataset,
                dl_manager.manual_dir,
                config.split,
                config.scale,
                config.partial,
            )
        return {config.split: self._generate_examples(pairs)}

    def _generate_examples(self, pairs):
        layouts, roles = [], self._roles()
        for number, pair in enumerate(pairs):
            if _roles_of(pair) != roles:
                raise ValueError(
                    f"{pair.name} has {_listed(_roles_of(pair))} images, "
                    f"wanted {_listed(roles)} as for the first of its set; "
                    "complete the pair or leave it out."
                )
            images = {role: self._image(pair, role) for role in roles}
            layout = _layout(pair.name, **images)
            layouts.append(dataclasses.astuple(layout))
            # TFDS sorts records by key in buckets, one for each range of
            # 128-bit numbers, and a bucket has to fit into memory.
            key = number * (2**128 // len(pairs))
            for place, (top, left) in enumerate(layout.corners()):
                tiles = {
                    role: _tile(image, layout, role, top, left)
                    for role, image in images.items()
                }
                yield (
                    key + place,
                    {
                        **tiles,
                        "name": pair.name,
                        "top": top,
                        "left": left,
                        "height": layout.height,
                        "width": layout.width,
                    },
                )
        self.info.metadata.update(roles=roles, images=layouts)

    def _image(self, pair, role):
        """An image with as many channels as its file has."""
        load = getattr(pair, f"load_{role}")
        if isinstance(getattr(pair, role), (str, Path)):
            # Colour is not made gray here but stays as it is: what comes
            # back with one channel was gray already.
            image = load(1, np.asarray)
            return image if image.ndim == 3 else image[..., 0]
        image = load(3)
        dtype = self.info.features[role].np_dtype
        if image.dtype != dtype:
            raise ValueError(
                f"{pair.name} is an image of {image.dtype}, records are of "
                f"{np.dtype(dtype)}; convert it first."
            )
        return image


def _roles_of(pair):
    return [
        role
        for role in ("clean", "degraded")
        if getattr(pair, role) is not None
    ]


def _listed(roles):
    return " and ".join(roles) or "no"


def _layout(name, clean=None, degraded=None):
    """Where the tiles are, of a pair that fits each other."""
    if clean is None or degraded is None:
        image = degraded if clean is None else clean
        return TileLayout(name, *image.shape[:2], ratio=1, tile=TILE)
    ratio = max(1, clean.shape[0] // degraded.shape[0])
    check_pair(name, degraded, clean, ratio)
    tile = max(1, TILE // ratio) * ratio
    return TileLayout(name, *clean.shape[:2], ratio, tile)


def _tile(image, layout, role, top, left):
    ratio = layout.ratio if role == "degraded" else 1
    top, left, side = (n // ratio for n in (top, left, layout.tile))
    return np.ascontiguousarray(image[top : top + side, left : left + side])
