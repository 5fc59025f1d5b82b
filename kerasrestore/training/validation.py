"""Validation PSNR of restorers while they train."""

import math

import numpy as np

from kerasrestore.data import folder_pairs, list_images
from kerasrestore.data.pairs import check_pair


class Validation:
    """PSNR of a restorer on the centres of the images of a folder.

    Degradation and score are those of the task's benchmark protocol; the
    output is clipped and rounded to 8 bits.

    Args:
        folder: folder of images that are not trained on.
        tasks: tasks of one kind, each with one setting.
        channels: 3 for colour, 1 for gray.
        crop: side of the centre crop in clean pixels; smaller images are
            taken whole, cut to what model and task can take.
        degraded: folder of the low-quality photographs, for `RealPairs`.
        batch_size: crops of one size restored at a time.

    Call arguments:
        model: a `Restorer`.

    Returns:
        Dictionary with the mean PSNR per setting, named like
        `"psnr_sigma25"`, and `"psnr"`, the mean over the settings.

    Raises:
        ValueError: if the folder holds no image, or one that is unreadable or
            too small, or if low-quality images do not fit.

    Example:
    >>> import tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> from kerasrestore import DANetMobile
    >>> from kerasrestore.tasks import Denoise
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     image = Image.fromarray(np.full((40, 40, 3), 100, "uint8"))
    ...     image.save(f"{folder}/gray.png")
    ...     validate = Validation(folder, [Denoise(25)])
    >>> sorted(validate(DANetMobile(widths=(8, 16))))
    ['psnr', 'psnr_sigma25']
    """

    def __init__(
        self, folder, tasks, channels=3, crop=256, degraded=None, batch_size=4
    ):
        self.tasks = tuple(tasks)
        self.crop = crop
        self.batch_size = batch_size
        self.photos = None
        task = self.tasks[0]
        if degraded is None:
            self.names = list_images(folder)
            self.images = [
                task.load_clean(path, channels) for path in self.names
            ]
            return
        pairs = folder_pairs(degraded, folder)
        self.names = [pair.clean for pair in pairs]
        self.images, self.photos = (
            [load(pair)(channels, task.to_gray) for pair in pairs]
            for load in (
                lambda pair: pair.load_clean,
                lambda pair: pair.load_degraded,
            )
        )
        for name, clean, photo in zip(
            self.names, self.images, self.photos, strict=True
        ):
            check_pair(name, photo, clean, 1)

    def __call__(self, model):
        groups = {}
        for index, image in enumerate(self.images):
            window = self._centre(image.shape, model.size_multiple)
            clean = image[window]
            if not clean.size:
                raise ValueError(
                    f"{self.names[index]} is {image.shape[1]}x"
                    f"{image.shape[0]}, too small for a model with a size "
                    f"multiple of {model.size_multiple}; remove it."
                )
            groups.setdefault(clean.shape, []).append((index, window))
        figures = {}
        for task in self.tasks:
            values = []
            for group in groups.values():
                for start in range(0, len(group), self.batch_size):
                    batch = group[start : start + self.batch_size]
                    values += self._psnr(model, task, batch)
            figures[f"psnr_{setting_name(task)}"] = float(np.mean(values))
        return {"psnr": float(np.mean(list(figures.values()))), **figures}

    def _centre(self, shape, multiple):
        """Rows and columns of the crop of an image."""
        block = math.lcm(*(task.block for task in self.tasks))
        step = math.lcm(
            block,
            *(task.modulus for task in self.tasks),
            *(task.scale * multiple for task in self.tasks),
        )
        window = []
        for whole in shape[:2]:
            side = min(self.crop, whole) // step * step
            # A crop that begins on the task's grid is degraded as its place
            # in the whole image would be.
            start = (whole - side) // 2 // block * block
            window.append(slice(start, start + side))
        return tuple(window)

    def _psnr(self, model, task, batch):
        clean = [self.images[index][window] for index, window in batch]
        if self.photos is None:
            degraded = [
                task.degrade_benchmark(image, index)
                for image, (index, _) in zip(clean, batch, strict=True)
            ]
        else:
            degraded = [
                self.photos[index][window] / np.float32(255)
                for index, window in batch
            ]
        restored = model.restore_tile(np.stack(degraded), task.setting)
        return [
            task.score(one, image)["psnr"]
            for one, image in zip(restored, clean, strict=True)
        ]


def setting_name(task):
    """A task's setting as a column of the log, like `sigma25`."""
    names = {"denoise": "sigma", "jpeg": "quality", "super_resolution": "x"}
    setting = task.setting
    if setting is None or task.name not in names:
        return task.name
    return f"{names[task.name]}{setting:g}"
