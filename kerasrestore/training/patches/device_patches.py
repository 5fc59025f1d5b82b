"""Patches that are cut and degraded on the device, inside a training step."""

import math

import keras
import numpy as np
from keras import ops

from kerasrestore.data import PatchSampler
from kerasrestore.training.patches.compiled import compiled
from kerasrestore.training.patches.image_bank import (
    crops,
    image_bank,
    windows,
)
from kerasrestore.training.patches.step_seeds import StepSeeds


class DevicePatches:
    """The patches of a sampler, made by the training step itself.

    All images are kept in device memory as uint8. Random crops, the eight
    views and the degradation are part of the compiled step, so that an
    accelerator does not wait for the host. For `fit`, in place of the
    sampler.

    Patches are a function of seed and step, as the sampler's. They are other
    patches than those of `PatchSampler.batch`, as the random numbers come
    from the device; from the same numbers, both make the same patches. Where
    the degradation of a pixel depends on its neighbours, patches keep a
    distance of the task's `halo` from the borders of the images.

    Args:
        sampler: `kerasrestore.data.PatchSampler` whose task has a
            degradation in tensor operations.

    Attributes:
        batch_size: patches in a batch.
        patch_size: side of the clean patches.
        resident: the arrays that are kept on the device.

    Raises:
        ValueError: if the sampler draws from pairs of images or shrinks
            images, the task cannot degrade tensors, an image is too small,
            or the images do not fit into memory.

    Example:
    >>> import tempfile
    >>> from PIL import Image
    >>> from kerasrestore.tasks import Denoise
    >>> folder = tempfile.mkdtemp()
    >>> Image.new("RGB", (40, 30)).save(f"{folder}/a.png")
    >>> sampler = PatchSampler(
    ...     folder, Denoise(25), patch_size=16, batch_size=2
    ... )
    >>> noisy, clean, sigma = DevicePatches(sampler).batch(0)
    >>> noisy.shape, clean.shape, sigma.shape
    ((2, 16, 16, 3), (2, 16, 16, 3), (2,))
    """

    def __init__(self, sampler):
        if not isinstance(sampler, PatchSampler):
            raise ValueError(
                "Patches are cut on the device from images that a task "
                f"degrades, not from a {type(sampler).__name__}; cut them on "
                "the host."
            )
        if sampler.scales != (1.0, 1.0):
            raise ValueError(
                f"Images are not shrunk on the device, got the scales "
                f"{sampler.scales}; cut the patches on the host."
            )
        self.sampler = sampler
        self.task = sampler.task
        self.batch_size = sampler.batch_size
        self.patch_size = sampler.patch_size
        self.side = _window_side(sampler)
        # A task without tensor operations is an error before the images are
        # read.
        self.task.draw_tensors(self._shape(), StepSeeds(sampler.seed, 0))
        self.resident = image_bank(sampler)
        self._check_sizes()
        self._make = compiled(self._all)

    def batch(self, step):
        """Batch number `step`, as `PatchSampler.batch`."""
        made = self._make(self.resident, np.int32(step))
        return tuple(map(ops.convert_to_numpy, made))

    def chunk(self, start, stop):
        """What the steps `start` to `stop` need: their numbers."""
        return np.arange(start, stop, dtype=np.int32)

    def part(self, chunk, index, count):
        """The part of a chunk for one of several replicas: all of it."""
        return chunk

    def make(self, resident, step, share):
        """The batch of a step, in a compiled function.

        Args:
            resident: tensors of `resident`.
            step: scalar tensor.
            share: function that takes a tree of tensors with one row for each
                patch and returns the rows of the patches to be made.

        Returns:
            As `batch`, tensors.
        """
        drawn = share(self.draw(resident, step))
        return self.from_drawn(resident, drawn)

    def draw(self, resident, step):
        """Draws all that is random in a batch.

        Returns:
            Dictionary of tensors with one row for each patch: `"image"`,
            `"top"` and `"left"` of the patch, `"turn"`, `"mirror"`, and in
            `"task"` what the task has drawn.
        """
        sampler = self.sampler
        seeds = StepSeeds(sampler.seed, step)
        shares = keras.random.uniform(
            (3, self.batch_size * sampler.crops), seed=seeds
        )
        kind = resident["start"].dtype

        def whole(share, count):
            number = ops.floor(share * ops.cast(count, "float32"))
            # Rounding may make it the count itself.
            return ops.minimum(ops.cast(number, kind), count - 1)

        place = {"image": whole(shares[0], len(sampler.files))}
        for row, name, side in ((1, "top", "height"), (2, "left", "width")):
            sides = ops.take(resident[side], place["image"])
            count = self._count(sides)
            place[name] = self._margin + sampler.scale * whole(
                shares[row], count
            )
        if sampler.crops > 1:
            place = self._most_textured(resident, place)
        shares = keras.random.uniform((2, self.batch_size), seed=seeds)
        place["turn"] = whole(shares[0], 4)
        place["mirror"] = whole(shares[1], 2)
        return {**place, "task": self.task.draw_tensors(self._shape(), seeds)}

    def from_drawn(self, resident, drawn):
        """The batch of what `draw` has drawn."""
        size, scale = self.sampler.patch_size, self.sampler.scale
        place, corner = self._context(resident, drawn)
        window = windows(resident, place, self.side)
        degraded, clean, strength = self.task.pair_tensors(
            window, drawn["task"]
        )
        if self.side > size:
            top, left = corner
            degraded = crops(
                degraded, top // scale, left // scale, size // scale
            )
            clean = crops(clean, top, left, size)
        return degraded, clean, strength

    def _all(self, resident, step):
        return self.make(resident, step, lambda tree: tree)

    def _shape(self):
        return (self.batch_size, self.side, self.side, self.sampler.channels)

    @property
    def _margin(self):
        """Distance of patches from the top and left borders of an image."""
        return -(-self.task.halo // self.sampler.scale) * self.sampler.scale

    def _count(self, sides):
        """Number of places for a patch along sides."""
        task, sampler = self.task, self.sampler
        usable = sides // task.block * task.block
        free = usable - task.halo - sampler.patch_size - self._margin
        return free // sampler.scale + 1

    def _check_sizes(self):
        least = self.resident["height"], self.resident["width"]
        for index, sides in enumerate(zip(*least, strict=True)):
            usable = min(sides) // self.task.block * self.task.block
            if usable < self.side or self._count(min(sides)) < 1:
                name = self.sampler.files[index]
                raise ValueError(
                    f"{name} is {sides[1]}x{sides[0]}; on the device a patch "
                    f"of {self.sampler.patch_size} needs {self.side} pixels "
                    "each way with its surroundings: remove the image, reduce "
                    "the patch size or cut the patches on the host."
                )

    def _most_textured(self, resident, place):
        """Of the crops drawn for each patch, the one with most texture."""
        crops = self.sampler.crops
        upright = ops.zeros_like(place["image"])
        patches = windows(
            resident,
            {**place, "turn": upright, "mirror": upright},
            self.sampler.patch_size,
        )
        texture = sum(
            ops.mean(ops.abs(ops.diff(patches, axis=axis)), axis=(1, 2, 3))
            for axis in (1, 2)
        )
        best = ops.argmax(ops.reshape(texture, (-1, crops)), axis=1)[:, None]
        return {
            name: ops.take_along_axis(
                ops.reshape(value, (-1, crops)), best, axis=1
            )[:, 0]
            for name, value in place.items()
        }

    def _context(self, resident, drawn):
        """Place of the window, and the patch's corner in it once turned."""
        block, halo = self.task.block, self.task.halo
        size, last = self.sampler.patch_size, self.side
        place, corner = dict(drawn), []
        for name, side in (("top", "height"), ("left", "width")):
            first = (drawn[name] - halo) // block * block
            sides = ops.take(resident[side], drawn["image"])
            first = ops.minimum(first, sides // block * block - last)
            corner.append(drawn[name] - first)
            place[name] = first
        top, left = corner
        far_top, far_left = (last - size - start for start in corner)
        turn = drawn["turn"]
        # As kerasrestore.data.sampler.turned_corner.
        turned_top = _choose(turn, (top, far_left, far_top, left))
        turned_left = _choose(turn, (left, top, far_left, far_top))
        mirrored = last - size - turned_left
        turned_left = ops.where(drawn["mirror"] == 1, mirrored, turned_left)
        return place, (turned_top, turned_left)


def _choose(number, values):
    chosen = values[0]
    for place, value in enumerate(values[1:], 1):
        chosen = ops.where(number == place, value, chosen)
    return chosen


def _window_side(sampler):
    """Side of a window that holds a patch and what it is degraded with."""
    task, size = sampler.task, sampler.patch_size
    sides = []
    for start in range(0, math.lcm(task.block, sampler.scale), sampler.scale):
        first = (start - task.halo) // task.block
        stop = -(-(start + size + task.halo) // task.block)
        sides.append((stop - first) * task.block)
    return max(sides)
