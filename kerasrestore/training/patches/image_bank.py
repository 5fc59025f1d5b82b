"""Images in device memory, and windows cut from them."""

import math
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
from keras import ops

from kerasrestore.training.device_memory import free_bytes

# Offsets of pixels are 32-bit integers with JAX.
MOST_PIXELS = 2**31 - 1


def image_bank(sampler, places):
    """All images of a sampler as arrays that a compiled step can index.

    Args:
        sampler: `kerasrestore.data.PatchSampler`.
        places: its `Places`.

    Returns:
        Dictionary: `"pixels"`, uint8 `(pixels of all images, channels)`, row
        by row; `"start"`, `"height"` and `"width"`, the place of each image's
        first pixel and its size, `(images,)`; `"top"` and `"rows"`, the first
        row where a patch may begin and the number of such rows; `"left"` and
        `"columns"`, the same for columns.

    Raises:
        ValueError: if an image cannot be read or the images do not fit into
            memory.
    """
    limit = free_bytes() / 2
    images, shapes, total = [], [], 0
    with ThreadPoolExecutor() as pool:
        loaded = pool.map(sampler.image, range(len(sampler.files)))
        try:
            for image in loaded:
                shapes.append(image.shape)
                images.append(np.asarray(image).reshape(-1, sampler.channels))
                total += images[-1].nbytes
                if total > limit:
                    raise ValueError(
                        "The decoded training images take more than half of "
                        f"the free memory, {limit / 2**30:.1f} GiB; hold only "
                        "a part of them at a time (bank_bytes, --bank-gb) or "
                        "cut the patches on the host."
                    )
        finally:
            pool.shutdown(cancel_futures=True)
    counts = [len(pixels) for pixels in images]
    height, width = np.array(shapes).T[:2]
    return with_places(
        np.concatenate(images),
        start=np.cumsum([0, *counts[:-1]]),
        height=height,
        width=width,
        **dict(zip(("top", "rows"), places.in_image(height), strict=True)),
        **dict(zip(("left", "columns"), places.in_image(width), strict=True)),
    )


class WholeSet:
    """All images of a sampler in one bank, for every step.

    Args:
        sampler, places: as in `image_bank`.
    """

    def __init__(self, sampler, places):
        self._bank = image_bank(sampler, places)

    def of_step(self, step):
        """The bank of a step."""
        return self._bank

    def until(self, step):
        """The first step with another bank: there is none."""
        return math.inf

    def prepare(self, step):
        """Loads what a later step needs: it is there."""


def with_places(pixels, **numbers):
    """A bank with the types that a compiled step computes with.

    Args:
        pixels: see `image_bank`.
        **numbers: its other arrays; a number stands for that of all images.
    """
    shape, kind = numbers["start"].shape, index_type()
    return {
        "pixels": pixels,
        **{
            name: np.broadcast_to(values, shape).astype(kind)
            for name, values in numbers.items()
        },
    }


def windows(bank, place, side):
    """Cuts square windows from the images of a bank.

    Args:
        bank: tensors of `image_bank`; of it, `"pixels"`, `"start"` and
            `"width"` are used.
        place: dictionary of integer tensors `(batch,)`: `"image"`, the
            number of the image; `"top"` and `"left"`, the first row and
            column; `"turn"` and `"mirror"`, as in
            `kerasrestore.data.sampler.turned`.
        side: side of the windows in pixels.

    Returns:
        float32 tensor `(batch, side, side, channels)` in [0, 1].
    """
    return ops.cast(levels(bank, place, side), "float32") / 255.0


def levels(bank, place, side):
    """The same, 0 to 255, of the type of the bank.

    What lies beyond an image is undefined.
    """
    width = ops.take(bank["width"], place["image"])
    first = ops.take(bank["start"], place["image"])
    first = (first + place["top"] * width + place["left"])[:, None, None]
    turn, width = place["turn"][:, None], width[:, None]
    # How far a step down, and one to the right, moves in the image.
    along = ops.cast(np.arange(side)[None], index_type())
    down = _flipped(along, ops.logical_or(turn == 1, turn == 2))
    right = _flipped(along, place["mirror"][:, None] == 1)
    right = _flipped(right, turn >= 2)
    odd = turn % 2 == 1
    down = down * ops.where(odd, ops.ones_like(width), width)
    right = right * ops.where(odd, width, ops.ones_like(width))
    index = first + down[:, :, None] + right[:, None, :]
    last = bank["pixels"].shape[0] - 1
    return ops.take(bank["pixels"], ops.minimum(index, last), axis=0)


def crops(images, top, left, side):
    """Cuts a square from each image of a batch.

    Args:
        images: tensor `(batch, height, width, channels)`, its size known.
        top: first row in each image, integer tensor `(batch,)`.
        left: first column.
        side: side of the squares.

    Returns:
        Tensor `(batch, side, side, channels)`.
    """
    count, height, width, channels = images.shape
    kind = index_type()
    along = ops.cast(np.arange(side), kind)
    first = ops.cast(np.arange(count), kind) * (height * width)
    first = first + ops.cast(top, kind) * width + ops.cast(left, kind)
    index = first[:, None, None] + (along * width)[:, None] + along
    return ops.take(ops.reshape(images, (-1, channels)), index, axis=0)


def _flipped(along, flip):
    return ops.where(flip, along.shape[-1] - 1 - along, along)


def index_type():
    """The integer type of the places of pixels."""
    # TensorFlow computes with int32 on the host, JAX with int32 only.
    return "int32" if keras.config.backend() == "jax" else "int64"
