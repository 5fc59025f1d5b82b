"""Evaluation of restorers and comparison with published results."""

from kerasrestore.evaluation.baselines import Baseline
from kerasrestore.evaluation.evaluate import evaluate
from kerasrestore.evaluation.paper_results import (
    PaperResult,
    paper_rows,
    rows_for,
)
from kerasrestore.evaluation.paper_tables import (
    PaperFigure,
    paper_table,
    paper_title,
    parse_reference,
)
from kerasrestore.evaluation.report import Report

__all__ = [
    "Baseline",
    "PaperFigure",
    "PaperResult",
    "Report",
    "evaluate",
    "paper_rows",
    "paper_table",
    "paper_title",
    "parse_reference",
    "rows_for",
]
