"""Images in device memory, and windows cut from them."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
from keras import ops

from kerasrestore.training.device_memory import free_bytes


def image_bank(sampler):
    """All images of a sampler as arrays that a compiled step can index.

    Args:
        sampler: `kerasrestore.data.PatchSampler`.

    Returns:
        Dictionary: `"pixels"`, uint8 `(pixels of all images, channels)`, row
        by row; `"start"`, `"height"` and `"width"`, the place of each image's
        first pixel and its size, `(images,)`.

    Raises:
        ValueError: if an image cannot be read or is smaller than a patch, or
            if the images do not fit into memory.
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
                        f"the free memory, {limit / 2**30:.1f} GiB; cut the "
                        "patches on the host."
                    )
        finally:
            pool.shutdown(cancel_futures=True)
    counts = [len(pixels) for pixels in images]
    kind = _index_type()
    if sum(counts) > np.iinfo(kind).max:
        raise ValueError(
            f"The training images have {sum(counts):,} pixels, more than "
            f"{np.iinfo(kind).max:,}; cut the patches on the host."
        )
    return {
        "pixels": np.concatenate(images),
        "start": np.cumsum([0, *counts[:-1]]).astype(kind),
        "height": np.array([shape[0] for shape in shapes], kind),
        "width": np.array([shape[1] for shape in shapes], kind),
    }


def windows(bank, place, side):
    """Cuts square windows from the images of a bank.

    Args:
        bank: tensors of `image_bank`.
        place: dictionary of integer tensors `(batch,)`: `"image"`, the
            number of the image; `"top"` and `"left"`, the first row and
            column; `"turn"` and `"mirror"`, as in
            `kerasrestore.data.sampler.turned`.
        side: side of the windows in pixels.

    Returns:
        float32 tensor `(batch, side, side, channels)` in [0, 1].
    """
    width = ops.take(bank["width"], place["image"])
    first = ops.take(bank["start"], place["image"])
    first = (first + place["top"] * width + place["left"])[:, None, None]
    turn, width = place["turn"][:, None], width[:, None]
    # How far a step down, and one to the right, moves in the image.
    along = ops.cast(np.arange(side)[None], _index_type())
    down = _flipped(along, ops.logical_or(turn == 1, turn == 2))
    right = _flipped(along, place["mirror"][:, None] == 1)
    right = _flipped(right, turn >= 2)
    odd = turn % 2 == 1
    down = down * ops.where(odd, ops.ones_like(width), width)
    right = right * ops.where(odd, width, ops.ones_like(width))
    index = first + down[:, :, None] + right[:, None, :]
    return ops.cast(ops.take(bank["pixels"], index, axis=0), "float32") / 255.0


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
    kind = _index_type()
    along = ops.cast(np.arange(side), kind)
    first = ops.cast(np.arange(count), kind) * (height * width)
    first = first + ops.cast(top, kind) * width + ops.cast(left, kind)
    index = first[:, None, None] + (along * width)[:, None] + along
    return ops.take(ops.reshape(images, (-1, channels)), index, axis=0)


def _flipped(along, flip):
    return ops.where(flip, along.shape[-1] - 1 - along, along)


def _index_type():
    # TensorFlow computes with int32 on the host, JAX with int32 only.
    return "int32" if keras.config.backend() == "jax" else "int64"
