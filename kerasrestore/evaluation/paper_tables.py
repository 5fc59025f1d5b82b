"""Tables of the papers that introduced the package's models, as data.

`papers/` has one CSV file per paper with one line per printed value; empty
cells (`N/A`) are omitted. Values are copied as printed, misprints included;
the note of a value that cannot be right says so. Benchmark sets are named by
their usual folders (`CBSD68` for BSD68 in colour, `Set14` for "14 images",
`B100` for BSD100), parameters, operations and times are in single units, not
thousands or millions, and yes or no in an ablation is 1 or 0.

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
# Key of each paper -> its display name.
PAPERS = {"rnan": "RNAN", "panet": "PANet", "nlrn": "NLRN", "danet": "DANet"}


@dataclass(frozen=True)
class PaperFigure:
    """One value in a paper's table.

    Attributes:
        paper: `"rnan"`, `"panet"`, `"nlrn"` or `"danet"`.
        table: number of the table.
        task: name of the task, as in models and presets.
        channels: what was restored and scored: `"gray"`, `"color"` or `"y"`.
        dataset: name of the benchmark set, or `""` for values without one,
            such as a parameter count.
        setting: sigma on the 0..255 scale, JPEG quality or scale factor;
            `None` if there is none.
        method: name of the method, or of the variant in an ablation.
        training: training data, if the table distinguishes methods by it,
            otherwise `""`.
        metric: `"psnr"`, `"ssim"`, `"parameters"`, `"macs"`, `"time"`, or
            the property varied in an ablation.
        value: the value, in `unit`.
        unit: `"dB"`, `"MAC"`, `"s"`, `"layers"`, `"yes/no"`, or `""` for
            dimensionless values.
        note: caveat about the value, or `""`.
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
    """Parses a reference to a paper's table.

    Args:
        text: paper and table number, such as `"panet:1"`.

    Returns:
        The paper's key and the table number.

    Raises:
        ValueError: if the text has a different form, or the paper or table is
            unknown.

    Example:
    >>> from kerasrestore.evaluation import parse_reference
    >>> parse_reference("panet:1")
    ('panet', 1)
    """
    paper, colon, number = text.partition(":")
    if not colon or not number.strip().isdecimal():
        raise ValueError(
            "A reference must be a paper and a table number, like panet:1, "
            f"got {text!r}."
        )
    return _checked(paper.strip(), int(number))


def paper_table(paper, table):
    """All values in a paper's table.

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
    """Short title of a paper's table.

    Args:
        paper: `"rnan"`, `"panet"`, `"nlrn"` or `"danet"`.
        table: number of the table.

    Returns:
        The title, a string.

    Raises:
        ValueError: if there is no such table.

    Example:
    >>> from kerasrestore.evaluation import paper_title
    >>> paper_title("nlrn", 1)
    'Distance metrics'
    """
    return _headings()[_checked(paper, table)].title


def table_kind(paper, table):
    """Kind of a paper's table.

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
    """All values in a paper's tables, a tuple of `PaperFigure`."""
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
            f"The paper must be one of {', '.join(PAPERS)}, got {paper!r}; "
            "write panet:1, for example."
        )
    tables = [number for key, number in _headings() if key == name]
    if table not in tables:
        raise ValueError(
            f"{PAPERS[name]} has tables 1 to {max(tables)}, got {table}."
        )
    return name, table
