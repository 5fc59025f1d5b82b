"""Restoring by the name of the task, with the package's presets."""

from functools import lru_cache

from kerasrestore.inference.image_array import check_image
from kerasrestore.inference.restorer_chain import RestorerChain
from kerasrestore.inference.whole_photo import is_photo
from kerasrestore.litert.litert_restorer import LiteRTRestorer
from kerasrestore.models.presets import default_preset
from kerasrestore.tasks import TASKS

# Restorers that stay loaded between calls.
KEPT = 8


def restore(image, task="denoise", *, scale=None, **options):
    """Restores an image with the package's models, in one line.

    The default presets are loaded on the first call, and run through LiteRT.

    Args:
        image: as in `ImageRestorer.restore`: a path, a PIL image, an array.
        task: `"denoise"`, `"jpeg"`, `"super_resolution"`, `"demosaic"`, or
            several, separated by commas, that are carried out in this order.
        scale: upscaling factor of `"super_resolution"`, 2 by default.
        **options: as in `ImageRestorer.restore`, such as `strength` or
            `pattern`.

    Returns:
        The restored image, as `ImageRestorer.restore` returns it: for a path
        a `Photo`, whose `save` writes it with its metadata.

    Raises:
        ValueError: if a task or an option is unknown, or there is no preset
            for it.

    Example:
    >>> import numpy as np
    >>> import kerasrestore
    >>> noisy = np.random.default_rng(0).integers(0, 256, (40, 30, 3), "uint8")
    >>> kerasrestore.restore(noisy, "denoise", strength=0.5).shape
    (40, 30, 3)
    """
    if is_photo(image):
        image = _as_photo(image)
        channels = 1 if _pixels(image).ndim == 2 else 3
    else:
        array, layout, _ = check_image(image, options.get("white_level"))
        gray = layout == "HW" or array.shape[-1] in (1, 2)
        channels = 1 if gray else 3
    names = preset_names(task, channels, scale)
    return _kept(names).restore(image, **options)


def preset_names(task, channels=3, scale=None):
    """The default presets of one or several tasks.

    Args:
        task: names of tasks, separated by commas.
        channels: 3 for colour images, 1 for gray ones.
        scale: upscaling factor of super-resolution; `None` for the smallest.

    Returns:
        Tuple of names.

    Raises:
        ValueError: if a task is unknown or has no preset for this, or a scale
            is given without super-resolution.

    Example:
    >>> preset_names("denoise", channels=1)
    ('danet_mobile_denoise_gray_camera_cc0',)
    """
    tasks = [one.strip() for one in task.split(",")]
    for one in tasks:
        if one not in TASKS:
            raise ValueError(
                f"The task must be one of {', '.join(TASKS)}, or several "
                f"separated by commas, got {one!r}."
            )
    if scale is not None and "super_resolution" not in tasks:
        raise ValueError(
            f"Only super_resolution enlarges images, and the task is {task}; "
            "leave the scale out."
        )
    names = []
    for one in tasks:
        enlarges = one == "super_resolution"
        names.append(default_preset(one, channels, scale if enlarges else None))
        if one == "demosaic":
            channels = 3
    return tuple(names)


def load_presets(names, quantization=None, threads=None):
    """Loads presets as one restorer.

    Args:
        names: names or folders of presets, in order.
        quantization: as in `LiteRTRestorer.from_preset`.
        threads: as there.

    Returns:
        A `LiteRTRestorer`, or for several presets a `RestorerChain`.

    Raises:
        ValueError: as `LiteRTRestorer.from_preset` and `RestorerChain`.
    """
    return chained(
        LiteRTRestorer.from_preset(name, threads, quantization)
        for name in names
    )


_kept = lru_cache(maxsize=KEPT)(load_presets)


def chained(restorers):
    """One restorer as it is, several as a `RestorerChain`."""
    restorers = list(restorers)
    return restorers[0] if len(restorers) == 1 else RestorerChain(restorers)


def _as_photo(image):
    """A file as a `Photo`, so that it is read only once."""
    from kerasrestore.photos import Photo

    pil = hasattr(image, "getbands")
    return image if pil or isinstance(image, Photo) else Photo.read(image)


def _pixels(image):
    from kerasrestore.photos import Photo

    photo = image if isinstance(image, Photo) else Photo.from_pil(image)
    return photo.pixels
