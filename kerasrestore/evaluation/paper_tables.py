"""The tables of the papers that the package's models come from, as data.

The figures are in `papers/`, a CSV file for each paper, one line for each
figure that is printed; cells without one (`N/A`) have no line. They are what
is printed, misprints included: where a figure cannot be right, its note says
so. Sets bear the names of their folders (`CBSD68` for BSD68 in colour,
`Set14` for "14 images", `B100` for BSD100), parameters, operations and
times are in units, not thousands, and a yes or no of an ablation is 1 or 0.

References:
    - RNAN: Zhang, Li, Li, Zhong, Fu, "Residual Non-local Attention Networks
      for Image Restoration", ICLR 2019.
    - PANet: Mei, Fan, Zhang, Yu, Zhou, Liu, Fu, Huang, Shi, "Pyramid
      Attention Networks for Image Restoration", 2020.
    - NLRN: Liu, Wen, Fan, Loy, Huang, "Non-Local Recurrent Network for Image
      Restoration", NeurIPS 2018.
    - DANet: Huang, Hou, Dun, Qin, Liu, Qian, Shao, "Learning deformable and
      attentive network for image restoration", Knowledge-Based Systems 2021.
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "papers"
# As they are asked for, and as they are printed.
PAPERS = {"rnan": "RNAN", "panet": "PANet", "nlrn": "NLRN", "danet": "DANet"}


@dataclass(frozen=True)
class PaperFigure:
    """One figure of a paper's table.

    Attributes:
        paper: `"rnan"`, `"panet"`, `"nlrn"` or `"danet"`.
        table: number of the table.
        task: name of the task, as models and presets have it.
        channels: `"gray"`, `"color"` or `"y"`, what was restored and scored.
        dataset: name of the benchmark set, or `""` where a figure has none,
            like a number of parameters.
        setting: sigma on the 0..255 scale, JPEG quality or factor; `None`
            where there is none.
        method: name of the method, or of the case of an ablation.
        training: what it was trained on, where the table tells methods
            apart by it, else `""`.
        metric: `"psnr"`, `"ssim"`, `"parameters"`, `"macs"`, `"time"`, or
            what an ablation varied.
        value: the figure.
        unit: `"dB"`, `"MAC"`, `"s"`, `"layers"`, `"yes/no"`, or `""` for
            plain numbers.
        note: what has to be known about it, or `""`.
    """

    paper: str
    table: int
    task: str
    channels: str
    dataset: str
    setting: int | None
    method: str
    training: str
    metric: str
    value: float
    unit: str
    note: str


@dataclass(frozen=True)
class _Heading:
    kind: str
    title: str


def parse_reference(text):
    """Reads the name of a table.

    Args:
        text: `"panet:1"`, for example.

    Returns:
        The paper's name and the table's number.

    Raises:
        ValueError: if it is no such name, or there is no such table.

    Example:
    >>> from kerasrestore.evaluation import parse_reference
    >>> parse_reference("panet:1")
    ('panet', 1)
    """
    paper, colon, number = text.partition(":")
    if not colon or not number.strip().isdecimal():
        raise ValueError(
            f"A table is named like panet:1, by paper and number, got {text!r}."
        )
    return _checked(paper.strip(), int(number))


def paper_table(paper, table):
    """All figures of a paper's table.

    Args:
        paper: `"rnan"`, `"panet"`, `"nlrn"` or `"danet"`.
        table: number of the table.

    Returns:
        Tuple of `PaperFigure`, in the order of the table.

    Raises:
        ValueError: if there is no such table.

    Example:
    >>> from kerasrestore.evaluation import paper_table
    >>> figures = paper_table("danet", 7)
    >>> figures[0].method, figures[0].metric, figures[0].value
    ('DnCNN', 'parameters', 558000.0)
    """
    paper, table = _checked(paper, table)
    return tuple(row for row in all_figures(paper) if row.table == table)


def paper_title(paper, table):
    """What a paper's table is about.

    Args:
        paper: `"rnan"`, `"panet"`, `"nlrn"` or `"danet"`.
        table: number of the table.

    Returns:
        A few words.

    Raises:
        ValueError: if there is no such table.

    Example:
    >>> from kerasrestore.evaluation import paper_title
    >>> paper_title("nlrn", 1)
    'Distance metrics'
    """
    return _headings()[_checked(paper, table)].title


def table_kind(paper, table):
    """What sort of table it is.

    Args:
        paper: `"rnan"`, `"panet"`, `"nlrn"` or `"danet"`.
        table: number of the table.

    Returns:
        `"benchmark"`, `"ablation"` or `"cost"`.

    Raises:
        ValueError: if there is no such table.

    Example:
    >>> from kerasrestore.evaluation.paper_tables import table_kind
    >>> table_kind("danet", 8)
    'ablation'
    """
    return _headings()[_checked(paper, table)].kind


@functools.cache
def all_figures(paper):
    """All figures of a paper, a tuple of `PaperFigure`."""
    return tuple(
        PaperFigure(
            **row
            | {
                "table": int(row["table"]),
                "setting": int(row["setting"]) if row["setting"] else None,
                "value": float(row["value"]),
            }
        )
        for row in _read(paper)
    )


@functools.cache
def _headings():
    return {
        (row["paper"], int(row["table"])): _Heading(row["kind"], row["title"])
        for row in _read("tables")
    }


def _read(name):
    with open(FOLDER / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _checked(paper, table):
    name = paper.lower()
    if name not in PAPERS:
        raise ValueError(
            f"Papers are {', '.join(PAPERS)}, got {paper!r}; write panet:1, "
            "for example."
        )
    tables = [number for key, number in _headings() if key == name]
    if table not in tables:
        raise ValueError(
            f"{PAPERS[name]} has the tables 1 to {max(tables)}, got {table}."
        )
    return name, table
