"""Record folders: images stored as tiles for random access."""

import contextlib
import re
import tempfile
from pathlib import Path

import numpy as np

from kerasrestore.data.datasets import open_dataset
from kerasrestore.data.images import rgb_to_gray
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.records.tiled_image import TiledImage
from kerasrestore.data.records.tiles import VERSION, TileLayout
from kerasrestore.messages import reason


class Records:
    """The images in a record folder.

    Returned by `prepare_records`, `write_records` and `open_records`.
    Reading does not import TensorFlow and is thread-safe.

    Args:
        path: folder with the files of one `RestorationTiles` configuration.

    Attributes:
        path: the folder.
        roles: available images, `"clean"`, `"degraded"` or both.
        names: names of the images.
        layouts: `TileLayout` of each image.

    Raises:
        ValueError: if the folder contains no records or damaged ones, or an
            optional package is missing.
    """

    def __init__(self, path):
        tfds = _tfds()
        from tensorflow_datasets.proto import tf_example_pb2

        self.path = Path(path)
        if not (self.path / "metadata.json").is_file():
            raise ValueError(
                f"{self.path} contains no records; create them with "
                "prepare_records or write_records."
            )
        with self._damage():
            builder = tfds.builder_from_directory(self.path)
            metadata = builder.info.metadata
            self.roles = tuple(metadata["roles"])
            self.layouts = [TileLayout(*entry) for entry in metadata["images"]]
            self.names = [layout.name for layout in self.layouts]
            counts = [layout.count for layout in self.layouts]
            self._first = np.cumsum([0, *counts[:-1]]).tolist()
            self._dtypes = {
                role: builder.info.features[role].np_dtype
                for role in self.roles
            }
            (split,) = builder.info.splits
            self._source = builder.as_data_source(
                split,
                deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES,
            )
            if sum(counts) != len(self._source):
                raise ValueError(
                    f"{len(self._source)} tiles instead of {sum(counts)}"
                )
        self._parse = tf_example_pb2.Example.FromString

    def __len__(self):
        return len(self.layouts)

    def image(self, index, role="clean", channels=3, to_gray=rgb_to_gray):
        """Image number `index` as a `TiledImage`; see there for arguments.

        Raises:
            ValueError: see `TiledImage`.
        """
        return TiledImage(self, index, role, channels, to_gray)

    def crop(self, index, rows, columns, roles):
        """Reads the pixels of a window.

        Args:
            index: index of the image.
            rows: slice of rows in ground-truth pixels; a multiple of the
                image's `ratio` if `roles` includes `"degraded"`.
            columns: slice of columns, likewise.
            roles: tuple of the roles to read.

        Returns:
            Dictionary from role to array `(H, W, C)`, as stored.
        """
        layout, first = self.layouts[index], self._first[index]
        with self._damage():
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

    @contextlib.contextmanager
    def _damage(self):
        """Errors in damaged records as one sentence; their readers raise
        any."""
        try:
            yield
        except MemoryError:
            raise
        except Exception as error:
            raise ValueError(
                f"The records in {self.path} are damaged ({reason(error)}); "
                "delete the folder and create them again."
            ) from error

    def _tile(self, features, role):
        # TFDS' own decoding of all features would double the time per patch.
        (pixels,) = features[f"{role}/value"].bytes_list.value
        shape = features[f"{role}/shape"].int64_list.value
        return np.frombuffer(pixels, self._dtypes[role]).reshape(shape)


def prepare_records(
    dataset, root, data_dir, split=None, scale=None, partial=False
):
    """Converts a published dataset to records, unless already done.

    The source folder is not modified. Records take up to the size of the raw
    pixels on disk, 8 MB for a 2040x1356 image.

    Args:
        dataset: name of the dataset, as in `open_dataset`.
        root: folder that contains the dataset folders.
        data_dir: folder for all records; the records of a dataset are stored
            in a subfolder such as `restoration_tiles/DIV2K_train_x2`.
        split: split of the dataset; optional if there is only one.
        scale: 2, 3 or 4 for datasets with low-quality images at several
            scales.
        partial: whether to accept an incomplete dataset.

    Returns:
        The `Records`.

    Raises:
        ValueError: see `open_dataset`; also if images cannot be read, the
            sizes of a pair do not match, or an optional package is missing.

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
    """Writes custom images as records.

    Args:
        name: name of the records: letters, digits, `_`, `-`, `+` and `.`.
        pairs: list of `ImagePair`, from `folder_pairs`, `open_dataset` or
            `source_pairs`.
        data_dir: folder for all records.

    Returns:
        The `Records`.

    Raises:
        ValueError: if the name is invalid, already in use or reserved for a
            published dataset, there are no pairs, images cannot be read, the
            sizes of a pair do not match, or an optional package is missing.

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
            "Names of records may contain letters, digits, _, -, + and ., "
            f"got {name!r}."
        )
    if name in RestorationTiles.builder_configs:
        raise ValueError(
            f"{name} is reserved for a published dataset; choose another "
            "name, or use prepare_records for that dataset."
        )
    if path.exists():
        raise ValueError(
            f"{path} already exists; open it with open_records, or delete it "
            "first."
        )
    if not pairs or pairs[0].clean is pairs[0].degraded is None:
        raise ValueError("No images to write; give at least one pair.")
    return _prepared(TileConfig(name=name, pairs=pairs), data_dir)


def open_records(name, data_dir):
    """Opens existing records.

    Args:
        name: name of the records, such as `"DIV2K_train_x2"`.
        data_dir: folder for all records.

    Returns:
        The `Records`.

    Raises:
        ValueError: if there are no records with that name, or an optional
            package is missing.
    """
    return Records(records_path(name, data_dir))


def records_path(name, data_dir):
    """Folder below `data_dir` for the records with that name."""
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
    # TFDS creates a download folder even if nothing is downloaded.
    with tempfile.TemporaryDirectory() as downloads:
        builder.download_and_prepare(
            download_dir=downloads,
            download_config=tfds.download.DownloadConfig(manual_dir=root),
        )
    return open_records(config.name, data_dir)


def _pasted(tiles, rows, columns, ratio):
    """Assembles a window from tiles, given with their corners."""
    top, bottom, left, right = (
        edge // ratio
        for axis in (rows, columns)
        for edge in (axis.start, axis.stop)
    )
    first = tiles[0][0]
    window = np.empty((bottom - top, right - left, first.shape[2]), first.dtype)
    for tile, tile_top, tile_left in tiles:
        # Origin of the window in tile coordinates.
        y, x = top - tile_top // ratio, left - tile_left // ratio
        part = tile[max(y, 0) : y + bottom - top, max(x, 0) : x + right - left]
        y, x = max(-y, 0), max(-x, 0)
        window[y : y + part.shape[0], x : x + part.shape[1]] = part
    return window


def _tfds():
    try:
        import array_record  # noqa: F401 (used by TFDS to read records)
        import tensorflow_datasets
    except ImportError as error:
        raise ValueError(
            "Records require tensorflow-datasets and array_record: "
            'pip install "kerasrestore[train]".'
        ) from error
    return tensorflow_datasets
