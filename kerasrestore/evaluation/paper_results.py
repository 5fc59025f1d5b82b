"""Published results to compare with measured ones."""

from dataclasses import dataclass, replace

from kerasrestore.evaluation.paper_tables import (
    PAPERS,
    all_figures,
    parse_reference,
    table_kind,
)
from kerasrestore.tasks import TASKS

CHANNELS = ("gray", "color", "y")
# Alternative folder names of benchmark sets.
_ALIASES = {
    "bsd100": "b100",
    "bsds100": "b100",
    "kodak": "kodak24",
    "live": "live1",
    "mcmaster": "mcmaster18",
}


@dataclass(frozen=True)
class PaperResult:
    """The result of a method on a benchmark, published or measured here.

    Attributes:
        method: name of the method.
        dataset: name of the benchmark set.
        task: name of the task.
        setting: degradation strength: sigma on the 0..255 scale, JPEG quality
            or scale factor; `None` for tasks without one.
        psnr: mean PSNR in decibels.
        ssim: mean SSIM or `None`.
        source: source of the result, such as a paper and its table.
        channels: what was scored: `"gray"`, `"color"` or `"y"`.
        training: training data, if the table distinguishes methods by it,
            otherwise `""`.
        note: how the protocol differs, or why the value is doubtful, or `""`.
    """

    method: str
    dataset: str
    task: str
    setting: float | None
    psnr: float
    ssim: float | None
    source: str
    channels: str
    training: str = ""
    note: str = ""


# Official weights evaluated by this package's protocol.
MEASURED = "measured with the official weights"
PUBLISHED = "published"

# (method, dataset, channels, source, PSNR at sigma 15, 25, 50)
_DENOISE = (
    ("CDnCNN", "CBSD68", "color", MEASURED, (33.98, 31.30, None)),
    ("CDnCNN", "CBSD68", "color", PUBLISHED, (33.99, 31.31, 28.01)),
    ("CDnCNN", "Kodak24", "color", MEASURED, (34.73, 32.24, None)),
    ("CBM3D", "CBSD68", "color", PUBLISHED, (33.33, 30.63, 27.35)),
    ("FFDNet", "CBSD68", "color", PUBLISHED, (33.84, 31.20, 27.96)),
    ("DRUNet", "CBSD68", "color", PUBLISHED, (34.30, 31.69, 28.51)),
    ("Restormer", "CBSD68", "color", PUBLISHED, (34.40, 31.79, 28.60)),
    ("Restormer", "Kodak24", "color", PUBLISHED, (35.47, 33.04, 30.01)),
    ("DnCNN-S", "Set12", "gray", MEASURED, (32.86, 30.43, 27.17)),
    ("DnCNN-S", "Set12", "gray", PUBLISHED, (32.86, 30.43, 27.18)),
    ("DnCNN-S", "BSD68", "gray", MEASURED, (31.73, 29.22, 26.21)),
    ("DnCNN-S", "BSD68", "gray", PUBLISHED, (31.73, 29.23, 26.23)),
)

RESULTS = tuple(
    PaperResult(method, dataset, "denoise", sigma, psnr, None, source, channels)
    for method, dataset, channels, source, figures in _DENOISE
    for sigma, psnr in zip((15, 25, 50), figures, strict=True)
    if psnr is not None
)


def paper_rows(dataset, task, setting, gray=False):
    """Results of other methods on a set, by this package's protocol.

    Args:
        dataset: name of the benchmark set, usually its folder's name.
        task: name of the task.
        setting: noise level sigma on the 0..255 scale.
        gray: whether to return results on gray images instead of colour.

    Returns:
        List of `PaperResult`, in ascending order of PSNR.

    Example:
    >>> [row.psnr for row in paper_rows("Set12", "denoise", 25, gray=True)]
    [30.43, 30.43]
    """
    channels = "gray" if gray else "color"
    wanted = (task, _canonical_name(dataset), setting)
    found = [
        row
        for row in RESULTS
        if (row.task, _canonical_name(row.dataset), row.setting) == wanted
        and row.channels == channels
    ]
    return sorted(found, key=lambda row: row.psnr)


def rows_for(task, dataset, setting=None, channels="color", reference=None):
    """Published results to list next to a measured one.

    These are the results of `paper_rows` and of the papers' benchmark tables;
    ablation and cost tables are left out. Only results for the same task, set,
    setting and channels are returned, as others are not comparable. A result
    whose protocol still differs (8-bit noisy input, full-size Kodak images, a
    different SSIM) has a note that says how. Identical results are merged and
    their sources joined.

    Args:
        task: name of the task.
        dataset: name of the benchmark set, usually its folder's name.
        setting: sigma on the 0..255 scale, JPEG quality or scale factor;
            `None` for tasks without one.
        channels: what is scored: `"color"`, `"gray"`, or `"y"` for the luma
            of colour images. For `"gray"`, results that a paper reports on Y
            are included.
        reference: table to take all results from instead, such as
            `"panet:1"`.

    Returns:
        List of `PaperResult`, in ascending order of PSNR; empty if no results
        are known.

    Raises:
        ValueError: if the task, channels or reference is unknown.

    Example:
    >>> from kerasrestore.evaluation import rows_for
    >>> row = rows_for("demosaic", "CBSD68", reference="panet:2")[0]
    >>> row.method, row.psnr, row.ssim, row.source
    ('Mosaiced', 8.43, 0.085, 'PANet, table 2')
    """
    for name, value, known in (
        ("task", task, tuple(TASKS)),
        ("channels", channels, CHANNELS),
    ):
        if value not in known:
            raise ValueError(
                f"{name} must be one of {', '.join(known)}, got {value!r}."
            )
    dataset = _canonical_name(dataset)
    if (dataset, channels) == ("bsd68", "color"):
        dataset = "cbsd68"
    scored = {channels, "y"} if channels == "gray" else {channels}
    rows = [
        row
        for row in (_table_rows(reference) if reference else _all_rows())
        if (row.task, _canonical_name(row.dataset), row.setting)
        == (task, dataset, setting)
        and row.channels in scored
    ]
    return sorted(_joined(rows), key=lambda row: row.psnr)


def _all_rows():
    rows = list(RESULTS)
    for paper in PAPERS:
        rows += _combined(
            figure
            for figure in all_figures(paper)
            if table_kind(paper, figure.table) == "benchmark"
        )
    return rows


def _table_rows(reference):
    paper, table = parse_reference(reference)
    return _combined(
        figure for figure in all_figures(paper) if figure.table == table
    )


def _combined(figures):
    """Merges the PSNR and SSIM entries of each method into one result."""
    pairs = {}
    for figure in figures:
        if figure.metric in ("psnr", "ssim"):
            key = replace(figure, metric="", value=0.0, unit="", note="")
            pairs.setdefault(key, {})[figure.metric] = figure
    return [
        PaperResult(
            key.method,
            key.dataset,
            key.task,
            key.setting,
            pair["psnr"].value,
            pair["ssim"].value if "ssim" in pair else None,
            f"{PAPERS[key.paper]}, table {key.table}",
            key.channels,
            key.training,
            _note(pair),
        )
        for key, pair in pairs.items()
    ]


def _note(pair):
    notes = {metric: figure.note for metric, figure in pair.items()}
    if len(set(notes.values())) == 1:
        return notes["psnr"]
    return "; ".join(
        f"{metric.upper()} {note}" for metric, note in notes.items() if note
    )


def _joined(rows):
    sources = {}
    for row in rows:
        key = replace(row, source="", dataset="", channels="")
        sources.setdefault(key, []).append(row)
    return [
        replace(same[0], source="; ".join(row.source for row in same))
        for same in sources.values()
    ]


def _canonical_name(dataset):
    name = dataset.lower()
    return _ALIASES.get(name, name)
