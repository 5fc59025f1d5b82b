"""Files, photos and PIL images through a restorer of arrays."""

import os

import numpy as np

from kerasrestore.inference.image_array import white_value


def is_photo(image):
    """Whether it is a photo or a file rather than an array."""
    from kerasrestore.photos import Photo

    return (
        isinstance(image, (str, os.PathLike, Photo))
        or hasattr(image, "read")
        or _is_pil(image)
    )


def restore_whole_photo(restorer, image, options):
    """Restores all that a photo consists of.

    Args:
        restorer: `ImageRestorer`.
        image: path, binary file, `Photo` or PIL image.
        options: the arguments of `ImageRestorer.restore` besides the image.

    Returns:
        A PIL image for a PIL image, else a `Photo`.
    """
    from kerasrestore.photos import Photo, restore_photo

    if _is_pil(image):
        photo = Photo.from_pil(image)
    else:
        photo = image if isinstance(image, Photo) else Photo.read(image)
    white = white_value(photo.pixels.dtype, options["white_level"])
    if photo.pixels.dtype.kind == "f":
        options = {**options, "white_level": None}

    def restore(pixels):
        if photo.alpha is None:
            return restorer.restore(pixels, **options)
        bands = np.dstack([pixels, photo.alpha])
        restored = restorer.restore(bands, **options)[..., :-1]
        gray = pixels.ndim == 2 and restored.shape[-1] == 1
        return restored[..., 0] if gray else restored

    restored = restore_photo(photo, restore, white or 1.0)
    if "jpeg" in restorer.task.split(","):
        # The same tables would bring the artifacts back.
        restored.jpeg = None
    if restored.pixels.ndim > photo.pixels.ndim:
        # What describes the samples of a mosaic does not describe colours.
        restored.jpeg = restored.icc_profile = restored.cicp = None
    return restored.to_pil() if _is_pil(image) else restored


def _is_pil(image):
    from PIL import Image

    return isinstance(image, Image.Image)
