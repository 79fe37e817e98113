"""Preprocessing of tables, and pipelines of elements, stage by stage."""

from __future__ import annotations

from chainrule.data.features import FittedCategory, FittedNumber
from chainrule.data.features.date import FittedDate
from chainrule.data.pipeline_stage import Stage
from chainrule.data.table import Table
from chainrule.errors import counted
from chainrule.insight.displays.page import display
from chainrule.insight.pages.markup import Markup, element, note, table

__all__ = ["pipeline_display", "table_display"]

_SHOWN, _COLUMNS = 8, 100
"""How many categories of a column, and how many columns are listed."""


def table_display(shown: Table) -> Markup:
    """Return the columns that a table encodes, with the statistics it was fitted to."""
    title = [
        element("b", "data.Table"),
        " ",
        element("span", repr(shown).strip("<>").removeprefix("table").lstrip(": "), class_="soft"),
    ]
    content = [element("p", *title)]
    rows = [_row(each) for each in shown.fitted[:_COLUMNS]]
    if rows:
        content.append(table(("column", "kind", "features", "fitted to the training part"), rows))
    if len(shown.fitted) > _COLUMNS:
        content.append(note(f"and {len(shown.fitted) - _COLUMNS:,} more columns"))
    if shown.target is not None:
        content.append(note(f"The target is {shown.target}."))
    if shown.drop:
        content.append(note(f"Left out: {', '.join(shown.drop)}."))
    return display(*content)


def _row(fitted: FittedNumber | FittedCategory | FittedDate) -> list[object]:
    count = f"{len(fitted.features):,}"
    match fitted:
        case FittedNumber():
            words = f"mean {fitted.mean:.4g}, deviation {fitted.scale:.4g}"
            gaps = f"; where missing, {fitted.fill:.4g}" if fitted.has_gaps else ""
            return [fitted.name, "number", count, words + gaps]
        case FittedDate():
            words = ", ".join(fitted.parts) + (f"; {fitted.format}" if fitted.format else "")
            return [fitted.name, "date", count, words]
        case FittedCategory():
            named = [each or "missing" for each in fitted.values[:_SHOWN]]
            more = len(fitted.values) - len(named)
            words = ", ".join(named) + (f" and {counted(more, 'more category')}" if more else "")
            kind = "category" if fitted.encoding == "one_hot" else f"category, {fitted.encoding}"
            return [fitted.name, kind, count, words]


def pipeline_display(stage: Stage[object]) -> Markup:
    """Return the stages of a pipeline with the number of their elements, without computing any."""
    stages = [stage]
    while (before := stages[-1].before) is not None:
        stages.append(before)
    rows: list[list[object]] = []
    for each in reversed(stages):
        own = each.text if each.before is None else each.text.removeprefix(each.before.text)
        length = "unknown" if each.length is None else f"{each.length:,}"
        rows.append([element("code", own.removeprefix(".")), element("span", length)])
    title = element("p", element("b", "Pipeline"), " ", element("span", _NOTE, class_="soft"))
    return display(title, table(("stage", "elements"), rows))


_NOTE = "computed when it is iterated over"
