"""Images shrunk by random factors, made by the training step itself."""

import keras
import numpy as np
from keras import ops

from kerasrestore.training.patches.image_bank import index_type, levels
from kerasrestore.training.patches.places import whole
from kerasrestore.training.patches.shrinking import shrink


class ShrunkImages:
    """What `PatchSampler` does with its `scales`, on the device.

    A window at a random place of each image is shrunk by a random factor, so
    that it holds a patch with its surroundings; of small images all is
    shrunk, and not below what holds them.

    Args:
        sampler: `kerasrestore.data.PatchSampler` with `scales`.
        places: its `Places`.
    """

    def __init__(self, sampler, places):
        self.sampler = sampler
        self.places = places

    def draw(self, bank, image, seeds):
        """Draws the windows to be shrunk.

        Args:
            bank: tensors of a bank.
            image: numbers of images, integer tensor `(count,)`.
            seeds: `StepSeeds`.

        Returns:
            Dictionary of tensors `(count,)`: `"image"`, `"factor"`, `"top"`
            and `"left"`, the first row and column of the window, its
            `"height"` and `"width"`, and `"new_height"` and `"new_width"`
            once it is shrunk.
        """
        kind, places = index_type(), self.places
        low, high = self.sampler.scales
        shares = keras.random.uniform((3, *image.shape), seed=seeds)
        sides = {
            name: ops.take(bank[name], image) for name in ("height", "width")
        }
        smallest = ops.cast(ops.minimum(*sides.values()), "float32")
        factor = ops.maximum(
            low + (high - low) * shares[0], places.least / smallest
        )
        drawn = {"image": image, "factor": factor}
        for share, side, first, count in (
            (shares[1], "height", "top", "rows"),
            (shares[2], "width", "left", "columns"),
        ):
            length = ops.cast(ops.ceil(places.aim / factor), kind)
            length = ops.minimum(length, sides[side])
            new = ops.round(ops.cast(length, "float32") * factor)
            new = ops.cast(new, kind) // places.modulus * places.modulus
            last = sides[side] - length
            begin = ops.take(bank[first], image)
            # Near the end of an image there is no place for a long window.
            number = ops.minimum(ops.take(bank[count], image), last + 1 - begin)
            number = whole(share, ops.maximum(number, 1))
            drawn[first] = ops.minimum(begin, last) + number
            drawn[side], drawn[f"new_{side}"] = length, new
        return drawn

    def bank(self, bank, drawn):
        """The shrunk images as a bank of their own, in the order of `drawn`."""
        side = self.places.shrunk
        upright = ops.zeros_like(drawn["image"])
        place = {**drawn, "turn": upright, "mirror": upright}
        small = shrink(
            levels(bank, place, self.places.reach),
            (drawn["height"], drawn["width"]),
            (drawn["new_height"], drawn["new_width"]),
            side,
        )
        number = ops.cast(np.arange(small.shape[0]), index_type())
        return {
            "pixels": ops.reshape(small, (-1, small.shape[-1])),
            "start": number * side**2,
            "width": ops.full_like(number, side),
        }
