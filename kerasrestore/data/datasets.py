"""Published datasets by name."""

import re
from pathlib import Path

from kerasrestore.data.images import IMAGE_SUFFIXES
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.mat_files import READERS
from kerasrestore.data.pairs import ImagePair, match_pairs


def open_dataset(name, root, split=None, scale=None, partial=False):
    """Lists the images of a published dataset on the local disk.

    `kerasrestore.data.LAYOUTS` gives each dataset's source, licence and
    expected folder structure below `root`.

    Args:
        name: name of the dataset, such as `"Set5"` or `"SIDD"`.
        root: folder that contains the dataset folders.
        split: split of the dataset; optional if there is only one.
        scale: 2, 3 or 4 to get the low-quality images of DIV2K or RealSR.
            Required for RealSR; without it, DIV2K returns only its ground
            truth.
        partial: whether to accept an incomplete dataset. Results on one are
            not comparable with published ones.

    Returns:
        List of `ImagePair`, sorted by name; `degraded` is `None` for
        datasets with ground truth only, `clean` is `None` for DND.

    Raises:
        ValueError: if the dataset or split is unknown, missing on disk or
            incomplete, a file has no counterpart, or an optional package is
            missing.

    Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "Set5").mkdir()
    >>> Image.new("RGB", (4, 4)).save(root / "Set5" / "baby.png")
    >>> [pair.name for pair in open_dataset("Set5", root, partial=True)]
    ['baby']
    """
    layout = LAYOUTS.get(name)
    if layout is None:
        raise ValueError(
            f"Unknown dataset {name!r}; choose one of {', '.join(LAYOUTS)}."
        )
    if split is None and len(layout.splits) == 1:
        (split,) = layout.splits
    part = layout.splits.get(split)
    if part is None:
        raise ValueError(
            f"{name} has the splits {', '.join(layout.splits)}, got {split!r}."
        )
    folder = Path(root) / layout.folder
    if part.reader:
        try:
            pairs = READERS[part.reader](folder)
        except FileNotFoundError as error:
            raise ValueError(_missing(layout, folder, error)) from None
    else:
        pairs = _file_pairs(layout, part, folder, scale)
    if part.count is not None and len(pairs) != part.count and not partial:
        raise ValueError(
            f"{folder} contains {len(pairs)} of the {part.count} images of "
            f"{name} ({split}); download the rest from {layout.origin}, or "
            "use it as it is with partial=True."
        )
    return pairs


def _file_pairs(layout, part, folder, scale):
    wants_scale = any("{scale}" in glob for glob in part.clean)
    takes_scale = any("{scale}" in glob for glob in part.degraded)
    if (scale is None and wants_scale) or (
        scale is not None and not (takes_scale and scale in (2, 3, 4))
    ):
        raise ValueError(
            f"{layout.name} "
            + ("has the scales 2, 3 and 4" if takes_scale else "has no scales")
            + f", got {scale!r}."
        )
    clean = _files(folder, part.clean, scale)
    if not clean:
        where = folder / part.clean[0].format(scale=scale)
        raise ValueError(_missing(layout, folder, where))
    if not part.degraded or (takes_scale and scale is None):
        return [
            ImagePair(
                path.relative_to(folder).with_suffix("").as_posix(), None, path
            )
            for path in clean
        ]
    keys = [
        {_key(part, folder, path): path for path in files}
        for files in (_files(folder, part.degraded, scale), clean)
    ]
    return match_pairs(*keys, folder)


def _files(folder, globs, scale):
    return sorted(
        path
        for glob in globs
        for path in folder.glob(glob.format(scale=scale))
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )


def _key(part, folder, path):
    name = path.relative_to(folder).as_posix()
    found = re.search(part.key, name)
    if found is None:
        raise ValueError(
            f"{path} does not follow this dataset's file naming; move it "
            "elsewhere."
        )
    return "".join(found.groups())


def _missing(layout, folder, where):
    return (
        f"{layout.name} not found, looked for {where}; download it from "
        f"{layout.origin} ({layout.licence}) into {folder}."
    )
