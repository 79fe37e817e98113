"""Displays of objects in notebooks: HTML that a higher room writes.

IPython and other notebooks call ``_repr_html_`` of an object. Those of lower rooms return
`html_of`, whose function the package sets: `insight.displays` is imported for the first display.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

__all__ = ["TextTable", "html_of", "write_by"]


class TextTable(NamedTuple):
    """A table of texts, with lines above and below it, as one kind of display."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    above: Sequence[str] = ()
    below: Sequence[str] = ()


_writers: list[Callable[[Any], str | None]] = []


def write_by(writer: Callable[[Any], str | None]) -> None:
    """Set the function that returns the HTML of an object, None for those that have only text."""
    _writers[:] = [writer]


def html_of(shown: Any) -> str | None:
    """Return the HTML that a notebook shows of an object; None for its text."""
    return _writers[0](shown) if _writers else None
