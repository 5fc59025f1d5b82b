"""Patches that are cut and degraded on the device, inside a training step."""

import keras
import numpy as np
from keras import ops

from kerasrestore.data import PatchSampler
from kerasrestore.training.patches.compiled import compiled
from kerasrestore.training.patches.image_bank import (
    MOST_PIXELS,
    WholeSet,
    crops,
    index_type,
    windows,
)
from kerasrestore.training.patches.places import Places, whole
from kerasrestore.training.patches.shrunk_images import ShrunkImages
from kerasrestore.training.patches.step_seeds import StepSeeds
from kerasrestore.training.patches.streamed_banks import StreamedBanks

# Bytes of a bank of a set with more pixels than one bank can hold.
DEFAULT_BANK = 2**30


class DevicePatches:
    """The patches of a sampler, made by the training step itself.

    Images are kept in device memory as uint8. Random crops, the eight views
    and the degradation are part of the compiled step, so that an accelerator
    does not wait for the host. For `fit`, in place of the sampler.

    Patches are a function of seed and step, as the sampler's. They are other
    patches than those of `PatchSampler.batch`, as the random numbers come
    from the device; from the same numbers, both make the same patches. Where
    the degradation of a pixel depends on its neighbours, patches keep a
    distance of the task's `halo` from the borders of the images.

    A set that is larger than the memory is held in part: see
    `StreamedBanks`.

    Args:
        sampler: `kerasrestore.data.PatchSampler` whose task has a
            degradation in tensor operations.
        bank_bytes: bytes of pixels in device memory at a time, 0 for all
            images. Unless given, all images if they have less than 2^31
            pixels together, otherwise 1 GiB. Another value gives other
            patches.

    Attributes:
        batch_size: patches in a batch.
        patch_size: side of the clean patches.

    Raises:
        ValueError: if the sampler draws from pairs of images, the task cannot
            degrade tensors, an image is too small, or the images do not fit
            into memory.

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

    def __init__(self, sampler, bank_bytes=None):
        if not isinstance(sampler, PatchSampler):
            raise ValueError(
                "Patches are cut on the device from images that a task "
                f"degrades, not from a {type(sampler).__name__}; cut them on "
                "the host."
            )
        self.sampler = sampler
        self.task = sampler.task
        self.batch_size = sampler.batch_size
        self.patch_size = sampler.patch_size
        self.places = Places(sampler)
        self.shrunk = None
        if self.places.shrunk:
            self.shrunk = ShrunkImages(sampler, self.places)
        # A task without tensor operations is an error before the images are
        # read.
        self.task.draw_tensors(self._shape(), StepSeeds(sampler.seed, 0))
        self._banks = _banks(sampler, self.places, bank_bytes)
        self._make = compiled(self._all)

    def batch(self, step):
        """Batch number `step`, as `PatchSampler.batch`."""
        bank = self._banks.of_step(step)
        return tuple(
            map(ops.convert_to_numpy, self._make(bank, np.int32(step)))
        )

    def resident(self, step):
        """The arrays on the device for a step, and what follows is loaded.

        Returns:
            A bank, as `image_bank`: the same object for all steps up to
            `until`.
        """
        bank = self._banks.of_step(step)
        self._banks.prepare(self.until(step))
        return bank

    def until(self, step):
        """The first step after this one for which other arrays are needed."""
        return self._banks.until(step)

    def chunk(self, start, stop):
        """What the steps `start` to `stop` need: their numbers."""
        return np.arange(start, stop, dtype=np.int32)

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
            Dictionary of tensors with one row for each patch: `"image"`, or
            in `"window"` what `ShrunkImages` has drawn; `"top"` and `"left"`
            of the patch, `"turn"`, `"mirror"`, and in `"task"` what the task
            has drawn.
        """
        sampler = self.sampler
        seeds = StepSeeds(sampler.seed, step)
        shares = keras.random.uniform(
            (3, self.batch_size * sampler.crops), seed=seeds
        )
        image = whole(shares[0], resident["start"].shape[0])
        place = {"image": image}
        if self.shrunk:
            place = {"window": self.shrunk.draw(resident, image, seeds)}
        for row, side, first, count in (
            (1, "height", "top", "rows"),
            (2, "width", "left", "columns"),
        ):
            if self.shrunk:
                new = place["window"][f"new_{side}"]
                begin, number = self.places.margin, self.places.count(new)
            else:
                begin = ops.take(resident[first], image)
                number = ops.take(resident[count], image)
            place[first] = begin + sampler.scale * whole(shares[row], number)
        if sampler.crops > 1:
            place = self._most_textured(resident, place)
        shares = keras.random.uniform((2, self.batch_size), seed=seeds)
        place["turn"] = whole(shares[0], 4)
        place["mirror"] = whole(shares[1], 2)
        return {**place, "task": self.task.draw_tensors(self._shape(), seeds)}

    def from_drawn(self, resident, drawn):
        """The batch of what `draw` has drawn."""
        size, scale = self.patch_size, self.sampler.scale
        bank, drawn, sides = self._images(resident, drawn)
        place, corner = self._context(drawn, sides)
        window = windows(bank, place, self.places.side)
        degraded, clean, strength = self.task.pair_tensors(
            window, drawn["task"]
        )
        if self.places.side > size:
            top, left = corner
            degraded = crops(
                degraded, top // scale, left // scale, size // scale
            )
            clean = crops(clean, top, left, size)
        return degraded, clean, strength

    def _all(self, resident, step):
        return self.make(resident, step, lambda tree: tree)

    def _shape(self):
        side = self.places.side
        return (self.batch_size, side, side, self.sampler.channels)

    def _images(self, resident, place):
        """The bank of the images that patches are cut from, the places with
        the numbers of these images, and their heights and widths."""
        if self.shrunk:
            window = place["window"]
            image = ops.cast(np.arange(window["image"].shape[0]), index_type())
            bank = self.shrunk.bank(resident, window)
            sides = window["new_height"], window["new_width"]
            return bank, {**place, "image": image}, sides
        sides = [
            ops.take(resident[side], place["image"])
            for side in ("height", "width")
        ]
        return resident, place, sides

    def _most_textured(self, resident, place):
        """Of the crops drawn for each patch, the one with most texture."""
        crops = self.sampler.crops
        bank, located, _ = self._images(resident, place)
        upright = ops.zeros_like(place["top"])
        patches = windows(
            bank,
            {**located, "turn": upright, "mirror": upright},
            self.patch_size,
        )
        texture = sum(
            ops.mean(ops.abs(ops.diff(patches, axis=axis)), axis=(1, 2, 3))
            for axis in (1, 2)
        )
        best = ops.argmax(ops.reshape(texture, (-1, crops)), axis=1)[:, None]
        return keras.tree.map_structure(
            lambda value: ops.take_along_axis(
                ops.reshape(value, (-1, crops)), best, axis=1
            )[:, 0],
            place,
        )

    def _context(self, drawn, sides):
        """Place of the window, and the patch's corner in it once turned."""
        block, halo = self.task.block, self.task.halo
        size, last = self.patch_size, self.places.side
        place, corner = dict(drawn), []
        for name, side in zip(("top", "left"), sides, strict=True):
            first = (drawn[name] - halo) // block * block
            first = ops.minimum(first, side // block * block - last)
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


def _banks(sampler, places, size):
    """What is held in device memory: all images, or parts in turn."""
    sizes = [sampler.shape(index)[:2] for index in range(len(sampler.files))]
    for file, (height, width) in zip(sampler.files, sizes, strict=True):
        if min(height, width) < places.least:
            raise ValueError(
                f"{file} is {width}x{height}; on the device a patch of "
                f"{sampler.patch_size} needs {places.least} pixels each way "
                "with its surroundings: remove the image, reduce the patch "
                "size or cut the patches on the host."
            )
    if size is None:
        pixels = sum(height * width for height, width in sizes)
        size = 0 if pixels <= MOST_PIXELS else DEFAULT_BANK
    if size:
        return StreamedBanks(sampler, places, sizes, size)
    return WholeSet(sampler, places)
