"""Layout of a table in its text: where it begins, the names of its columns, cells left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from chainrule.data.csv_file.dialect import COMMENT_SIGNS, count_comments, table_start
from chainrule.data.csv_file.header import (
    is_header,
    is_number_like,
    looks_like_row,
    names_numbers,
    recurring,
)
from chainrule.data.csv_file.record import Record, is_blank
from chainrule.data.csv_file.second_header import rows_below_header
from chainrule.data.note import Note
from chainrule.errors import FormatError

__all__ = ["Layout", "inferred_layout"]


@dataclass(frozen=True)
class Layout:
    """The line after which the rows begin, the header, and which cells of a row belong to it."""

    skip: int
    header: list[str] | None
    before: int = 0
    """Cells of each row in front of the named ones: empty, or a row name, as R writes it."""
    after: int = 0
    """Empty cells of each row behind the named ones."""
    has_row_names: bool = False
    notes: tuple[Note, ...] = ()


def inferred_layout(
    sample: list[Record],
    header: bool | None,
    names: list[str] | None,
    expected: Collection[str],
    skip: int,
    title: str,
) -> Layout:
    """Return the layout of a table from its first records; `header` None is to be inferred."""
    rows = [row for _, row in sample]
    comments = count_comments(rows)
    start, width = table_start(rows[comments:])
    start += comments
    below = start + 1
    named = _named_columns(rows, comments, width)
    if named is not None:
        start, below = named, comments
    if start == len(rows):
        return Layout(skip, None)
    begin = sample[start - 1][0] if start else skip
    notes = _skipped(rows[:start])
    body = [row for row in rows[below:] if not is_blank(row)]
    first = _uncommented(rows[start], width)
    if header is None:
        header, added = _has_header(first, body, names, expected)
        notes += added
    if not header:
        before, after, added = _empty_sides(None, [first, *body])
        return Layout(begin, None, before, after, notes=(*notes, *added))
    others, added = rows_below_header(first, body, expected, sample[below - 1][0])
    notes += added
    if others.names is not None:
        first = others.names
    body = body[others.count :]
    end = sample[_index_of(rows, below, others.count)][0]
    if names is not None and len(names) == width:
        return Layout(end, names, notes=tuple(notes))
    layout = _layout_below(end, first, body, width, title)
    return replace(layout, notes=(*notes, *layout.notes))


def _layout_below(
    end: int, first: list[str], body: list[list[str]], width: int, title: str
) -> Layout:
    """Return the layout of rows below a header, and the cells that it does not name."""
    before, after, notes = _empty_sides(first, body)
    first = first[before : len(first) - after]
    if notes:
        return Layout(end, first, before, after, notes=tuple(notes))
    before, after, notes = _unnamed(first, body, width, title)
    return Layout(end, first, before, after, before > 0, tuple(notes))


def _index_of(rows: list[list[str]], below: int, count: int) -> int:
    """Return the index of the last record in front of the rows, of which `count` are left out."""
    index = below - 1
    while count:
        index += 1
        count -= not is_blank(rows[index])
    return index


def _empty_sides(header: list[str] | None, body: list[list[str]]) -> tuple[int, int, list[Note]]:
    """Return 1 for each side on which all lines begin, or end, with a delimiter."""
    rows = body if header is None else [header, *body]
    if len(rows) < 2 or min(map(len, rows)) < 2 or len(set(map(len, rows))) > 1:
        return 0, 0, []
    before = int(not any(row[0].strip() for row in rows))
    after = int(not any(row[-1].strip() for row in rows))
    if before + after >= len(rows[0]):
        return 0, 0, []
    sides = " and ".join(["begins"] * before + ["ends"] * after)
    note = Note(f"each line {sides} with a delimiter; the empty cells are left out")
    return before, after, [note] if sides else []


def _named_columns(rows: list[list[str]], comments: int, width: int) -> int | None:
    """Return the comment in front that has the names: "# a,b", as NumPy's savetxt writes it."""
    first, body = rows[comments : comments + 1], rows[comments + 1 :]
    if not first or (width == 1 and comments > 1):
        return None
    # Numbers in equal steps are names only where there are no others.
    has_words = not all(map(is_number_like, first[0]))
    has_header = bool(body) and has_words and not looks_like_row(first[0], body)
    if has_header and any(is_number_like(cell) for row in body for cell in row):
        return None
    for index in reversed(range(comments)):
        names = _uncommented(rows[index], width)
        is_named = len(names) == width and (width > 1 or names != rows[index])
        if is_named and not looks_like_row(names, first + body):
            return index
    return None


def _uncommented(row: list[str], width: int) -> list[str]:
    cell = row[0]
    if cell in COMMENT_SIGNS and len(row) == width + 1:
        return row[1:]  # between blanks
    text = cell.lstrip("".join(COMMENT_SIGNS))
    # The column of a rank may be called "#", and one of places "#1".
    is_comment = text != cell and text[:1] and (text[0].isalpha() or text[0].isspace())
    if not is_comment or (width == 1 and len(text.split()) != 1):
        return row
    return [text.strip(), *row[1:]]


def _skipped(rows: list[list[str]]) -> list[Note]:
    lines = [row for row in rows if not is_blank(row)]
    if not lines:
        return []
    text = " ".join(lines[0]).strip()
    count = "the first line" if len(lines) == 1 else f"the first {len(lines)} lines"
    comments = all(row[0][:1] in COMMENT_SIGNS for row in lines)
    return [
        Note(
            f"{count} ({text:.40}), {'a comment' if comments else 'a title'} in front of the "
            "header, left out",
            is_guess=not comments,
        )
    ]


def _has_header(
    first: list[str], body: list[list[str]], names: list[str] | None, expected: Collection[str]
) -> tuple[bool, list[Note]]:
    """Return whether the first record names the columns."""
    cells = {cell.strip() for cell in first}
    # A single word may be a class of the first row.
    is_sure = len(set(expected)) > 1 or not looks_like_row(first, body)
    if expected and cells.issuperset(expected) and is_sure:
        return True, []
    numbered = {f"column_{index}" for index in range(1, len(first) + 1)}
    if expected and numbered.issuperset(expected) and not numbered & cells:
        return False, []
    if names is not None and body and len(names) != len(first) == len(body[0]) - 1:
        return True, []
    if names is not None:
        return cells == set(names) or names_numbers(first, body), []
    if not looks_like_row(first, body):
        word = recurring(first, body)
        if word is None or is_header(first, body):
            return True, []
        return True, [
            Note(
                f"the first line is taken for the header, but {word!r:.40} of it occurs again in "
                "its column; pass header=False if it is a row, header=True if not",
                is_guess=True,
            )
        ]
    shown = ", ".join(first)
    return False, [
        Note(
            f"there is no header: the first line ({shown:.60}) is like the rows below it, so that "
            "the columns are called column_1, column_2, ...; name them by names=[...], or pass "
            "header=True if it is the header, header=False if not",
            is_guess=True,
        )
    ]


def _unnamed(
    header: list[str], body: list[list[str]], width: int, title: str
) -> tuple[int, int, list[Note]]:
    """Return how many cells of each row are in front of the named ones, and behind them."""
    rows = [row for row in body if len(row) == len(header) + 1]
    if not rows or 2 * len(rows) < len(body) or width != len(header) + 1:
        return 0, 0, []
    if not any(row[-1].strip() for row in rows):
        return 0, 1, [Note("each row ends with a delimiter, and so with an empty cell, left out")]
    row_names = [row[0] for row in rows]
    is_text = not any(map(is_number_like, row_names))
    counted = [str(number) for number in range(1, len(rows) + 1)]
    is_counted = row_names == counted and len(header) > 1
    if len(set(row_names)) == len(row_names) and (is_text or is_counted):
        return 1, 0, [Note("the first cell of each row is its name, as R writes it, left out")]
    raise FormatError(
        f"{title}: each row has {len(header) + 1} cells, and the header {len(header)} names; name "
        "all of them by names=[...], or pass another delimiter (a comma between columns cannot be "
        "distinguished from a decimal one)"
    )
