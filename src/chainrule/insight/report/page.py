"""The page of a report: its title, the figures at its top, and the sections."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.insight.pages.markup import Markup, element
from chainrule.insight.report.style import STYLE

__all__ = ["article", "document"]


def article(
    title: str, lead: str, facts: Sequence[tuple[str, str]], sections: Sequence[Markup]
) -> Markup:
    """Return the content of the page with its style."""
    tiles = [element("div", element("dt", name), element("dd", value)) for name, value in facts]
    links = [element("a", _title(each), href=f"#{_name(each)}") for each in sections]
    return element(
        "article",
        element("style", Markup(STYLE)),
        element("h1", title),
        element("p", lead),
        element("dl", *tiles, class_="facts"),
        element("nav", *links),
        *sections,
        class_="report",
    )


def document(title: str, content: Markup) -> str:
    """Return a page of HTML that needs nothing else."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup("body{margin:0}")),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', content), lang='en')}\n"


def _name(section: Markup) -> str:
    return section.partition('id="')[2].partition('"')[0]


def _title(section: Markup) -> str:
    return section.partition("<h2>")[2].partition("</h2>")[0]
