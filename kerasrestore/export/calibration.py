"""Calibration: the ranges of a network's feature maps."""

import os

import numpy as np

from kerasrestore.data.images import list_images
from kerasrestore.data.sampler import turned
from kerasrestore.export.inference_graph import import_graph
from kerasrestore.ops.arguments import whole_numbers
from kerasrestore.tasks import get_task

# Fraction of tiles whose features lie entirely within the ranges, by bits.
COVERED = {8: 0.75, 16: 1.0}


class CalibrationSet:
    """Tiles that are degraded as in training, the same in every run.

    Images are used in turn, flipped and rotated at random, cropped at random
    or padded by reflection to the tile, and degraded. The settings of the
    task are used in turn as well, so that its whole range is covered.

    Args:
        folder: folder of clean training images, never of a benchmark on
            which the result is measured.
        settings: tasks that degrade them in turn; `None` for
            `calibration_tasks` of the model's task: noise of eight levels
            over its range, JPEG of the qualities 10 to 40.
        count: number of tiles.
        seed: seed of crops, flips and noise.

    Raises:
        ValueError: if there is no image or `count` is below 1.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore import DANetMobile
    >>> folder = tempfile.mkdtemp()
    >>> Image.new("RGB", (40, 30)).save(f"{folder}/a.png")
    >>> calibration = CalibrationSet(folder, count=2)
    >>> tiles = calibration.tiles(DANetMobile(widths=(8, 16)), (64, 64))
    >>> [image.shape for image, _ in tiles]
    [(1, 64, 64, 3), (1, 64, 64, 3)]
    """

    def __init__(self, folder, settings=None, count=32, seed=0):
        self.files = list_images(folder)
        self.settings = settings
        (self.count,) = whole_numbers("count", [count], 1)
        self.seed = seed

    def tiles(self, model, tile, sigma_range=(0, 55), start=0):
        """Degraded tiles.

        Args:
            model: `Restorer` that they are for.
            tile: `(height, width)` of the degraded tiles.
            sigma_range: range of noise levels of a denoiser.
            start: index of the first tile; those from `count` on are not
                used for calibration, but to check its result.

        Yields:
            Image `(1, height, width, channels)`, float32 with [0, 1] as the
            range of clean pixels, and the setting's strength `(1,)`.
        """
        settings = self.settings or get_task(model.task).calibration_tasks(
            model, sigma_range
        )
        for number in range(start, start + self.count):
            task = settings[number % len(settings)]
            rng = np.random.default_rng([self.seed, number])
            path = self.files[number % len(self.files)]
            clean = task.load_clean(path, model.channels)
            clean = _fit(clean, [side * task.scale for side in tile], rng)
            degraded, strength = task.degrade(clean / np.float32(255), rng)
            yield degraded[None], np.full(1, strength, np.float32)


def calibration_set(calibration):
    """A `CalibrationSet`, given as one or as a folder.

    Raises:
        ValueError: if it is neither.
    """
    if isinstance(calibration, CalibrationSet):
        return calibration
    if isinstance(calibration, (str, os.PathLike)):
        return CalibrationSet(calibration)
    raise ValueError(
        "calibration must be a folder of training images or a CalibrationSet, "
        f"got {calibration!r}."
    )


def feature_ranges(definition, specs, points, tiles, bits=8):
    """Quantization ranges of features.

    The full range of a feature suits the strongest degradation and quantizes
    all others coarsely. With 8 bits, the range that three tiles in four stay
    within loses less, see the decision record.

    Args:
        definition: TensorFlow's graph definition.
        specs: specifications of its inputs.
        points: names of the tensors.
        tiles: iterable of inputs.
        bits: bits of a quantized value.

    Returns:
        Array `(points, 2)` of lowest and highest values.
    """
    import tensorflow as tf

    run = import_graph(definition, specs, points)
    extremes = tf.function(
        lambda *inputs: tf.stack(
            [
                tf.stack([tf.reduce_min(x), tf.reduce_max(x)])
                for x in run(*inputs)
            ]
        ),
        input_signature=specs,
        autograph=False,
    )
    found = np.stack(
        [extremes(*map(tf.constant, inputs)).numpy() for inputs in tiles]
    )
    return np.stack(
        [
            np.quantile(found[..., 0], 1 - COVERED[bits], axis=0),
            np.quantile(found[..., 1], COVERED[bits], axis=0),
        ],
        axis=-1,
    )


def _fit(image, sides, rng):
    """A crop of that size, flipped and rotated at random."""
    image = turned(image, int(rng.integers(4)), bool(rng.integers(2)))
    for axis, side in enumerate(sides):
        short = [(0, 0)] * 3
        short[axis] = (0, max(0, side - image.shape[axis]))
        image = np.pad(image, short, mode="symmetric")
        start = int(rng.integers(image.shape[axis] - side + 1))
        image = image.take(range(start, start + side), axis)
    return image
