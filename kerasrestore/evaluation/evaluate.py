"""Measures a restorer on a folder of ground-truth images."""

from pathlib import Path

import numpy as np

from kerasrestore.data import folder_pairs, list_images
from kerasrestore.data.images import is_gray_file
from kerasrestore.data.pairs import ImagePair, check_pair
from kerasrestore.evaluation.report import Report
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.inference.tile_choice import choose_tiles


def evaluate(
    restorer,
    task,
    data,
    *,
    degraded=None,
    gray=None,
    tile="auto",
    overlap="auto",
    ensemble=False,
    seed=0,
    progress=None,
):
    """PSNR and SSIM of a restorer on a benchmark, by the published protocol.

    Images are taken in the order of their names; image `i` is degraded by
    `task.benchmark_pair(image, i, seed)`, restored, clipped and rounded
    to 8 bits, and scored by `task.score`. Means are over the images' own
    values.

    Args:
        restorer: a `Restorer`, `LiteRTRestorer` or `Baseline`.
        task: the `Task` to measure, `Denoise(sigma=25)` for example.
        data: folder of ground-truth images, or list of `ImagePair` as
            `open_dataset` gives it.
        degraded: folder of the low-quality images of the same names, where
            they are not made from the ground truth.
        gray: whether to measure on gray images; colour files are converted
            by the task's own rule (MATLAB's rgb2gray, or Y). `None` for what
            the images are, see `is_gray_set`.
        tile: as in `ImageRestorer.restore`. Figures of attention that sees
            the whole tile depend on it.
        overlap: as in `ImageRestorer.restore`.
        ensemble: whether to use the x8 self-ensemble.
        seed: seed of the degradation.
        progress: called as `progress(done, total)` after each image.

    Returns:
        A `Report`. Files that could not be measured are in its `failed`:
        unreadable ones, gray ones where colour is measured, low-quality ones
        of another size, and those without a partner.

    Raises:
        ValueError: if restorer, task, `gray` and tiles do not belong
            together, the task has a range of settings, or the folder holds
            no image, or both gray and colour ones while `gray` is `None`.

    Example:
    >>> import tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> import kerasrestore
    >>> from kerasrestore.tasks import Denoise
    >>> folder = tempfile.mkdtemp()
    >>> image = Image.fromarray(np.full((32, 32, 3), 99, "uint8"))
    >>> image.save(f"{folder}/a.png")
    >>> restorer = kerasrestore.LiteRTRestorer.from_preset()
    >>> report = kerasrestore.evaluate(restorer, Denoise(25), folder)
    >>> report.mean["psnr_rgb"] > report.mean["input_psnr_rgb"]
    True
    """
    pairs, dataset = benchmark_pairs(data, degraded)
    gray = is_gray_set(pairs) if gray is None else gray
    channels = 1 if gray else 3
    _check(restorer, task, channels)
    if isinstance(restorer, ImageRestorer):
        # Tiles that do not fit are no fault of the images'.
        choose_tiles(
            restorer, 64, 64, tile, overlap, None, square=bool(ensemble)
        )
    paired = degraded is not None
    report = Report(
        restorer=restorer.name,
        task=task.name,
        setting=task.setting,
        degradation=task.degradation_label,
        published=task.published,
        dataset=dataset,
        protocol=task.protocol(channels),
        gray=gray,
        tile=tile,
        overlap=overlap,
        ensemble=ensemble,
        seed=seed,
        quantize_input=task.quantize_input,
    )
    for index, pair in enumerate(pairs):
        name = pair_name(pair)
        try:
            images = measured_images(
                restorer, task, pair, index, channels,
                seed, paired, **report.restore_options,
            )  # fmt: skip
            figures = _figures(restorer, task, images, report.protocol)
        except ValueError as error:
            report.failed.append({"name": name, "error": str(error)})
        else:
            report.images.append({"name": name, **figures})
        if progress is not None:
            progress(index + 1, len(pairs))
    return report


def measured_images(
    restorer,
    task,
    pair,
    index,
    channels=3,
    seed=0,
    paired=False,
    **options,
):
    """What is measured of one image.

    Args:
        restorer: as in `evaluate`.
        task: as in `evaluate`.
        pair: `ImagePair`.
        index: position of the image in its set.
        channels: 3 for colour, 1 for gray.
        seed: as in `evaluate`.
        paired: whether a pair has to have a degraded image; else the task
            makes what is missing.
        **options: further arguments of `restore`.

    Returns:
        `(degraded, restored, clean)`: two float arrays on the [0, 1] scale
        and a uint8 array, without an axis for a single channel.

    Raises:
        ValueError: if the pair cannot be measured.
    """
    if channels == 3:
        for source in (pair.clean, pair.degraded):
            if isinstance(source, Path) and is_gray_file(source):
                raise ValueError(
                    f"{source} is a gray image, which does not compare with "
                    "colour ones; measure on gray images or remove it."
                )
    clean = pair.load_clean(channels, task.to_gray)
    if pair.degraded is None and not paired:
        clean = _plain(task.ground_truth(clean))
        degraded, clean = task.benchmark_pair(clean, index, seed)
    else:
        clean = _plain(clean)
        degraded = _plain(pair.load_degraded(channels, task.to_gray))
        check_pair(pair.name, degraded, clean, task.scale)
        if degraded.dtype == np.uint8:
            degraded = degraded.astype(np.float32) / np.float32(255)
    if restorer.sigma_input:
        options["sigma"] = task.strength(degraded, clean)
    restored = restorer.restore(degraded, **options)
    return degraded, restored, clean


def _figures(restorer, task, images, protocol):
    degraded, restored, clean = images
    quantize = getattr(restorer, "quantize", True)
    figures = task.score(restored, clean, quantize=quantize)
    if degraded.shape == clean.shape:
        # Peers' tables give the noisy input neither clipped nor rounded.
        before = task.score(degraded, clean, quantize=False)
        figures |= {f"input_{name}": value for name, value in before.items()}
    return {f"{name}_{protocol}": value for name, value in figures.items()}


def _check(restorer, task, channels):
    if restorer.task != task.name:
        raise ValueError(
            f"{restorer.name} is made for {restorer.task}, not for "
            f"{task.name}; choose another preset or task."
        )
    if channels not in task.channels:
        raise ValueError(
            f"{task.name} is not done on "
            f"{'gray' if channels == 1 else 'colour'} images; measure on "
            "others."
        )
    if restorer.channels != channels:
        raise ValueError(
            f"{restorer.name} restores "
            + (
                "colour images, these are gray; choose a gray preset or "
                "colour images."
                if channels == 1
                else "gray images; choose a colour preset or ask for gray."
            )
        )
    if restorer.scale != task.scale:
        raise ValueError(
            f"{restorer.name} enlarges by {restorer.scale}, the task asks for "
            f"{task.scale}; choose another preset or setting."
        )


def benchmark_pairs(data, degraded=None):
    """The images of a benchmark in order, and its name; arguments as those
    of `evaluate`."""
    if isinstance(data, (list, tuple)):
        if degraded is not None:
            raise ValueError(
                "Pairs name their degraded images themselves; leave degraded "
                "out."
            )
        return list(data), "pairs"
    dataset = Path(data).resolve().name
    if degraded is not None:
        return folder_pairs(degraded, data, lonely=True), dataset
    return [
        ImagePair(path.stem, None, path) for path in list_images(data)
    ], dataset


def is_gray_set(pairs):
    """Whether the images of a benchmark are gray ones.

    Args:
        pairs: list of `ImagePair`, as `benchmark_pairs` gives it.

    Returns:
        `True` or `False`. Files that cannot be read do not count.

    Raises:
        ValueError: if some are gray and some are in colour.
    """
    sources = [pair.degraded if pair.clean is None else pair.clean
               for pair in pairs]  # fmt: skip
    # What is no file is an array in colour.
    found = [isinstance(one, Path) and is_gray_file(one) for one in sources]
    if True in found and False in found:
        raise ValueError(
            f"{found.count(True)} of {len(found)} images are gray, such as "
            f"{pair_name(pairs[found.index(True)])}, and do not compare with "
            "the colour ones; ask for gray to measure all of them so, or "
            "remove them."
        )
    return True in found


def pair_name(pair):
    """How a report calls an image: by its file."""
    for source in (pair.clean, pair.degraded):
        if isinstance(source, Path):
            return source.name
    return pair.name


def _plain(image):
    # Gray noise is drawn for the shape (H, W), as published code does.
    return image[..., 0] if image.shape[-1] == 1 else image
