from collections import Counter

import numpy as np
import pytest

from kerasrestore.evaluation import paper_table, paper_title, parse_reference
from kerasrestore.evaluation.paper_tables import (
    FOLDER,
    PAPERS,
    all_figures,
    table_kind,
)

# Printed figures: methods times columns, less the cells without one.
COUNTS = {
    "rnan": (
        8 * 5,
        8 * 12 - 6,
        8 * 12 - 6,
        3 * 8,
        8 * 12 - 4,
        14 * 10,
        5 * 3,
        4 * 12 + 2 * 2 + 2 * 4 + 2 * 12,
    ),
    "panet": (
        9 * 12 - 6,
        4 * 8,
        8 * 14 - 4,
        7 * 2,
        (12 + 11 + 12) * 10 - 12,
        3,
        3,
        6,
        8 * 4,
    ),
    "nlrn": (6, 6, 6 * 6, 9 * 12 - 15, 9 * 12, 12 * 14),
    "danet": (
        3 * 6,
        12 * 16,
        12 * 16,
        4 * 11 - 3,
        8 * 20 - 12,
        3 * 18 - 3,
        6 * 4,
        5 * 6,
    ),
}
EVERY = [
    (paper, table)
    for paper, counts in COUNTS.items()
    for table in range(1, len(counts) + 1)
]
FIGURES = [figure for paper in PAPERS for figure in all_figures(paper)]


def value(paper, table, metric="psnr", **wanted):
    """The one figure of a table that is meant."""
    (figure,) = (
        figure
        for figure in paper_table(paper, table)
        if figure.metric == metric
        and all(getattr(figure, key) == item for key, item in wanted.items())
    )
    return figure.value


@pytest.mark.parametrize(("paper", "table"), EVERY)
def test_every_table_is_whole(paper, table):
    figures = paper_table(paper, table)
    assert len(figures) == COUNTS[paper][table - 1]
    assert {figure.paper for figure in figures} == {paper}
    assert paper_title(paper, table)


def test_no_figure_is_outside_the_tables():
    assert len(FIGURES) == sum(map(sum, COUNTS.values()))
    assert {path.stem for path in FOLDER.glob("*.csv")} == {*PAPERS, "tables"}


def test_no_figure_is_there_twice():
    keys = Counter(
        (
            figure.paper,
            figure.table,
            figure.task,
            figure.channels,
            figure.dataset,
            figure.setting,
            figure.method,
            figure.training,
            figure.metric,
        )
        for figure in FIGURES
    )
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize(
    ("metric", "low", "high", "unit"),
    [
        ("psnr", 7, 44, "dB"),
        ("ssim", 0.05, 0.995, ""),
        ("parameters", 3e5, 3e7, ""),
        ("macs", 5e10, 1.1e12, "MAC"),
        ("time", 0.02, 240, "s"),
    ],
)
def test_ranges(metric, low, high, unit):
    found = [figure for figure in FIGURES if figure.metric == metric]
    assert found
    for figure in found:
        assert low <= figure.value <= high, figure
        assert figure.unit == unit, figure


def test_words():
    settings = {
        "denoise": {None, 10, 15, 25, 30, 50, 70, 75},
        "demosaic": {None},
        "jpeg": {10, 20, 30, 40},
        "super_resolution": {2, 3, 4},
    }
    for figure in FIGURES:
        assert figure.setting in settings[figure.task], figure
        assert (
            figure.channels
            in {
                "denoise": ("gray", "color"),
                "demosaic": ("color",),
                "jpeg": ("y",),
                "super_resolution": ("y",),
            }[figure.task]
        )
        assert figure.method == figure.method.strip() != ""
        if figure.unit == "yes/no":
            assert figure.value in (0, 1)
        if figure.metric in ("psnr", "ssim"):
            assert figure.dataset, figure


# The figure of another set is printed there.
MISPRINTS = {("danet", 5, "LIVE1", "RNAN", "ssim")}


def test_figures_fall_with_the_degradation():
    series = {}
    for figure in FIGURES:
        if figure.metric in ("psnr", "ssim") and figure.setting:
            key = (
                figure.paper,
                figure.table,
                figure.task,
                figure.channels,
                figure.dataset,
                figure.method,
                figure.training,
                figure.metric,
            )
            series.setdefault(key, []).append((figure.setting, figure.value))
    assert len(series) > 300
    odd = {
        (key[0], key[1], key[4], key[5], key[7])
        for key, pairs in series.items()
        if np.any(
            np.diff([item for _, item in sorted(pairs)])
            * (1 if key[2] == "jpeg" else -1)
            <= 0
        )
    }
    assert odd == MISPRINTS


def test_papers_that_repeat_a_table_agree():
    def figures(paper, table):
        return {
            (f.dataset, f.setting, f.method, f.metric): f.value
            for f in paper_table(paper, table)
        }

    for rnan, panet in ((2, 1), (4, 2), (5, 3)):
        before, after = figures("rnan", rnan), figures("panet", panet)
        assert before.items() < after.items()
        assert {key[2] for key in after.keys() - before.keys()} == {"PANet"}


@pytest.mark.parametrize(
    ("paper", "table", "wanted", "figure"),
    [
        # First and last cells, and the systems' own rows.
        ("rnan", 1, {"method": "case 1"}, 30.96),
        ("rnan", 1, {"method": "case 8"}, 31.50),
        ("rnan", 1, {"method": "case 4", "metric": "mask_branch"}, 1),
        ("rnan", 2, {"method": "CBM3D", "dataset": "Kodak24"}, 36.57),
        ("rnan", 3, {"method": "RNAN", "dataset": "Urban100"}, 35.52),
        ("rnan", 4, {"method": "RNAN", "dataset": "Urban100"}, 39.75),
        ("rnan", 7, {"method": "DnCNN", "metric": "time"}, 16.5),
        ("panet", 2, {"method": "PANet", "dataset": "CBSD68"}, 42.86),
        ("panet", 4, {"method": "PANet", "metric": "parameters"}, 5957000),
        ("panet", 6, {"method": "pyramid attention"}, 31.29),
        ("panet", 7, {"method": "block-wise matching"}, 31.21),
        ("panet", 8, {"method": "4 levels"}, 31.28),
        ("panet", 9, {"method": "mid+post"}, 31.39),
        ("panet", 9, {"method": "mid", "metric": "pre_attention"}, 0),
        ("nlrn", 1, {"method": "embedded Gaussian"}, 30.80),
        ("nlrn", 2, {"method": "NLRN without parameter sharing"}, 30.65),
        ("nlrn", 3, {"method": "NLRN", "training": "BSD300"}, 27.60),
        ("nlrn", 3, {"method": "MemNet", "metric": "effective_depth"}, 80),
        ("danet", 4, {"method": "DANet-S", "dataset": "DND"}, 39.39),
        ("danet", 7, {"method": "DANet", "metric": "macs"}, 1040.9e9),
        ("danet", 7, {"method": "DANet", "metric": "time"}, 0.2253),
        ("danet", 8, {"method": "ADEB+AROB", "metric": "ssim"}, 0.8767),
    ],
)
def test_figures_of_the_papers(paper, table, wanted, figure):
    if paper == "rnan" and table in (2, 3):
        wanted = {**wanted, "setting": 10}
    assert value(paper, table, **wanted) == figure


@pytest.mark.parametrize(
    ("paper", "table", "key", "figures"),
    [
        (
            "panet",
            1,
            ("PANet", "Urban100", "color"),
            (36.80, 31.87, 29.47, 27.87),
        ),
        ("rnan", 8, ("RNAN", "CBSD68", "color"), (36.60, 30.73, 28.35, 26.88)),
        ("rnan", 8, ("RNAN", "BSD68", "gray"), (34.18, 28.72, 26.61, 25.34)),
        ("rnan", 8, ("RNAN", "Set14", "y"), (33.41, 30.22, 28.43)),
        ("rnan", 8, ("RNAN", "Classic5", "y"), (31.99, 34.03)),
        ("nlrn", 4, ("NLRN", "Set12", "gray"), (33.16, 30.80, 27.64)),
        ("nlrn", 5, ("NLRN-MV", "Set14", "gray"), (29.41, 27.05, 25.54)),
        ("nlrn", 6, ("NLRN", "B100", "y"), (32.19, 29.06, 27.48)),
        ("danet", 1, ("BL+PISR", "Set5", "y"), (37.33, 33.31, 30.95)),
        ("danet", 2, ("DANet", "BSD68", "gray"), (31.95, 29.52, 26.62, 25.10)),
        (
            "danet",
            3,
            ("DANet-S", "CBSD68", "color"),
            (34.01, 31.47, 28.34, 26.70),
        ),
        ("danet", 5, ("DANet", "LIVE1", "y"), (30.32, 32.66, 34.06, 35.05)),
        ("danet", 6, ("DANet", "RealSR", "y"), (34.25, 30.99, 29.30)),
    ],
)
def test_rows_of_the_papers(paper, table, key, figures):
    found = {
        figure.setting: figure.value
        for figure in paper_table(paper, table)
        if (figure.method, figure.dataset, figure.channels) == key
        and figure.metric == "psnr"
        and figure.setting is not None
    }
    assert [found[setting] for setting in sorted(found)] == list(figures)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("panet", "like panet:1"),
        ("panet:", "like panet:1"),
        ("panet:one", "like panet:1"),
        ("panet:-1", "like panet:1"),
        ("edsr:1", "rnan, panet, nlrn, danet"),
        ("panet:10", "tables 1 to 9, got 10"),
        ("nlrn:0", "tables 1 to 6, got 0"),
    ],
)
def test_references_that_are_none(text, message):
    with pytest.raises(ValueError, match=message):
        parse_reference(text)


def test_references():
    assert parse_reference("DANet: 8") == ("danet", 8)
    assert paper_table("RNAN", 2) == paper_table("rnan", 2)
    assert table_kind("rnan", 7) == "cost"
    with pytest.raises(ValueError, match="tables 1 to 8"):
        paper_table("rnan", 9)
