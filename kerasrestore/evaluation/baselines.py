"""Model-free baselines, which validate the evaluation protocol."""

import numpy as np

from kerasrestore.imaging.resampling import bicubic_matrix

BASELINES = ("degraded", "bicubic")


class Baseline:
    """A baseline to pass to `evaluate` instead of a model.

    Args:
        kind: `"degraded"` for the degraded image itself, neither clipped nor
            rounded, or `"bicubic"` for bicubic upscaling as in MATLAB.
        task: task to evaluate.
        channels: 3 for colour, 1 for gray.

    Raises:
        ValueError: if the baseline is unknown or does not apply to the task.

    Example:
    >>> import numpy as np
    >>> from kerasrestore.tasks import SuperResolution
    >>> baseline = Baseline("bicubic", SuperResolution(2))
    >>> baseline.restore(np.ones((4, 5, 3), "float32")).shape
    (8, 10, 3)
    """

    sigma_input = False

    def __init__(self, kind, task, channels=3):
        if kind not in BASELINES:
            raise ValueError(
                f"The baseline must be one of {', '.join(BASELINES)}, got "
                f"{kind!r}."
            )
        upscales = task.scale > 1
        if upscales != (kind == "bicubic"):
            raise ValueError(
                f"The baseline {kind!r} requires "
                + ("scale 1" if upscales else "super-resolution")
                + f", got {task.name} at scale {task.scale}; use "
                + ("'bicubic'." if upscales else "'degraded'.")
            )
        self.name = kind
        self.task = task.name
        self.channels = channels
        self.scale = task.scale
        # Published rows score the noisy image unclipped and unrounded.
        self.quantize = upscales

    def restore(self, image, **options):
        """Returns the image itself, or upscaled.

        Args:
            image: float array on the [0, 1] scale.
            **options: ignored.

        Returns:
            Float array.
        """
        if self.scale == 1:
            return image
        for axis in (0, 1):
            size = image.shape[axis]
            matrix = bicubic_matrix(size, size * self.scale, "matlab")
            image = np.moveaxis(np.tensordot(matrix, image, (1, axis)), 0, axis)
        return image.astype(np.float32)
