"""Figures of other methods, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperResult:
    """One figure that somebody published or that was measured here.

    Attributes:
        method: name of the method.
        dataset: name of the benchmark set.
        task: name of the task.
        setting: its strength, sigma on the 0..255 scale.
        psnr: decibels.
        ssim: mean SSIM or `None`.
        source: where the figure is from.
        gray: whether on gray images.
    """

    method: str
    dataset: str
    task: str
    setting: float
    psnr: float
    ssim: float | None
    source: str
    gray: bool = False


# Official weights run by the package's own protocol.
MEASURED = "measured with the official weights"
PUBLISHED = "published"

# (method, dataset, gray, source, PSNR at sigma 15, 25, 50)
_DENOISE = (
    ("CDnCNN", "CBSD68", False, MEASURED, (33.98, 31.30, None)),
    ("CDnCNN", "CBSD68", False, PUBLISHED, (33.99, 31.31, 28.01)),
    ("CDnCNN", "Kodak24", False, MEASURED, (34.73, 32.24, None)),
    ("CBM3D", "CBSD68", False, PUBLISHED, (33.33, 30.63, 27.35)),
    ("FFDNet", "CBSD68", False, PUBLISHED, (33.84, 31.20, 27.96)),
    ("DRUNet", "CBSD68", False, PUBLISHED, (34.30, 31.69, 28.51)),
    ("Restormer", "CBSD68", False, PUBLISHED, (34.40, 31.79, 28.60)),
    ("Restormer", "Kodak24", False, PUBLISHED, (35.47, 33.04, 30.01)),
    ("DnCNN-S", "Set12", True, MEASURED, (32.86, 30.43, 27.17)),
    ("DnCNN-S", "Set12", True, PUBLISHED, (32.86, 30.43, 27.18)),
    ("DnCNN-S", "BSD68", True, MEASURED, (31.73, 29.22, 26.21)),
    ("DnCNN-S", "BSD68", True, PUBLISHED, (31.73, 29.23, 26.23)),
)

RESULTS = tuple(
    PaperResult(method, dataset, "denoise", sigma, psnr, None, source, gray)
    for method, dataset, gray, source, figures in _DENOISE
    for sigma, psnr in zip((15, 25, 50), figures, strict=True)
    if psnr is not None
)


def paper_rows(dataset, task, setting, gray=False):
    """What others reached on that set.

    Args:
        dataset: name of the benchmark set, as its folder is called.
        task: name of the task.
        setting: its strength, sigma on the 0..255 scale.
        gray: whether on gray images.

    Returns:
        List of `PaperResult`, best last.

    Example:
    >>> [row.psnr for row in paper_rows("Set12", "denoise", 25, gray=True)]
    [30.43, 30.43]
    """
    found = [
        row
        for row in RESULTS
        if row.dataset.lower() == dataset.lower()
        and row.task == task
        and row.setting == setting
        and row.gray == gray
    ]
    return sorted(found, key=lambda row: row.psnr)
