"""Validation PSNR during training."""

import itertools
import math

import numpy as np

from kerasrestore.data import folder_pairs, list_images
from kerasrestore.data.pairs import check_pair

# PSNR in dB from which on an input is nearly clean: no restorer keeps 59 dB,
# and the loss of a single such crop would hide all others.
NEARLY_CLEAN = 45.0
# Label of a task that leaves images as they are.
CLEAN = "clean"


class Validation:
    """PSNR of a restorer on the centres of the images of a folder.

    Degradation and score are those of the task's benchmark protocol; the
    output is clipped and rounded to 8 bits.

    Args:
        folder: folder of images that are not trained on.
        tasks: tasks of one name, each with a single setting.
        channels: 3 for colour, 1 for gray.
        crop: side of the square crops in clean pixels; smaller images are
            taken whole, cut to what model and task can take.
        crops: crops of each image along either side, as many as fit; 1 takes
            its centre.
        degraded: folder of the low-quality photographs, for `RealPairs`.
        batch_size: crops of one size restored at a time.
        keep: whether to keep degraded crops in memory, rather than make them
            for every validation. That saves time where degradation is slow.

    Call arguments:
        model: a `Restorer`.

    Returns:
        Dictionary with the mean PSNR per setting, such as
        `"psnr_sigma25"`, and `"psnr"`, the mean over the settings, clean
        inputs left out: their PSNR would dominate it. `"worst_gain"` is the
        smallest PSNR gain of a crop over its input, among inputs of the
        output's size and less than 45 dB.

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
    ['psnr', 'psnr_sigma25', 'worst_gain']
    """

    def __init__(
        self,
        folder,
        tasks,
        channels=3,
        crop=256,
        crops=1,
        degraded=None,
        batch_size=4,
        keep=False,
    ):
        self.kept = {} if keep else None
        self.tasks = tuple(tasks)
        self.crop = crop
        self.crops = crops
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
        for index, number, window in self._windows(model.size_multiple):
            shape = self.images[index][window].shape
            groups.setdefault(shape, []).append((index, number, window))
        figures, worst = {}, []
        for task in self.tasks:
            before, after = [], []
            for group in groups.values():
                for start in range(0, len(group), self.batch_size):
                    batch = group[start : start + self.batch_size]
                    for noisy, restored in self._psnr(model, task, batch):
                        before.append(noisy)
                        after.append(restored)
            figures[f"psnr_{task.label}"] = float(np.mean(after))
            if task.label != CLEAN and None not in before:
                worst += [
                    restored - noisy
                    for noisy, restored in zip(before, after, strict=True)
                    if noisy < NEARLY_CLEAN
                ]
        counted = [
            figures[f"psnr_{task.label}"]
            for task in self.tasks
            if task.label != CLEAN or len(self.tasks) == 1
        ]
        figures = {"psnr": float(np.mean(counted)), **figures}
        if worst:
            figures["worst_gain"] = float(min(worst))
        return figures

    def _windows(self, multiple):
        """Each crop: number of the image, of the crop, rows and columns."""
        block = math.lcm(*(task.block for task in self.tasks))
        step = math.lcm(
            block,
            *(task.modulus for task in self.tasks),
            *(task.scale * multiple for task in self.tasks),
        )
        for index, image in enumerate(self.images):
            if min(image.shape[:2]) < step:
                raise ValueError(
                    f"{self.names[index]} is {image.shape[1]}x"
                    f"{image.shape[0]}, too small for a model with a size "
                    f"multiple of {multiple}; remove it."
                )
            rows, columns = (
                self._slices(side, step, block) for side in image.shape[:2]
            )
            windows = itertools.product(rows, columns)
            for place, window in enumerate(windows):
                yield index, index + place * len(self.images), window

    def _slices(self, whole, step, block):
        """Where the crops of an image lie along one side."""
        side = min(self.crop, whole) // step * step
        count = min(self.crops, whole // side)
        for number in range(count):
            # Spread evenly; a crop that begins on the task's grid is
            # degraded as its place in the whole image would be.
            start = (whole - side) * (2 * number + 1) // (2 * count)
            start = start // block * block
            yield slice(start, start + side)

    def _psnr(self, model, task, batch):
        """PSNR of each input and output; `None` where sides differ."""
        pairs = [self._pair(task, *place) for place in batch]
        strength = [[task.strength(*pair)] for pair in pairs]
        restored = self.restore(
            model, *map(np.stack, zip(*pairs, strict=True)), np.array(strength)
        )
        for one, (degraded, target) in zip(restored, pairs, strict=True):
            equal = degraded.shape == target.shape
            yield (
                task.score(degraded, target, quantize=False)["psnr"]
                if equal
                else None,
                task.score(one, target)["psnr"],
            )

    def _pair(self, task, index, number, window):
        """Degraded and clean crop."""
        image = self.images[index][window]
        if self.photos is not None:
            return self.photos[index][window] / np.float32(255), image
        if self.kept is None:
            return task.benchmark_pair(image, number)
        key = task.label, number, image.shape
        if key not in self.kept:
            self.kept[key] = task.benchmark_pair(image, number)
        return self.kept[key]

    def restore(self, model, degraded, clean, strength):
        """Restores degraded crops.

        Args:
            model: what is validated.
            degraded: float32 array `(batch, height, width, channels)` in
                [0, 1].
            clean: their uint8 targets.
            strength: noise levels `(batch, 1)`, or settings of other tasks.

        Returns:
            Array with the shape of `clean`, in [0, 1].
        """
        return model.restore_tile(
            degraded, strength if model.sigma_input else None
        )
