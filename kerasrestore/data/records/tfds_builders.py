"""tensorflow-datasets builder: image datasets as records of small tiles.

Importing this module registers `restoration_tiles` with `tfds.data_source`.
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
manual_dir is the folder that contains the dataset folders. For the source,
licence and folder structure of each dataset see kerasrestore.data.LAYOUTS.
"""


@dataclasses.dataclass
class TileConfig(tfds.core.BuilderConfig):
    """Source of one record folder.

    Attributes:
        dataset: name of a published dataset, or `None` with `pairs`.
        split: split of the dataset, and name of the records' only split.
        scale: scale of the low-quality images, as in `open_dataset`.
        partial: whether to accept an incomplete dataset.
        pairs: list of `ImagePair` to use instead of a published dataset; all
            must have the same roles.
    """

    dataset: str | None = None
    split: str = "train"
    scale: int | None = None
    partial: bool = False
    pairs: list | None = None


def tile_config(dataset, split, scale=None, partial=False):
    """Configuration for one split of a published dataset.

    Args:
        dataset: name of the dataset, a key of `LAYOUTS`.
        split: split of the dataset.
        scale: scale of the low-quality images, or `None`.
        partial: whether to accept an incomplete dataset.

    Returns:
        A `TileConfig`, named like `DIV2K_train_x2` or `Set5_test_partial`.

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
    """Datasets of `LAYOUTS`, cut into tiles for random access.

    Each configuration is one split of one dataset, such as `DIV2K_train`,
    `DIV2K_train_x2` or `SIDD_medium`, and has a single split of the same
    name. A record contains a tile of the ground truth, the matching tile of
    the low-quality image if there is one, and the tile's position. Tiles do
    not overlap and store raw pixels, so reading a patch costs only the few
    tiles that it touches. They are stored image by image, in row-major order
    within an image, because tile positions are computed from
    `metadata.json`.

    The folder with the datasets is the `manual_dir`; nothing is downloaded.
    `RecordPatchSampler` and `RecordPairSampler` train on the records;
    `tfds.data_source` reads them for any other use.

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
    BUILDER_CONFIGS = list(_configs())  # noqa: RUF012 (required by TFDS)
    MANUAL_DOWNLOAD_INSTRUCTIONS = _INSTRUCTIONS

    def _info(self):
        # Tiles are stored as bytes: the default, a list of integers, is three
        # times as large and slow to read.
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
        """Roles of the images in the records."""
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
                    f"expected {_listed(roles)} like the first pair; "
                    "complete the pair or remove it."
                )
            images = {role: self._image(pair, role) for role in roles}
            layout = _layout(pair.name, **images)
            layouts.append(dataclasses.astuple(layout))
            # TFDS sorts records in buckets of 128-bit key ranges, each of
            # which must fit into memory, so spread the keys evenly.
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
        """An image with the channels of its file."""
        load = getattr(pair, f"load_{role}")
        if isinstance(getattr(pair, role), (str, Path)):
            # `np.asarray` keeps colour images unconverted; an image with one
            # channel was gray in the file.
            image = load(1, np.asarray)
            return image if image.ndim == 3 else image[..., 0]
        image = load(3)
        dtype = self.info.features[role].np_dtype
        if image.dtype != dtype:
            raise ValueError(
                f"{pair.name} is an image of type {image.dtype}, but records "
                f"store {np.dtype(dtype)}; convert it first."
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
    """Tile layout of a pair, whose sizes are checked."""
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
