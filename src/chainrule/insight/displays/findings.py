"""Findings on a network: the range test of its learning rate, its mistakes, its program."""

from __future__ import annotations

import numpy as np

from chainrule.errors import counted
from chainrule.insight.displays.page import display, lines_and_table
from chainrule.insight.learning_rate import LearningRateRange
from chainrule.insight.mistakes.mistake import Mistakes
from chainrule.insight.pages.chart import SMALL, Series, chart
from chainrule.insight.pages.markup import Markup, element, note
from chainrule.insight.program_report import (
    ProgramReport,
    header_lines,
    note_lines,
    table_cells,
)

__all__ = ["mistakes_display", "program_display", "range_display"]


def range_display(shown: LearningRateRange) -> Markup:
    """Return the losses of a range test by the rate, and the rate to take."""
    low, high = float(shown.smoothed.min()), float(shown.smoothed[0])
    limit = high + 0.6 * (high - low)  # beyond it the training diverges
    points, smoothed = (
        np.where(each <= limit, each, np.nan) for each in (shown.losses, shown.smoothed)
    )
    series = [
        Series("steps", shown.rates, points, "points", 2),
        Series("smoothed", shown.rates, smoothed, "line", 0),
    ]
    loss = float(np.interp(shown.rate, shown.rates, shown.smoothed))
    drawn = chart(
        series, "learning rate", "loss", ring=(shown.rate, loss), frame=SMALL, is_logarithmic=True
    )
    return display(element("p", str(shown)), element("div", drawn, class_="charts"))


def mistakes_display(mistakes: Mistakes) -> Markup:
    """Return the mistakes that were found, with evidence and remedy."""
    rows = [(each.code, each.name, each.evidence, each.remedy) for each in mistakes]
    title = f"{counted(len(rows), 'mistake')} found" if rows else "no mistakes found"
    notes = [f"note: {mistakes.note}"] if mistakes.note else []
    if not rows:
        return display(element("p", title), *map(note, notes))
    return lines_and_table([title], ("code", "mistake", "evidence", "remedy"), rows, notes)


def program_display(report: ProgramReport) -> Markup:
    """Return the nests of a compiled program."""
    return lines_and_table(header_lines(report), *table_cells(report), note_lines(report))
