"""Folders of records: images in tiles, for reading at random."""

import re
import tempfile
from pathlib import Path

import numpy as np

from kerasrestore.data.datasets import open_dataset
from kerasrestore.data.images import rgb_to_gray
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.records.tiled_image import TiledImage
from kerasrestore.data.records.tiles import VERSION, TileLayout


class Records:
    """The images of one folder of records.

    Made by `prepare_records`, `write_records` and `open_records`. Reading
    needs no TensorFlow, and several threads may read at the same time.

    Args:
        path: folder with the files of one configuration of
            `RestorationTiles`.

    Attributes:
        path: the folder.
        roles: which images there are, `"clean"`, `"degraded"` or both.
        names: names of the images.
        layouts: a `TileLayout` for each.

    Raises:
        ValueError: if the folder is none of records, or an extra package is
            missing.
    """

    def __init__(self, path):
        tfds = _tfds()
        from tensorflow_datasets.proto import tf_example_pb2

        self.path = Path(path)
        if not (self.path / "metadata.json").is_file():
            raise ValueError(
                f"{self.path} holds no records of tiles; make them with "
                "prepare_records or write_records."
            )
        builder = tfds.builder_from_directory(self.path)
        metadata = builder.info.metadata
        self.roles = tuple(metadata["roles"])
        self.layouts = [TileLayout(*entry) for entry in metadata["images"]]
        self.names = [layout.name for layout in self.layouts]
        counts = [len(layout.corners()) for layout in self.layouts]
        self._first = np.cumsum([0, *counts[:-1]]).tolist()
        self._dtypes = {
            role: builder.info.features[role].np_dtype for role in self.roles
        }
        (split,) = builder.info.splits
        self._source = builder.as_data_source(
            split,
            deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES,
        )
        self._parse = tf_example_pb2.Example.FromString

    def __len__(self):
        return len(self.layouts)

    def image(self, index, role="clean", channels=3, to_gray=rgb_to_gray):
        """Image number `index` as a `TiledImage`, which takes its arguments.

        Raises:
            ValueError: as `TiledImage` does.
        """
        return TiledImage(self, index, role, channels, to_gray)

    def crop(self, index, rows, columns, roles):
        """The pixels of a window.

        Args:
            index: number of the image.
            rows: slice of the rows in the ground truth, in multiples of the
                image's `ratio` if low-quality pixels are wanted.
            columns: slice of the columns, likewise.
            roles: tuple of the images that are wanted.

        Returns:
            Dictionary of a role's array `(H, W, C)`, as it is stored.
        """
        layout, first = self.layouts[index], self._first[index]
        tiles = []
        for number, top, left in layout.touched(rows, columns):
            example = self._parse(self._source[first + number])
            tiles.append((example.features.feature, top, left))
        return {
            role: _pasted(
                [(self._tile(tile, role), y, x) for tile, y, x in tiles],
                rows,
                columns,
                layout.ratio if role == "degraded" else 1,
            )
            for role in roles
        }

    def _tile(self, features, role):
        # TFDS decodes all features in many small steps, which would take as
        # long as all else that is done for a patch.
        (pixels,) = features[f"{role}/value"].bytes_list.value
        shape = features[f"{role}/shape"].int64_list.value
        return np.frombuffer(pixels, self._dtypes[role]).reshape(shape)


def prepare_records(
    dataset, root, data_dir, split=None, scale=None, partial=False
):
    """Writes a published set as records, unless that is done already.

    The set's folder is only read. Records take up to the room of the raw
    pixels, 8 MB for an image of 2040x1356.

    Args:
        dataset: name of the set, as `open_dataset` takes it.
        root: folder that holds the folders of the sets.
        data_dir: folder for records of all sets; they come to lie in
            `restoration_tiles/DIV2K_train_x2`, for example.
        split: part of the set; may be left out where there is one alone.
        scale: 2, 3 or 4 for sets with low-quality images of several scales.
        partial: whether to take a set of which images are missing.

    Returns:
        The `Records`.

    Raises:
        ValueError: as `open_dataset` does; if images cannot be read or the
            two of a pair do not fit each other, or an extra package is
            missing.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "Set5").mkdir()
    >>> Image.new("RGB", (130, 100)).save(root / "Set5" / "baby.png")
    >>> records = prepare_records("Set5", root, root / "records", partial=True)
    Downloading and preparing ...
    >>> records.names, records.image(0)[90:100, :].shape
    (['baby'], (10, 130, 3))
    """
    open_dataset(dataset, root, split, scale, partial)
    _tfds()
    from kerasrestore.data.records.tfds_builders import tile_config

    split = split or next(iter(LAYOUTS[dataset].splits))
    return _prepared(
        tile_config(dataset, split, scale, partial), data_dir, root
    )


def write_records(name, pairs, data_dir):
    """Writes images of one's own as records.

    Args:
        name: name for them, letters, digits, `_`, `-`, `+` and `.`.
        pairs: list of `ImagePair`, from `folder_pairs`, `open_dataset` or
            `source_pairs`.
        data_dir: folder for records of all sets.

    Returns:
        The `Records`.

    Raises:
        ValueError: if there are records of that name, it is no good name or
            that of a published set, there is no pair, images cannot be read
            or the two of a pair do not fit each other, or an extra package
            is missing.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.data import folder_pairs
    >>> root = tempfile.mkdtemp()
    >>> Image.new("L", (40, 30)).save(f"{root}/a.png")
    >>> pairs = folder_pairs(root, root)
    >>> records = write_records("mine", pairs, f"{root}/records")
    Downloading and preparing ...
    >>> records.roles, records.names
    (('clean', 'degraded'), ['a'])
    """
    _tfds()
    from kerasrestore.data.records.tfds_builders import (
        RestorationTiles,
        TileConfig,
    )

    pairs = list(pairs)
    path = records_path(name, data_dir)
    if not re.fullmatch(r"\w[\w\-+.]*", name):
        raise ValueError(
            "A name of records has letters, digits, _, -, + and . in it, got "
            f"{name!r}."
        )
    if name in RestorationTiles.builder_configs:
        raise ValueError(
            f"{name} is what a published set's records are named; choose "
            "another name, or write those with prepare_records."
        )
    if path.exists():
        raise ValueError(
            f"{path} is there already; read it with open_records, or remove "
            "it first."
        )
    if not pairs or pairs[0].clean is pairs[0].degraded is None:
        raise ValueError("There is nothing to write; give a pair of images.")
    return _prepared(TileConfig(name=name, pairs=pairs), data_dir)


def open_records(name, data_dir):
    """Records that were written before.

    Args:
        name: name of the records, `"DIV2K_train_x2"` or one's own.
        data_dir: folder for records of all sets.

    Returns:
        The `Records`.

    Raises:
        ValueError: if there are no records of that name, or an extra package
            is missing.
    """
    return Records(records_path(name, data_dir))


def records_path(name, data_dir):
    """Folder below `data_dir` in which the records of that name lie."""
    return Path(data_dir) / "restoration_tiles" / name / VERSION


def _prepared(config, data_dir, root=None):
    tfds = _tfds()
    from kerasrestore.data.records.tfds_builders import RestorationTiles

    known = config.name in RestorationTiles.builder_configs
    builder = RestorationTiles(
        config=config.name if known else config,
        data_dir=data_dir,
        file_format="array_record",
    )
    # TFDS makes a folder for downloads even where there are none.
    with tempfile.TemporaryDirectory() as downloads:
        builder.download_and_prepare(
            download_dir=downloads,
            download_config=tfds.download.DownloadConfig(manual_dir=root),
        )
    return open_records(config.name, data_dir)


def _pasted(tiles, rows, columns, ratio):
    """One window of tiles, which are given with their corners."""
    top, bottom, left, right = (
        edge // ratio
        for axis in (rows, columns)
        for edge in (axis.start, axis.stop)
    )
    first = tiles[0][0]
    window = np.empty((bottom - top, right - left, first.shape[2]), first.dtype)
    for tile, tile_top, tile_left in tiles:
        # Where the window begins, seen from the tile.
        y, x = top - tile_top // ratio, left - tile_left // ratio
        part = tile[max(y, 0) : y + bottom - top, max(x, 0) : x + right - left]
        y, x = max(-y, 0), max(-x, 0)
        window[y : y + part.shape[0], x : x + part.shape[1]] = part
    return window


def _tfds():
    try:
        import array_record  # noqa: F401 (what TFDS reads records with)
        import tensorflow_datasets
    except ImportError as error:
        raise ValueError(
            "Records need the packages tensorflow-datasets and array_record: "
            'pip install "kerasrestore[train]".'
        ) from error
    return tensorflow_datasets
