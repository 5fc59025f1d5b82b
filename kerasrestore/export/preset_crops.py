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
        preset: a blind `Preset` with a `.tflite` file; its folder is replaced
            when everything is complete. If it enlarges, the photo before is
            enlarged bicubically.
        photos: pairs `(path, place)`; `place` is `(left, top)` of the square
            to be shown, in pixels of the photo, or `None` for its middle.
        size: side of the squares in pixels of the picture; with presets that
            enlarge, a multiple of their scale.

    Returns:
        The `Preset`, with a file of the role `"crops"`.

    Raises:
        ValueError: if a square is not within its photo, `size` is no multiple
            of the scale, or the preset needs a noise level or a mosaic; the
            preset is unchanged.
        OSError: if a photo cannot be read.
    """
    if preset.sigma_input:
        raise ValueError(
            f"{preset.name} needs a noise level, which photos do not have; "
            "crops are for blind presets."
        )
    if preset.task == "demosaic":
        raise ValueError(
            f"{preset.name} needs a mosaic, which photos are not; crops are "
            "for presets that restore photos."
        )
    restorer = LiteRTRestorer.from_preset(preset.path)
    if size % restorer.scale:
        raise ValueError(
            f"size must be a multiple of the scale {restorer.scale} of "
            f"{preset.name}, got {size}."
        )
    rows, names = [], []
    for path, place in photos:
        photo = load_image(path, preset.channels)
        restored = restorer.restore(photo)
        rows.append(_row(photo, restored, path, place, size, restorer.scale))
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


def _row(photo, restored, path, place, size, scale):
    """Both squares, below a gap, `(GAP + size, 2 * size + GAP, 3)`."""
    height, width = photo.shape[:2]
    side = size // scale
    left, top = place or ((width - side) // 2, (height - side) // 2)
    if not (0 <= left <= width - side and 0 <= top <= height - side):
        raise ValueError(
            f"{path} has {width}x{height} pixels, so a square of {side} at "
            f"{left},{top} is not within it; choose another place or a "
            "smaller --size."
        )
    row = np.full((GAP + size, 2 * size + GAP, 3), 255, np.uint8)
    if scale > 1:
        before = Image.fromarray(photo.squeeze()).convert("RGB")
        before = before.resize((width * scale, height * scale), Image.BICUBIC)
        photo = np.asarray(before)
    left, top = left * scale, top * scale
    square = np.s_[top : top + size, left : left + size]
    row[GAP:, :size] = photo[square]
    row[GAP:, size + GAP :] = restored[square]
    return row
