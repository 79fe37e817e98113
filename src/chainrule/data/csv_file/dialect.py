"""Delimiter of a text: the one under which most records have the same number of cells."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable

from chainrule.data.csv_file.header import is_header, is_number_like, numeric_columns
from chainrule.data.csv_file.record import BLANKS, Record, is_blank, records
from chainrule.errors import FormatError

__all__ = [
    "COMMENT_SIGNS",
    "count_comments",
    "inferred_delimiter",
    "named_delimiter",
    "sample_of",
    "table_start",
]

_CANDIDATES = (",", ";", "\t", "|", "::")
_WIDE_CANDIDATES = ("\uff0c", "\uff1b")
"""The comma and semicolon of Chinese keyboards: texts have them too, hence in every record."""
COMMENT_SIGNS = ("#", "%")
"""First characters of comments that are recognised in front of a table."""
_SAMPLE = 200_000
"""Characters from which the dialect is inferred, and at least three lines."""
_MOST_RECORDS = 300
_ENOUGH = 10
"""Records of one width that make a table of a text with a longer preface."""


def sample_of(text: str) -> str:
    """Return the first lines of a text, complete ones."""
    end = 0
    for _ in range(3):
        end = text.find("\n", end) + 1
        if not end:
            return text if len(text) < 2 * _SAMPLE or "\r" not in text else text[:_SAMPLE]
    end = max(end, text.rfind("\n", 0, _SAMPLE) + 1)
    return text[:end]


def named_delimiter(text: str) -> str | None:
    """Return the delimiter of Excel's first line ``sep=;``, or None."""
    match = re.match(r'"?sep=(.|\\t)"?[ \t]*\r?\n', text, re.IGNORECASE)
    return None if match is None else match[1].replace("\\t", "\t")


def inferred_delimiter(sample: str, comment: str | None, skip: int) -> str:
    """Return the delimiter of a text, a comma for a single column."""
    best, delimiter = (0.0, 0.0), ","
    for each in _CANDIDATES:
        score = _score(_records(sample, each, comment, skip))
        if score > best:
            best, delimiter = score, each
    if best[0] < 1 and not sample.isascii():
        for each in _WIDE_CANDIDATES:
            score = _score(_records(sample, each, comment, skip))
            if score[0] == 1 and score > best:
                best, delimiter = score, each
    blanks = _records(sample, BLANKS, comment, skip)
    fitting, numbers = _score(blanks)
    # Words of a text are between blanks too: a table of words alone is taken for a single column.
    is_wide = fitting == 1 and numbers > 0 and table_start(blanks)[1] > 3 and best == (0.0, 0.0)
    is_table = (fitting > 0.9 and numbers >= 0.5) or is_wide
    return BLANKS if is_table and (fitting, numbers) > best else delimiter


def count_comments(rows: list[list[str]]) -> int:
    """Return the number of records in front that are comments."""
    return sum(1 for _ in itertools.takewhile(lambda row: row[0][:1] in COMMENT_SIGNS, rows))


def table_start(rows: list[list[str]]) -> tuple[int, int]:
    """Return the first record of the table, behind titles, and its number of cells.

    The table begins with the first record that has the most frequent number of cells, or with the
    one before it if that has one cell less: R writes no name for its row names. What is in front of
    it is a title only if that record has words in columns of numbers, and so is the header.
    """
    widths = [0 if is_blank(row) else len(row) for row in rows]
    counts = Counter(width for width in widths if width)
    if not counts:
        return 0, 1
    blank = next(i for i, width in enumerate(widths) if width)
    width = max(counts, key=lambda each: (counts[each] if each > 1 else 0, each))
    start = widths.index(width)
    titles = itertools.takewhile(lambda row: _is_title(row, width), rows[start:])
    start += sum(1 for _ in titles)
    if start == len(rows):
        return blank, width
    if start > blank and 2 < width == widths[start - 1] + 1 and all(rows[start - 1]):
        start -= 1
    if start <= blank:
        return start, width
    is_table = 2 * counts[width] >= sum(counts.values()) or (
        counts[width] >= _ENOUGH and set(widths[start:]) <= {0, width}
    )
    body = [row for row in rows[start + 1 :] if len(row) == width]
    if is_table and (len(rows[start]) < width or is_header(rows[start], body)):
        return start, width
    # A title in front of rows without a header.
    rows = [row for row in rows[start:] if len(row) == width]
    is_uniform = counts[width] >= _ENOUGH and set(widths[start:]) <= {0, width}
    if width > 2 and is_uniform and max(widths[:start]) == 1 and any(numeric_columns(rows)):
        return start, width
    return blank, widths[blank]


def _is_title(row: list[str], width: int) -> bool:
    """Whether a record has a text in its first cell alone, as spreadsheets write titles."""
    return width > 2 and (not any(map(str.strip, row[1:])))


def _records(sample: str, delimiter: str, comment: str | None, skip: int) -> list[list[str]]:
    given = records(sample, delimiter, "", skip=skip, comment=comment, strict=False)
    rows: list[list[str]] = []
    try:
        for _, row in _first(given):
            rows.append(row)
    except FormatError:
        return []
    return rows


def _first(given: Iterable[Record]) -> Iterable[Record]:
    for _, record in zip(range(_MOST_RECORDS), given, strict=False):
        yield record


def _score(rows: list[list[str]]) -> tuple[float, float]:
    """Return the share of records of the most frequent width, and that of numbers among cells."""
    rows = rows[count_comments(rows) :]
    start, width = table_start(rows)
    if width == 1 or start == len(rows):
        return 0.0, 0.0
    table = [row for row in rows[start:] if not is_blank(row)]
    fitting = [row for row in table if len(row) == width]
    cells = [cell for row in fitting[1:] or fitting for cell in row]
    numbers = sum(map(is_number_like, cells))
    has_header = len(table[0]) == width - 1
    return (len(fitting) + has_header) / len(table), numbers / max(len(cells), 1)
