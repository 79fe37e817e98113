"""Records of delimited text: the cells of each line, quoted ones over several lines."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from chainrule.errors import FormatError

__all__ = ["BLANKS", "QuoteError", "Quotes", "Record", "is_blank", "quotes_of", "records"]

Record = tuple[int, list[str]]
"""The number of its last line, and its cells."""
BLANKS = " "
"""The delimiter of columns that are separated by any number of blanks and tabs."""
Quotes = Literal["doubled", "escaped", "plain"]
"""How a quote in a cell is written: doubled, after a backslash, or as any other letter."""
_UNUSED = "\x1f"
_BETWEEN_BLANKS = re.compile(r'"[^"\n]*"(?=\s|$)|[^\s]+')


class QuoteError(FormatError):
    """The quotes of a text cannot be parsed."""


def quotes_of(text: str, delimiter: str) -> list[Quotes]:
    """Return how quotes may be written in a text, the standard first."""
    found: list[Quotes] = ["doubled"]
    if '\\"' in text:
        found.append("escaped")
    if delimiter == "\t":
        found.append("plain")
    return found


def records(
    text: str | Iterable[str],
    delimiter: str,
    title: str,
    *,
    skip: int = 0,
    comment: str | None = None,
    strict: bool = True,
    quotes: Quotes = "doubled",
) -> Iterator[Record]:
    """Yield the records after the first `skip` lines of a text; empty lines are skipped."""
    import csv  # here, as most programs read none

    lines = iter(io.StringIO(text, newline="") if isinstance(text, str) else text)
    for _ in range(skip):
        next(lines, "")
    given: Iterable[str] = lines if comment is None else _without_comments(lines, comment)
    if delimiter == BLANKS:
        yield from _between_blanks(given, skip)
        return
    if len(delimiter) > 1:
        given = (line.replace(delimiter, _UNUSED) for line in given)
    reader = csv.reader(
        given,
        delimiter=delimiter if len(delimiter) == 1 else _UNUSED,
        skipinitialspace=True,
        strict=strict,
        doublequote=quotes == "doubled",
        escapechar="\\" if quotes == "escaped" else None,
        quoting=csv.QUOTE_NONE if quotes == "plain" else csv.QUOTE_MINIMAL,
    )
    line = skip
    try:
        for row in reader:
            if row:
                line = skip + reader.line_num
                yield line, row
    except csv.Error as error:
        first, last = line + 1, skip + reader.line_num
        place = f"line {last}" if first == last else f"line {last}, or {first},"
        raise QuoteError(f"{title}: {place} cannot be parsed ({error}); check its quotes") from None


def is_blank(row: list[str]) -> bool:
    """Whether a record is a line of blanks."""
    return len(row) == 1 and not row[0].strip()


def _between_blanks(lines: Iterable[str], skip: int) -> Iterator[Record]:
    for number, line in enumerate(lines, start=skip + 1):
        cells = _BETWEEN_BLANKS.findall(line)
        if cells:
            yield number, [each.strip('"') if each[0] == '"' else each for each in cells]


def _without_comments(lines: Iterable[str], comment: str) -> Iterator[str]:
    """Yield lines up to a comment; that of a line with quotes is recognised at its start only."""
    for line in lines:
        place = line.find(comment)
        is_comment = place >= 0 and ('"' not in line or not line[:place].strip())
        # The number of lines stays.
        yield line[:place] + "\n" if is_comment else line
