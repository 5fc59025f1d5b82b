"""Published image sets by their names."""

import re
from pathlib import Path

from kerasrestore.data.images import IMAGE_SUFFIXES
from kerasrestore.data.layouts import LAYOUTS
from kerasrestore.data.mat_files import READERS
from kerasrestore.data.pairs import ImagePair, match_pairs


def open_dataset(name, root, split=None, scale=None, partial=False):
    """The images of a published set that lies on this machine.

    `kerasrestore.data.LAYOUTS` says for each set where it comes from, its
    terms, and how it has to lie below `root`.

    Args:
        name: name of the set, `"Set5"` or `"SIDD"`.
        root: folder that holds the folders of the sets.
        split: part of the set; may be left out where there is one alone.
        scale: 2, 3 or 4 for the low-quality images of RealSR, which has no
            others, and of DIV2K, which gives its ground truth alone without.
        partial: whether to take a set of which images are missing. Figures on
            it do not compare with published ones.

    Returns:
        List of `ImagePair`, sorted by name; `degraded` is `None` for sets
        of ground truth, `clean` for DND.

    Raises:
        ValueError: if there is no such set or split, it is not there or not
            complete, a file has no partner, or an extra package is missing.

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
            f"There is no set {name!r}; known are {', '.join(LAYOUTS)}."
        )
    if split is None and len(layout.splits) == 1:
        (split,) = layout.splits
    part = layout.splits.get(split)
    if part is None:
        raise ValueError(
            f"{name} has the parts {', '.join(layout.splits)}, got {split!r}."
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
            f"{folder} holds {len(pairs)} of the {part.count} images of "
            f"{name} ({split}); complete it from {layout.origin}, or take it "
            "as it is with partial=True."
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
            f"{path} is not named as this set's files are; move it elsewhere."
        )
    return "".join(found.groups())


def _missing(layout, folder, where):
    return (
        f"{layout.name} is not there, looked for {where}; get it from "
        f"{layout.origin} ({layout.licence}) and put it into {folder}."
    )
