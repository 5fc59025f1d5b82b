"""Demosaicing of Bayer mosaics."""

import numpy as np

from kerasrestore.imaging.mosaic import PATTERNS, sampled
from kerasrestore.tasks.task import Task


class Demosaic(Task):
    """Bayer mosaicing: one colour sample per pixel, the other two zero.

    The degraded image has three channels, with 0 wherever a colour was not
    sampled. The degradation is deterministic and adds no noise. Scores are
    computed over all channels, without shaving the border.

    Args:
        pattern: colours of the 2x2 cell at the image's top left corner, in
            row-major order: `"GRBG"` (as in the papers), `"RGGB"`, `"GBRG"`
            or `"BGGR"`.

    Raises:
        ValueError: if the pattern is unknown.

    Example:
    >>> import numpy as np
    >>> clean = np.full((2, 2, 3), 255, "uint8")
    >>> Demosaic("GRBG").degrade_benchmark(clean, 0)[0].tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]

    References:
        RNAN, tables 4 and 8; PANet, table 2. Their row "Mosaiced" scores
        this input without any restoration.
    """

    name = "demosaic"
    degradation = "mosaic"
    setting_argument = "pattern"
    setting_type = str
    setting_help = f"the Bayer pattern, one of {', '.join(PATTERNS)}"
    usual_setting = "GRBG"
    channels = (3,)

    def __init__(self, pattern="GRBG"):
        # (row, column, channel) of the 2x2 cell: true where it is sampled.
        self.cell = sampled(pattern)
        self.pattern = pattern

    def _degrade_patch(self, clean, rng):
        return self._mosaic(clean), np.float32(0)

    def _degrade_image(self, clean, rng):
        return self._mosaic(clean.astype(np.float32) / np.float32(255))

    def _mosaic(self, clean):
        _check_colour(clean)
        height, width = clean.shape[:2]
        cells = (-(-height // 2), -(-width // 2), 1)
        return clean * np.tile(self.cell, cells)[:height, :width]

    def draw_tensors(self, shape, seed=None):
        return {}

    def pair_tensors(self, clean, drawn):
        from keras import ops

        _check_colour(clean)
        count, height, width = ops.shape(clean)[:3]
        cell = ops.convert_to_tensor(self.cell, "float32")
        rows = ops.take(cell, ops.arange(height) % 2, axis=0)
        mosaic = ops.take(rows, ops.arange(width) % 2, axis=1)
        return clean * mosaic, clean, ops.zeros((count,))

    def get_config(self):
        """Constructor arguments that recreate this task."""
        return {"pattern": self.pattern}


def _check_colour(clean):
    if len(clean.shape) < 3 or clean.shape[-1] != 3:
        raise ValueError(
            "Mosaicing requires RGB images with three channels, got shape "
            f"{tuple(clean.shape)}; load the images in colour."
        )
