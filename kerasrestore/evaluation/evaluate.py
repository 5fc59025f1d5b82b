"""Evaluation of a restorer on a folder of ground-truth images."""

from pathlib import Path

import numpy as np

from kerasrestore.data import folder_pairs, list_images
from kerasrestore.data.images import is_gray_file
from kerasrestore.data.pairs import ImagePair, check_pair
from kerasrestore.evaluation.report import Report
from kerasrestore.inference.image_restorer import ImageRestorer
from kerasrestore.inference.tile_choice import choose_tiles
from kerasrestore.tasks import Demosaic


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

    Images are sorted by file name; image `i` is degraded by
    `task.benchmark_pair(image, i, seed)`, restored, clipped and rounded
    to 8 bits, and scored by `task.score`. Means are taken over the values of
    the individual images.

    Args:
        restorer: a `Restorer`, `LiteRTRestorer` or `Baseline`.
        task: the `Task` to evaluate, such as `Denoise(sigma=25)`.
        data: folder of ground-truth images, or a list of `ImagePair` from
            `open_dataset`.
        degraded: folder of low-quality images with the same names, to use
            instead of degrading the ground truth.
        gray: whether to evaluate on gray images; colour files are converted
            by the task's own rule (MATLAB's rgb2gray, or Y), and models for
            colour images restore them as three equal channels. `None` to
            follow the files, see `is_gray_set`.
        tile: as in `ImageRestorer.restore`. Results of models with attention
            over the whole tile depend on it.
        overlap: as in `ImageRestorer.restore`.
        ensemble: whether to use the x8 self-ensemble.
        seed: seed of the degradation.
        progress: called as `progress(done, total)` after each image.

    Returns:
        A `Report`. Its `failed` lists the images that could not be evaluated:
        unreadable ones, gray files in a colour evaluation, pairs of mismatched
        size, and images without a partner.

    Raises:
        ValueError: if restorer, task, `gray` and tiles are incompatible, the
            task has a range of settings, or the folder contains no images, or
            both gray and colour ones while `gray` is `None`.

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
        # Fail at once on unsuitable tiles, rather than for every image.
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
    """Degrades and restores one image of a benchmark.

    Args:
        restorer: as in `evaluate`.
        task: as in `evaluate`.
        pair: `ImagePair`.
        index: position of the image in its set.
        channels: 3 for colour, 1 for gray.
        seed: as in `evaluate`.
        paired: whether the pair must have a degraded image; otherwise the
            task makes a missing one.
        **options: further arguments of `restore`.

    Returns:
        `(degraded, restored, clean)`: two float arrays on the [0, 1] scale
        and a uint8 array, without an axis for a single channel.

    Raises:
        ValueError: if the pair cannot be evaluated.
    """
    if channels == 3:
        for source in (pair.clean, pair.degraded):
            if isinstance(source, Path) and is_gray_file(source):
                raise ValueError(
                    f"{source} is a gray image in a colour evaluation; "
                    "evaluate in gray or remove it."
                )
    degraded, clean = degraded_pair(pair, task, index, channels, seed, paired)
    if restorer.sigma_input:
        options["sigma"] = task.strength(degraded, clean)
    if isinstance(task, Demosaic) and isinstance(restorer, ImageRestorer):
        options["pattern"] = task.pattern
    restored = restorer.restore(degraded, **options)
    return degraded, restored, clean


def degraded_pair(pair, task, index, channels=3, seed=0, paired=False):
    """The two images of a benchmark's pair; arguments as in
    `measured_images`.

    Returns:
        `(degraded, clean)`: a float array on the [0, 1] scale and a uint8
        array, without an axis for a single channel.
    """
    clean = pair.load_clean(channels, task.to_gray)
    if pair.degraded is None and not paired:
        clean = _squeeze_gray(task.ground_truth(clean))
        return task.benchmark_pair(clean, index, seed)
    clean = _squeeze_gray(clean)
    degraded = _squeeze_gray(pair.load_degraded(channels, task.to_gray))
    check_pair(pair.name, degraded, clean, task.scale)
    if degraded.dtype == np.uint8:
        degraded = degraded.astype(np.float32) / np.float32(255)
    return degraded, clean


def _figures(restorer, task, images, protocol):
    degraded, restored, clean = images
    quantize = getattr(restorer, "quantize", True)
    figures = task.score(restored, clean, quantize=quantize)
    if degraded.shape == clean.shape:
        # Published tables neither clip nor round the noisy input.
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
            f"{task.name} does not support "
            f"{'gray' if channels == 1 else 'colour'} images; evaluate on "
            f"{'colour' if channels == 1 else 'gray'} ones."
        )
    if restorer.channels < channels:
        raise ValueError(
            f"{restorer.name} restores gray images, but the evaluation is in "
            "colour; choose a colour preset or evaluate in gray."
        )
    if restorer.scale != task.scale:
        raise ValueError(
            f"{restorer.name} has scale {restorer.scale}, but the task "
            f"requires scale {task.scale}; choose another preset or setting."
        )


def benchmark_pairs(data, degraded=None):
    """The images of a benchmark in order, and its name; arguments as in
    `evaluate`."""
    if isinstance(data, (list, tuple)):
        if degraded is not None:
            raise ValueError(
                "Pairs already contain their degraded images; leave degraded "
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
    """Whether the images of a benchmark are gray.

    Args:
        pairs: list of `ImagePair`, from `benchmark_pairs`.

    Returns:
        `True` or `False`; unreadable files are ignored.

    Raises:
        ValueError: if some are gray and some are in colour.
    """
    sources = [pair.degraded if pair.clean is None else pair.clean
               for pair in pairs]  # fmt: skip
    # Sources other than files are colour arrays.
    found = [isinstance(one, Path) and is_gray_file(one) for one in sources]
    if True in found and False in found:
        raise ValueError(
            f"{found.count(True)} of {len(found)} images are gray, such as "
            f"{pair_name(pairs[found.index(True)])}, and the others are in "
            "colour; evaluate all of them in gray or remove the gray ones."
        )
    return True in found


def pair_name(pair):
    """Name of an image in reports: its file name if it has one."""
    for source in (pair.clean, pair.degraded):
        if isinstance(source, Path):
            return source.name
    return pair.name


def _squeeze_gray(image):
    # Gray noise is drawn for the shape (H, W), as published code does.
    return image[..., 0] if image.shape[-1] == 1 else image
