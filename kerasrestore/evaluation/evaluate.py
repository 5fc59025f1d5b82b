"""Measures a restorer on a folder of ground-truth images."""

from pathlib import Path

import numpy as np

from kerasrestore.data import list_images, load_image
from kerasrestore.evaluation.report import Report
from kerasrestore.metrics import psnr_gray, psnr_rgb, ssim_gray, ssim_rgb

METRICS = {
    3: {"psnr_rgb": psnr_rgb, "ssim_rgb": ssim_rgb},
    1: {"psnr_gray": psnr_gray, "ssim_gray": ssim_gray},
}


def evaluate(
    restorer, task, data, *, gray=False, ensemble=False, seed=0, progress=None
):
    """PSNR and SSIM of a restorer on a benchmark, by the published protocol.

    Images are taken in the order of their names; image `i` is degraded by
    `task.degrade_benchmark(image, i, seed)`, restored, clipped and rounded
    to 8 bits, and compared with the original over all channels without
    shaving a border. Means are over the images' own values.

    Args:
        restorer: a `Restorer` or `LiteRTRestorer`.
        task: what is asked of it, `Denoise(sigma=25)` for example.
        data: folder of ground-truth images.
        gray: whether to measure on gray images; colour files are converted
            by MATLAB's rgb2gray.
        ensemble: whether to use the x8 self-ensemble.
        seed: seed of the degradation.
        progress: called as `progress(done, total)` after each image.

    Returns:
        A `Report`. Files that could not be read are in its `failed`.

    Raises:
        ValueError: if restorer, task and `gray` do not belong together, the
            task has a range of noise levels, or the folder holds no image.

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
    channels = 1 if gray else 3
    if restorer.task != task.name:
        raise ValueError(
            f"{restorer.name} is made for {restorer.task}, not for "
            f"{task.name}; choose another preset or task."
        )
    if restorer.channels != channels:
        raise ValueError(
            f"{restorer.name} restores "
            f"{'gray' if restorer.channels == 1 else 'colour'} images; "
            + (
                "choose a gray preset or leave gray out."
                if gray
                else "choose a colour preset or ask for gray."
            )
        )
    low, high = task.sigma
    if low != high:
        raise ValueError(
            "A benchmark has one noise level, got the range "
            f"{low:g}..{high:g}; use Denoise(sigma=25), for example."
        )
    files = list_images(data)
    report = Report(
        restorer=restorer.name,
        task=task.name,
        setting=task.sigma[1],
        dataset=Path(data).resolve().name,
        gray=gray,
        ensemble=ensemble,
        seed=seed,
        quantize_input=task.quantize,
    )
    for index, path in enumerate(files):
        try:
            clean = load_image(path, channels)
            figures = _measure(
                restorer, task, clean, index, seed, ensemble, METRICS[channels]
            )
        except ValueError as error:
            report.failed.append({"name": path.name, "error": str(error)})
        else:
            report.images.append({"name": path.name, **figures})
        if progress is not None:
            progress(index + 1, len(files))
    return report


def _measure(restorer, task, clean, index, seed, ensemble, metrics):
    # Gray noise is drawn for the shape (H, W), as published code does.
    clean = clean[..., 0] if clean.shape[-1] == 1 else clean
    degraded = task.degrade_benchmark(clean, index, seed)
    options = {"sigma": task.sigma[1]} if restorer.sigma_input else {}
    restored = restorer.restore(degraded, ensemble=ensemble, **options)
    restored = np.rint(np.clip(restored, 0, 1) * np.float32(255))
    restored = restored.astype(np.uint8)
    figures = {
        name: metric(restored, clean) for name, metric in metrics.items()
    }
    name, metric = next(iter(metrics.items()))
    # Peers' tables give the noisy input as it is, neither clipped nor rounded.
    figures[f"input_{name}"] = metric(degraded * np.float32(255), clean)
    return figures
