"""Measuring restorers, beside what others reached."""

from kerasrestore.evaluation.evaluate import evaluate
from kerasrestore.evaluation.paper_results import PaperResult, paper_rows
from kerasrestore.evaluation.report import Report

__all__ = ["PaperResult", "Report", "evaluate", "paper_rows"]
