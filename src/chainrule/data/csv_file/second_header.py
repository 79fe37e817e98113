"""What stands between the header and the rows: a line of dashes, units, or a second header."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from chainrule.data.csv_file.header import is_number_like, numeric_columns, says_missing
from chainrule.data.note import Note

__all__ = ["BelowHeader", "rows_below_header"]

_ENOUGH = 3
"""Rows by which columns of numbers are recognised."""
_MOST = 2
"""Records below the header that are no rows: Qualtrics writes a question and an identifier."""
_IN_BRACKETS = re.compile(r"[\[(<{].*[\])>}]")


@dataclass(frozen=True)
class BelowHeader:
    """How many records below the header are no rows, and the names, if one of them has them."""

    count: int = 0
    names: list[str] | None = None


def rows_below_header(
    header: list[str], body: list[list[str]], expected: Collection[str], line: int
) -> tuple[BelowHeader, list[Note]]:
    """Return which records below the header, in a line, are no rows, and a note on it.

    They have words in all columns of numbers, of which there are two, or one with a unit in
    brackets.
    """
    if body and _is_ruler(body[0]):
        return BelowHeader(1), []
    count = 0
    while count < _MOST and _has_words(body[count:]):
        count += 1
    if not count:
        return BelowHeader(), []
    names = next((row for row in body[:count] if _has_names(row, header, expected)), None)
    if names is not None:
        return BelowHeader(count, names), [Note("there are two headers; the second names columns")]
    others = " with the one below" if count > 1 else ""
    text = (
        f"the line below the header ({', '.join(body[0]):.50}) has words in columns of numbers, "
        f"and is left out{others}, as units or a second header; if it has the names, pass "
        f"skip_rows={line}"
    )
    return BelowHeader(count), [Note(text, is_guess=True)]


def _is_ruler(row: list[str]) -> bool:
    """Whether a record is a line of dashes below the header, as in Markdown."""
    text = "".join(row).strip()
    return len(text) > 2 and set(text) <= set("-+:=| ") and "--" in text


def _has_words(body: list[list[str]]) -> bool:
    """Whether a record has a word in each column of numbers of those after it."""
    if len(body) <= _ENOUGH:
        return False
    first, rows = body[0], [row for row in body[1:] if len(row) == len(body[0])]
    if not rows:
        return False
    pairs = zip(first, numeric_columns(rows), strict=True)
    cells = [cell.strip() for cell, is_numeric in pairs if is_numeric]
    words = [cell for cell in cells if not is_number_like(cell) and not says_missing(cell)]
    units = [cell for cell in cells if _IN_BRACKETS.fullmatch(cell)]
    return len(words) + len({*units} - {*words}) == len(cells) and (
        len(words) > 1 or len(units) > 0
    )


def _has_names(row: list[str], header: list[str], expected: Collection[str]) -> bool:
    cells = {cell.strip() for cell in row}
    return bool(expected) and not {*header} >= {*expected} and cells >= {*expected}
