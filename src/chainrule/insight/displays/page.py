"""Elements of displays: the display itself, what unfolds, lists of quantities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chainrule.insight.displays.style import SCOPE, STYLE
from chainrule.insight.pages.markup import Markup, element, note, table

__all__ = ["display", "folded", "lines_and_table", "quantities"]


def display(*content: Markup) -> Markup:
    """Return a display, with its style."""
    return element("div", element("style", Markup(STYLE)), *content, class_=SCOPE)


def folded(summary: object, *content: Markup, is_open: bool = False) -> Markup:
    """Return content that unfolds below its summary."""
    opened = {"open": ""} if is_open else {}
    inner = element("div", *content, class_="inner")
    return element("details", element("summary", summary), inner, **opened)


def quantities(values: Iterable[tuple[str, str]]) -> Markup:
    """Return numbers with their names on one line, or on several where it is narrow."""
    parts = [
        element("span", element("span", name, class_="soft"), " ", element("b", value))
        for name, value in values
    ]
    return element("div", *parts, class_="quantities")


def lines_and_table(
    lines: Sequence[str],
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    notes: Sequence[str],
) -> Markup:
    """Return a report that is a table, with lines above it and notes below."""
    above = (element("p", each, class_="soft") for each in lines)
    return display(*above, table(headings, rows), *map(note, notes))
