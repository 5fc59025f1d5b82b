"""Model-free baselines, which validate the evaluation protocol."""

import numpy as np

from kerasrestore.imaging.resampling import bicubic_matrix

BASELINES = ("degraded", "bicubic")


class Baseline:
    """A baseline in the place of a model in `evaluate`.

    Args:
        kind: `"degraded"` for the degraded image as it is, neither clipped
            nor rounded, or `"bicubic"` for MATLAB's bicubic enlargement.
        task: the task that is measured.
        channels: 3 for colour, 1 for gray.

    Raises:
        ValueError: if there is no such baseline, or it does not go with the
            task.

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
                f"A baseline is one of {', '.join(BASELINES)}, got {kind!r}."
            )
        enlarges = task.scale > 1
        if enlarges != (kind == "bicubic"):
            raise ValueError(
                f"The baseline {kind!r} keeps to "
                + ("images of one size" if enlarges else "super-resolution")
                + f", {task.name} at scale {task.scale} wants "
                + ("'bicubic'." if enlarges else "'degraded'.")
            )
        self.name = kind
        self.task = task.name
        self.channels = channels
        self.scale = task.scale
        # Published rows have the noisy image as it was drawn.
        self.quantize = enlarges

    def restore(self, image, **options):
        """The image itself, or enlarged.

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
