"""Where patches and the windows around them may lie in an image."""

import math

import numpy as np
from keras import ops

from kerasrestore.training.patches.image_bank import index_type


class Places:
    """Sizes of the windows of a sampler's patches, fixed for compilation.

    Along each axis of an image, the places of a patch are numbered: its
    first pixel lies at the margin that its degradation needs, the others
    follow at multiples of the task's scale. If images are shrunk, the places
    in an image are those of the windows that are shrunk.

    Args:
        sampler: `kerasrestore.data.PatchSampler`.

    Attributes:
        side: side of the window that is degraded around each patch.
        margin: distance of patches from the top and left borders of the
            image that is degraded.
        least: smallest side of an image that holds such a window.
        shrunk: largest side of a shrunk image; 0 if images are not shrunk.
        reach: pixels that are needed from the first pixel of a place on.
        step: pixels from one place to the next.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.data import PatchSampler
    >>> from kerasrestore.tasks import SuperResolution
    >>> folder = tempfile.mkdtemp()
    >>> Image.new("RGB", (40, 30)).save(f"{folder}/a.png")
    >>> places = Places(
    ...     PatchSampler(folder, SuperResolution(2), patch_size=16)
    ... )
    >>> places.side, places.in_image(30)
    (24, (4, 4))
    """

    def __init__(self, sampler):
        task, size, scale = sampler.task, sampler.patch_size, sampler.scale
        self.block, self.halo, self.size = task.block, task.halo, size
        self.scale, self.modulus = scale, task.modulus
        self.period = math.lcm(task.block, scale)
        self.margin = -(-task.halo // scale) * scale
        self.side = max(
            -(-(start + size + task.halo) // task.block) * task.block
            - (start - task.halo) // task.block * task.block
            for start in range(0, self.period, scale)
        )
        self.least = self._least()
        self.scales = sampler.scales
        if self.scales == (1.0, 1.0):
            self.shrunk, self.step = 0, scale
            self.reach = size + task.halo
        else:
            # Rounding adds at most a pixel to the side that was aimed at.
            self.aim = max(sampler.shrunk_side, self.least)
            self.shrunk = (self.aim + 1) // task.modulus * task.modulus
            self.step, self.period = 1, 1
            self.reach = math.ceil(self.aim / self.scales[0])

    def count(self, sides):
        """Number of places of a patch along sides of what is degraded.

        Args:
            sides: integers or a tensor of them.
        """
        usable = sides // self.block * self.block
        free = usable - self.halo - self.size - self.margin
        return free // self.scale + 1

    def in_image(self, side):
        """The first place along a side of an image, and how many there are.

        Args:
            side: integer or NumPy array.
        """
        if not self.shrunk:
            return self.margin, self.count(side)
        # Those of the smallest window that is shrunk.
        smallest = math.ceil(self.aim / self.scales[1])
        return 0, np.maximum(side - smallest, 0) + 1

    def _least(self):
        least = self.modulus
        while (
            least // self.period * self.period < self.side
            or self.count(least // self.period * self.period) < 1
        ):
            least += self.modulus
        return least


def whole(share, count):
    """Whole numbers below `count` from shares in [0, 1).

    Args:
        share: float32 tensor.
        count: integer or integer tensor.
    """
    number = ops.floor(share * ops.cast(count, "float32"))
    kind = getattr(count, "dtype", index_type())
    # Rounding may make it the count itself.
    return ops.minimum(ops.cast(number, kind), count - 1)
