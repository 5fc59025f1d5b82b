"""The picture of a preset's card: photos before and after."""

import json
import shutil

import numpy as np
from PIL import Image

from kerasrestore.data.images import load_image
from kerasrestore.export.save_preset import record_file, write_json
from kerasrestore.files import replace_folder
from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.models.presets import CARD, Preset

NAME = "crops.jpg"
GAP = 8
QUALITY = 92


def add_crops(preset, photos, *, size=256):
    """Adds a picture of photos before and after to a preset.

    Args:
        preset: a blind `Preset` with a `.tflite` file, whose task keeps the
            image size; its folder is replaced when everything is complete.
        photos: pairs `(path, place)`; `place` is `(left, top)` of the square
            to be shown, in pixels, or `None` for the middle of the photo.
        size: side of the squares in pixels.

    Returns:
        The `Preset`, with a file of the role `"crops"`.

    Raises:
        ValueError: if a square is not within its photo, or the preset needs a
            noise level or changes the image size; the preset is unchanged.
        OSError: if a photo cannot be read.
    """
    if preset.sigma_input:
        raise ValueError(
            f"{preset.name} needs a noise level, which photos do not have; "
            "crops are for blind presets."
        )
    restorer = LiteRTRestorer.from_preset(preset.path)
    if restorer.scale != 1:
        raise ValueError(
            f"{preset.name} upscales images; crops are for presets that keep "
            "the size."
        )
    rows, names = [], []
    for path, place in photos:
        photo = load_image(path, preset.channels)
        restored = restorer.restore(photo)
        rows.append(_row(photo, restored, path, place, size))
        names.append(path.name)
    with replace_folder(preset.path) as new:
        shutil.copytree(preset.path, new, dirs_exist_ok=True)
        card = json.loads((new / CARD).read_text(encoding="utf-8"))
        sheet = np.concatenate(rows)[GAP:]
        Image.fromarray(sheet).save(new / NAME, quality=QUALITY, subsampling=0)
        record_file(card, "crops", new / NAME)
        card["crops"] = names
        write_json(new / CARD, card)
    return Preset(preset.path)


def _row(photo, restored, path, place, size):
    """Both squares, below a gap, `(GAP + size, 2 * size + GAP, 3)`."""
    height, width = photo.shape[:2]
    left, top = place or ((width - size) // 2, (height - size) // 2)
    if not (0 <= left <= width - size and 0 <= top <= height - size):
        raise ValueError(
            f"{path} has {width}x{height} pixels, so a square of {size} at "
            f"{left},{top} is not within it; choose another place or a "
            "smaller --size."
        )
    row = np.full((GAP + size, 2 * size + GAP, 3), 255, np.uint8)
    square = np.s_[top : top + size, left : left + size]
    row[GAP:, :size] = photo[square]
    row[GAP:, size + GAP :] = restored[square]
    return row
