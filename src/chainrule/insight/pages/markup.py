"""HTML as nested calls, so that tags are balanced and texts escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Markup", "class_text", "element", "inline_svg", "note", "section", "table"]

_VOID = {"img", "meta", "rect", "path", "line", "circle"}
_NUMBER = re.compile(r"[−+-]?[\d.,]+(e[-+]?\d+)?( ?[%kMGTµmn]?(B|s)?)?")


_LONG = 36
"""Characters of a cell beyond which its text wraps."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """Return an element; contents other than `Markup` are escaped.

    An underscore at the end of an attribute is dropped, others become hyphens.

    Examples
    --------
    >>> print(element("td", "a < b", class_="n"))
    <td class="n">a &lt; b</td>
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}/>")
    inner = "".join(each if isinstance(each, Markup) else escape(str(each)) for each in content)
    return Markup(f"<{tag}{named}>{inner}</{tag}>")


def section(name: str, title: str, *content: Markup) -> Markup:
    """Return a section of the page, to which the contents at its top refer by name."""
    return element("section", element("h2", title), *content, id=name)


def note(*content: object) -> Markup:
    """Return a paragraph of secondary text."""
    return element("p", *content, class_="note")


def table(headings: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table; columns of numbers are aligned to the right, and only long texts wrap."""
    lines = [list(row) for row in rows]
    columns = list(zip(*lines, strict=True)) or [()] * len(headings)
    kinds = ["n" if _are_numbers(column) else None for column in columns]
    head = [element("th", each, class_=kind) for each, kind in zip(headings, kinds, strict=True)]
    body = [
        element("tr", *(_cell(x, kind) for x, kind in zip(line, kinds, strict=True)))
        for line in lines
    ]
    inner = element("thead", element("tr", *head)), element("tbody", *body)
    return element("div", element("table", *inner), class_="scroll")


def _cell(value: object, kind: str | None) -> Markup:
    is_long = kind is None and not isinstance(value, Markup) and len(str(value)) > _LONG
    return element("td", value, class_="long" if is_long else kind)


def _are_numbers(column: Sequence[object]) -> bool:
    """Whether most of the cells that are not empty are numbers."""
    filled = [each for each in column if isinstance(each, Markup) or str(each)]
    return bool(column) and 2 * sum(map(_is_number, filled)) >= len(filled)


def _is_number(value: object) -> bool:
    return not isinstance(value, Markup) and (
        not str(value) or _NUMBER.fullmatch(str(value)) is not None
    )


def inline_svg(svg: str, name: str) -> Markup:
    """Return a drawing as part of the page: its identifiers and styles apply to it alone."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r"<style>(.*?)</style>", rf"<style>.{name} {{\1}}</style>", svg, flags=re.DOTALL)
    return element("div", Markup(svg), class_=f"{name} scroll")


def class_text(value: object) -> str:
    """Return a class as text, in quotes if it is or begins with a space.

    Examples
    --------
    >>> class_text("a"), class_text(" "), class_text(3)
    ('a', "' '", '3')
    """
    text = str(value)
    return text if text.strip() == text and text else repr(text)
